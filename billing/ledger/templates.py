"""The posting for each business fact. Pure: they decide the lines, `postings.post` writes them.

Debits first, in the order of the business fact. Lines of 0 are left out. Source: IFRS 15 B44-B47 for what is
deferred; the chart is `billing.ledger.chart`.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from billing.ledger.chart import Account
from billing.ledger.errors import UnbalancedPostingError
from billing.ledger.postings import Line, Posting
from models.ledger import AccountCode as Code


@dataclass(frozen=True, slots=True)
class Money:
    """An amount that a customer paid or got back, in minor units, with the tax that is in it.

    tax_region: whose tax, such as `CN` or `US-CA`; '' only when there is none.
    channel: where it lies until it reaches the bank.
    """

    currency: str
    gross_minor: int
    tax_minor: int = 0
    tax_region: str = ""
    channel: Code = Code.STRIPE_CLEARING

    def __post_init__(self) -> None:
        if not 0 <= self.tax_minor <= self.gross_minor or self.gross_minor == 0:
            raise UnbalancedPostingError(f"{self} holds more tax than money, or none")
        if self.tax_minor and not self.tax_region:
            raise UnbalancedPostingError(f"{self} does not say whose tax it is")

    @property
    def net_minor(self) -> int:
        return self.gross_minor - self.tax_minor

    def of(self, code: Code, amount_minor: int, subject: str = "") -> Line:
        return Line(Account(code, self.currency, subject), amount_minor)

    def received(self) -> list[Line]:
        """What came in, and the tax in it that is not ours."""
        return [
            self.of(self.channel, self.gross_minor),
            self.of(Code.TAX_PAYABLE, -self.tax_minor, self.tax_region),
        ]


def pack_sold(key: str, paid: Money, *, occurred_at: datetime, fee_minor: int = 0) -> Posting:
    """Credits were paid for and are owed. `billing.ledger.packs.sell` grants them with it."""
    lines = [*paid.received(), paid.of(Code.DEFERRED_CREDITS, -paid.net_minor), *_fee(paid, fee_minor)]
    return _posting(key, "pack_sold", lines, occurred_at)


def membership_paid(key: str, paid: Money, *, occurred_at: datetime, fee_minor: int = 0) -> Posting:
    """A term was paid for and is owed, day by day. `billing.ledger.memberships.sell` opens it with it."""
    lines = [*paid.received(), paid.of(Code.DEFERRED_MEMBERSHIP, -paid.net_minor), *_fee(paid, fee_minor)]
    return _posting(key, "membership_paid", lines, occurred_at)


def certification_sold(key: str, paid: Money, *, occurred_at: datetime, fee_minor: int = 0) -> Posting:
    """A certificate was paid with money and is delivered at once."""
    lines = [*paid.received(), paid.of(Code.CERTIFICATION_REVENUE, -paid.net_minor), *_fee(paid, fee_minor)]
    return _posting(key, "certification_sold", lines, occurred_at)


def work_sold(
    key: str, paid: Money, *, creator_id: UUID, creator_minor: int, occurred_at: datetime, fee_minor: int = 0
) -> Posting:
    """A creator's work was sold; we are the agent, so only what the creator does not get is revenue."""
    lines = [
        *paid.received(),
        paid.of(Code.CREATOR_PENDING, -creator_minor, str(creator_id)),
        paid.of(Code.PLATFORM_FEE, creator_minor - paid.net_minor),
        *_fee(paid, fee_minor),
    ]
    return _posting(key, "work_sold", lines, occurred_at)


def processor_fee(key: str, currency: str, fee_minor: int, *, occurred_at: datetime) -> Posting:
    """A fee that became known apart from what it is for; negative when it was given back."""
    lines = [
        Line(Account(Code.PROCESSOR_FEES, currency), fee_minor),
        Line(Account(Code.STRIPE_CLEARING, currency), -fee_minor),
    ]
    return _posting(key, "processor_fee", lines, occurred_at)


