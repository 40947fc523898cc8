"""Every template cancels out, whatever the amounts; partial refunds of a price take all its credits."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.clawback import credits_of_refund
from billing.ledger import templates
from billing.ledger.chart import CHART, Account, account_name
from billing.ledger.errors import UnbalancedPostingError
from billing.ledger.postings import Posting
from billing.ledger.templates import Money
from models.ledger import AccountCode as Code

NOW = datetime(2026, 11, 11, tzinfo=UTC)
CREATOR = UUID(int=1)


@st.composite
def moneys(draw: st.DrawFn) -> Money:
    gross = draw(st.integers(2, 10**9))
    tax = draw(st.integers(0, gross - 1))
    channel = draw(st.sampled_from([Code.STRIPE_CLEARING, Code.STORE_RECEIVABLE]))
    return Money("CNY", gross, tax, "CN", channel)


def postings(money: Money, fee: int, part: int) -> list[Posting]:
    """Every template, with these amounts."""
    return [
        templates.pack_sold("k", money, occurred_at=NOW, fee_minor=fee),
        templates.membership_paid("k", money, occurred_at=NOW, fee_minor=fee),
        templates.certification_sold("k", money, occurred_at=NOW, fee_minor=fee),
        templates.work_sold(
            "k", money, creator_minor=part, fee_minor=fee, creator_id=CREATOR, occurred_at=NOW
        ),
        templates.pack_refunded("k", money, released_minor=part, occurred_at=NOW),
        templates.membership_refunded("k", money, released_minor=part, occurred_at=NOW),
        templates.membership_withdrawn(
            "k", money, released_minor=part + fee, kept_minor=fee, occurred_at=NOW
        ),
        templates.membership_used("k", "CNY", fee + 1, occurred_at=NOW),
        templates.sale_refunded("k", money, occurred_at=NOW),
        templates.work_refunded("k", money, creator_minor=part, creator_id=CREATOR, occurred_at=NOW),
        templates.dispute_opened("k", money, occurred_at=NOW, fee_minor=fee),
        templates.dispute_won("k", money, occurred_at=NOW, fee_minor=fee),
        templates.dispute_lost("k", money, occurred_at=NOW, released_minor=part),
        templates.processor_fee("k", "CNY", fee + 1, occurred_at=NOW),
        templates.paid_out("k", "CNY", fee + 1, occurred_at=NOW),
        templates.earnings_matured("k", "CNY", fee + 1, creator_id=CREATOR, occurred_at=NOW),
        templates.transfer_requested("k", "CNY", fee + 1, creator_id=CREATOR, occurred_at=NOW),
        templates.transfer_confirmed("k", "CNY", fee + 1, creator_id=CREATOR, occurred_at=NOW),
        templates.converted("k", sold=("CNY", 700), bought=("USD", 100), occurred_at=NOW),
    ]


class TestTemplates:
    @given(money=moneys(), fee=st.integers(0, 1000), data=st.data())
    def test_each_is_a_sound_posting(self, money: Money, fee: int, data: st.DataObject) -> None:
        for posting in postings(money, fee, data.draw(st.integers(0, money.net_minor))):
            posting.require_sound()

    def test_a_pack_is_posted_as_the_book_says(self) -> None:
        posting = templates.pack_sold("k", Money("CNY", 110, 10, "CN"), occurred_at=NOW, fee_minor=3)
        assert [(line.account.code, line.account.subject, line.amount_minor) for line in posting.lines] == [
            (Code.STRIPE_CLEARING, "", 110),
            (Code.TAX_PAYABLE, "CN", -10),
            (Code.DEFERRED_CREDITS, "", -100),
            (Code.PROCESSOR_FEES, "", 3),
            (Code.STRIPE_CLEARING, "", -3),
        ]

    def test_a_creator_gets_a_share_and_we_only_the_rest(self) -> None:
        posting = templates.work_sold(
            "k", Money("CNY", 50), creator_id=CREATOR, creator_minor=35, occurred_at=NOW
        )
        assert [(line.account.code, line.amount_minor) for line in posting.lines] == [
            (Code.STRIPE_CLEARING, 50),
            (Code.CREATOR_PENDING, -35),
            (Code.PLATFORM_FEE, -15),
        ]

    @pytest.mark.parametrize(
        "facts", [("CNY", 0), ("CNY", -1), ("CNY", 10, 11, "CN"), ("CNY", 10, -1, "CN"), ("CNY", 10, 1)]
    )
    def test_money_that_cannot_be_is_refused(self, facts: tuple[str, int]) -> None:
        with pytest.raises(UnbalancedPostingError):
            Money(*facts)

    def test_every_account_has_names_of_its_own(self) -> None:
        assert set(CHART) == set(Code)
        for names in zip(*((line.slug, line.zh, line.en) for line in CHART.values()), strict=True):
            assert len(set(names)) == len(CHART)
        assert account_name(Account(Code.TAX_PAYABLE, "CNY", "CN").code, "CN") == (
            "liabilities:2040 tax payable:CN"
        )


class TestCreditsOfRefund:
    @given(
        quantity=st.integers(1, 1000),
        parts=st.lists(st.integers(1, 10**6), min_size=1, max_size=12),
    )
    def test_parts_take_all_and_never_too_much(self, quantity: int, parts: list[int]) -> None:
        paid, before, taken = sum(parts), 0, 0
        for part in parts:
            taken += credits_of_refund(quantity, paid_minor=paid, before_minor=before, refund_minor=part)
            before += part
            assert taken * paid <= quantity * before
        assert taken == quantity

    def test_more_than_was_paid_takes_no_more_than_there_is(self) -> None:
        assert credits_of_refund(10, paid_minor=100, before_minor=90, refund_minor=50) == 1
        assert credits_of_refund(10, paid_minor=100, before_minor=150, refund_minor=50) == 0
