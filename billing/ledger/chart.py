"""The chart of accounts as finance reads it. Codes are stable; names may be reworded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from models.ledger import AccountCode


class Account(NamedTuple):
    """subject: whose, for codes with one account each: a creator's id, a tax jurisdiction; else ''."""

    code: AccountCode
    currency: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class ChartLine:
    """group: the first part of the account's name in exports, which accounting tools sort by.

    is_bounded: what is owed out of it can never be more than is in it.
    """

    group: str
    slug: str
    zh: str
    en: str
    is_bounded: bool = False

    def name(self, language: str) -> str:
        """Args: language: zh, or anything else for English."""
        return self.zh if language == "zh" else self.en


ASSETS: Final = "assets"
LIABILITIES: Final = "liabilities"
REVENUES: Final = "revenues"
EXPENSES: Final = "expenses"
EQUITY: Final = "equity"

CHART: Final[Mapping[AccountCode, ChartLine]] = {
    AccountCode.BANK: ChartLine(ASSETS, "bank", "银行存款", "Bank"),
    AccountCode.STRIPE_CLEARING: ChartLine(ASSETS, "stripe clearing", "Stripe 待结算", "Stripe clearing"),
    AccountCode.STORE_RECEIVABLE: ChartLine(
        ASSETS, "store receivable", "应用商店应收款", "Due from app stores"
    ),
    AccountCode.DISPUTE_HOLD: ChartLine(ASSETS, "dispute hold", "争议冻结款", "Withheld for disputes"),
    AccountCode.DEFERRED_CREDITS: ChartLine(
        LIABILITIES, "deferred credits", "合同负债：点数", "Deferred: credits"
    ),
    AccountCode.DEFERRED_MEMBERSHIP: ChartLine(
        LIABILITIES, "deferred membership", "合同负债：会员", "Deferred: memberships"
    ),
    AccountCode.CREATOR_PENDING: ChartLine(
        LIABILITIES, "creators pending", "应付创作者：待结", "Creators: pending", is_bounded=True
    ),
    AccountCode.CREATOR_AVAILABLE: ChartLine(
        LIABILITIES, "creators available", "应付创作者：可提", "Creators: available", is_bounded=True
    ),
    AccountCode.TAX_PAYABLE: ChartLine(LIABILITIES, "tax payable", "应交税费", "Tax payable"),
    AccountCode.PAYOUT_IN_TRANSIT: ChartLine(
        LIABILITIES, "payouts in transit", "提现在途", "Payouts in transit", is_bounded=True
    ),
    AccountCode.PACK_REVENUE: ChartLine(REVENUES, "packs", "加速包收入", "Packs"),
    AccountCode.MEMBERSHIP_REVENUE: ChartLine(REVENUES, "memberships", "会员收入", "Memberships"),
    AccountCode.CERTIFICATION_REVENUE: ChartLine(REVENUES, "certification", "认证收入", "Certification"),
    AccountCode.PLATFORM_FEE: ChartLine(REVENUES, "platform fee", "平台服务费", "Platform fee"),
    AccountCode.BREAKAGE: ChartLine(REVENUES, "breakage", "过期点数收入", "Breakage"),
    AccountCode.REFUNDS: ChartLine(REVENUES, "refunds", "退款冲减", "Refunds"),
    AccountCode.PROCESSOR_FEES: ChartLine(EXPENSES, "processor fees", "支付手续费", "Processor fees"),
    AccountCode.STORE_COMMISSION: ChartLine(EXPENSES, "store commission", "应用商店佣金", "Store commission"),
    AccountCode.DISPUTE_LOSSES: ChartLine(EXPENSES, "dispute losses", "争议损失", "Dispute losses"),
    AccountCode.EXCHANGE: ChartLine(EQUITY, "exchange", "货币兑换", "Currency exchange"),
}


def account_name(code: AccountCode, subject: str = "") -> str:
    """Such as `liabilities:2040 tax payable:CN`, the name that exports use."""
    line = CHART[code]
    name = f"{line.group}:{code.value} {line.slug}"
    return f"{name}:{subject}" if subject else name