def pack_refunded(key: str, back: Money, *, released_minor: int, occurred_at: datetime) -> Posting:
    """released_minor: what the credits taken back were worth in the books; the rest was spent already."""
    return _refund(key, "pack_refunded", back, Code.DEFERRED_CREDITS, released_minor, occurred_at)


def membership_refunded(key: str, back: Money, *, released_minor: int, occurred_at: datetime) -> Posting:
    """released_minor: what was still owed of the term; the rest was served already."""
    return _refund(key, "membership_refunded", back, Code.DEFERRED_MEMBERSHIP, released_minor, occurred_at)


def membership_withdrawn(
    key: str, back: Money, *, released_minor: int, kept_minor: int, occurred_at: datetime
) -> Posting:
    """A refund after which nothing is owed of the term: what stays paid was used, and is revenue now.

    released_minor: all that was still owed. kept_minor: of it, the part that does not go back.
    """
    lines = [
        back.of(Code.DEFERRED_MEMBERSHIP, released_minor),
        back.of(Code.REFUNDS, back.net_minor - (released_minor - kept_minor)),
        back.of(Code.MEMBERSHIP_REVENUE, -kept_minor),
        *_returned(back),
    ]
    return _posting(key, "membership_withdrawn", lines, occurred_at)


def membership_used(key: str, currency: str, released_minor: int, *, occurred_at: datetime) -> Posting:
    """A term that was taken back when all of it was used: nothing goes back, nothing is owed."""
    lines = [
        Line(Account(Code.DEFERRED_MEMBERSHIP, currency), released_minor),
        Line(Account(Code.MEMBERSHIP_REVENUE, currency), -released_minor),
    ]
    return _posting(key, "membership_used", lines, occurred_at)


def sale_refunded(key: str, back: Money, *, occurred_at: datetime) -> Posting:
    """Money returned for what was delivered, such as a certificate, or out of goodwill."""
    return _refund(key, "sale_refunded", back, Code.DEFERRED_CREDITS, 0, occurred_at)


def work_refunded(
    key: str,
    back: Money,
    *,
    creator_id: UUID,
    creator_minor: int,
    occurred_at: datetime,
    is_pending: bool = True,
) -> Posting:
    """A sold work was paid back, the creator's share by the creator, out of pending or available earnings."""
    share = Code.CREATOR_PENDING if is_pending else Code.CREATOR_AVAILABLE
    lines = [
        back.of(share, creator_minor, str(creator_id)),
        back.of(Code.PLATFORM_FEE, back.net_minor - creator_minor),
        *_returned(back),
    ]
    return _posting(key, "work_refunded", lines, occurred_at)


def dispute_opened(key: str, held: Money, *, occurred_at: datetime, fee_minor: int = 0) -> Posting:
    """The processor withdrew the money until the dispute is decided, and took its fee."""
    lines = [
        held.of(Code.DISPUTE_HOLD, held.gross_minor),
        held.of(Code.DISPUTE_LOSSES, fee_minor),
        held.of(held.channel, -held.gross_minor - fee_minor),
    ]
    return _posting(key, "dispute_opened", lines, occurred_at)


def dispute_won(key: str, held: Money, *, occurred_at: datetime, fee_minor: int = 0) -> Posting:
    """The money came back, with so much of the fee."""
    lines = [
        held.of(held.channel, held.gross_minor + fee_minor),
        held.of(Code.DISPUTE_HOLD, -held.gross_minor),
        held.of(Code.DISPUTE_LOSSES, -fee_minor),
    ]
    return _posting(key, "dispute_won", lines, occurred_at)


def dispute_lost(
    key: str,
    held: Money,
    *,
    occurred_at: datetime,
    released_minor: int = 0,
    owed: Code = Code.DEFERRED_CREDITS,
) -> Posting:
    """The money is gone. What we still owed for it is owed no longer; the rest is a loss.

    held.tax_minor: the tax that may be reclaimed; 0 where the law does not allow it.
    released_minor: left `owed`, the deferred account of what had been bought.
    """
    lines = [
        held.of(owed, released_minor),
        held.of(Code.TAX_PAYABLE, held.tax_minor, held.tax_region),
        held.of(Code.DISPUTE_LOSSES, held.net_minor - released_minor),
        held.of(Code.DISPUTE_HOLD, -held.gross_minor),
    ]
    return _posting(key, "dispute_lost", lines, occurred_at)


def paid_out(key: str, currency: str, amount_minor: int, *, occurred_at: datetime) -> Posting:
    """The processor paid our money to our bank; negative when the bank sent it back."""
    lines = [
        Line(Account(Code.BANK, currency), amount_minor),
        Line(Account(Code.STRIPE_CLEARING, currency), -amount_minor),
    ]
    return _posting(key, "paid_out", lines, occurred_at)


def earnings_matured(
    key: str, currency: str, amount_minor: int, *, creator_id: UUID, occurred_at: datetime
) -> Posting:
    """A creator's share may be withdrawn from now on."""
    lines = [
        Line(Account(Code.CREATOR_PENDING, currency, str(creator_id)), amount_minor),
        Line(Account(Code.CREATOR_AVAILABLE, currency, str(creator_id)), -amount_minor),
    ]
    return _posting(key, "earnings_matured", lines, occurred_at)


def transfer_requested(
    key: str, currency: str, amount_minor: int, *, creator_id: UUID, occurred_at: datetime
) -> Posting:
    """A creator withdraws. A transfer that failed is undone by `postings.reverse`."""
    lines = [
        Line(Account(Code.CREATOR_AVAILABLE, currency, str(creator_id)), amount_minor),
        Line(Account(Code.PAYOUT_IN_TRANSIT, currency, str(creator_id)), -amount_minor),
    ]
    return _posting(key, "transfer_requested", lines, occurred_at)


def transfer_confirmed(
    key: str, currency: str, amount_minor: int, *, creator_id: UUID, occurred_at: datetime
) -> Posting:
    """The creator has the money."""
    lines = [
        Line(Account(Code.PAYOUT_IN_TRANSIT, currency, str(creator_id)), amount_minor),
        Line(Account(Code.STRIPE_CLEARING, currency), -amount_minor),
    ]
    return _posting(key, "transfer_confirmed", lines, occurred_at)


def converted(key: str, *, sold: tuple[str, int], bought: tuple[str, int], occurred_at: datetime) -> Posting:
    """The processor changed (currency, minor units) into another; what 5050 holds is the open exchange."""
    lines = [
        Line(Account(Code.EXCHANGE, sold[0]), sold[1]),
        Line(Account(Code.STRIPE_CLEARING, sold[0]), -sold[1]),
        Line(Account(Code.STRIPE_CLEARING, bought[0]), bought[1]),
        Line(Account(Code.EXCHANGE, bought[0]), -bought[1]),
    ]
    return _posting(key, "converted", lines, occurred_at)


def _fee(paid: Money, fee_minor: int) -> list[Line]:
    if paid.channel is Code.STORE_RECEIVABLE:
        return [paid.of(Code.STORE_COMMISSION, fee_minor), paid.of(paid.channel, -fee_minor)]
    return [paid.of(Code.PROCESSOR_FEES, fee_minor), paid.of(paid.channel, -fee_minor)]


def _returned(back: Money) -> list[Line]:
    return [
        back.of(Code.TAX_PAYABLE, back.tax_minor, back.tax_region),
        back.of(back.channel, -back.gross_minor),
    ]


def _refund(
    key: str, kind: str, back: Money, owed: Code, released_minor: int, occurred_at: datetime
) -> Posting:
    lines = [
        back.of(owed, released_minor),
        back.of(Code.REFUNDS, back.net_minor - released_minor),
        *_returned(back),
    ]
    return _posting(key, kind, lines, occurred_at)


def _posting(key: str, kind: str, lines: list[Line], occurred_at: datetime) -> Posting:
    return Posting(key, kind, [line for line in lines if line.amount_minor], occurred_at)
