"""The books refuse what would make them wrong, and the database refuses it too."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from billing.ledger import templates
from billing.ledger.chart import Account
from billing.ledger.errors import AccountOverdrawnError, PostingConflictError, UnbalancedPostingError
from billing.ledger.postings import Line, Posting, post, reverse
from billing.ledger.templates import Money
from core.database import Sessions
from models.ledger import AccountCode as Code
from models.ledger import LedgerTransaction
from tests.integration.ledger.books import balances, breaches

NOW = datetime(2026, 11, 11, 8, tzinfo=UTC)
PAID = Money("CNY", 11000, 1000, "CN")
CREATOR = uuid4()


def sale(key: str = "payment") -> Posting:
    return templates.certification_sold(key, PAID, occurred_at=NOW, fee_minor=300)


class TestPost:
    async def test_the_same_again_is_the_first(self, sessions: Sessions) -> None:
        async with sessions.begin() as session:
            first = await post(session, sale(), now=NOW)
        async with sessions.begin() as session:
            again = await post(session, sale(), now=NOW + timedelta(days=3))
            assert again == (first.transaction_id, False)
            assert await session.scalar(select(func.count()).select_from(LedgerTransaction)) == 1

    async def test_other_lines_under_the_same_name_are_refused(self, sessions: Sessions) -> None:
        async with sessions.begin() as session:
            await post(session, sale(), now=NOW)
        async with sessions() as session:
            with pytest.raises(PostingConflictError):
                await post(session, templates.certification_sold("payment", PAID, occurred_at=NOW), now=NOW)

    async def test_of_two_at_once_one_posts_and_the_other_sees_it(self, sessions: Sessions) -> None:
        async with sessions.begin() as session:  # so that neither has to open accounts
            await post(session, sale("before"), now=NOW)
        async with sessions() as first, sessions() as second:
            posted = await post(first, sale(), now=NOW)
            racer = asyncio.create_task(post(second, sale(), now=NOW))
            await asyncio.sleep(0.05)  # the racer waits for the unique key
            assert not racer.done()
            await first.commit()
            assert await racer == (posted.transaction_id, False)

    @pytest.mark.parametrize(
        "lines",
        [
            [],
            [Line(Account(Code.BANK, "CNY"), 5)],
            [Line(Account(Code.BANK, "CNY"), 5), Line(Account(Code.PACK_REVENUE, "CNY"), -4)],
            [Line(Account(Code.BANK, "CNY"), 5), Line(Account(Code.PACK_REVENUE, "USD"), -5)],
            [Line(Account(Code.BANK, "CNY"), 0), Line(Account(Code.PACK_REVENUE, "CNY"), 0)],
            [Line(Account(Code.BANK, "yuan"), 5), Line(Account(Code.PACK_REVENUE, "yuan"), -5)],
            [Line(Account(Code.BANK, "CNY"), 10**16), Line(Account(Code.PACK_REVENUE, "CNY"), -(10**16))],
        ],
    )
    async def test_lines_that_are_no_posting_are_refused(self, sessions: Sessions, lines: list[Line]) -> None:
        async with sessions.begin() as session:
            with pytest.raises(UnbalancedPostingError):
                await post(session, Posting("key", "test", lines, NOW), now=NOW)
            assert await session.scalar(select(func.count()).select_from(LedgerTransaction)) == 0

    async def test_a_reversal_leaves_nothing_and_both_stay_readable(self, sessions: Sessions) -> None:
        async with sessions.begin() as session:
            await post(session, sale(), now=NOW)
            await reverse(session, "failed", of_key="payment", occurred_at=NOW, now=NOW)
            assert await balances(session) == {}
            assert await session.scalar(select(func.count()).select_from(LedgerTransaction)) == 2
            with pytest.raises(PostingConflictError):
                await reverse(session, "other", of_key="unknown", occurred_at=NOW, now=NOW)


class TestCreators:
    async def test_a_share_goes_from_sale_to_bank(self, sessions: Sessions) -> None:
        steps = [
            templates.work_sold("sale", PAID, creator_id=CREATOR, creator_minor=7000, occurred_at=NOW),
            templates.earnings_matured("matured", "CNY", 7000, creator_id=CREATOR, occurred_at=NOW),
            templates.transfer_requested("asked", "CNY", 7000, creator_id=CREATOR, occurred_at=NOW),
            templates.transfer_confirmed("sent", "CNY", 7000, creator_id=CREATOR, occurred_at=NOW),
            templates.paid_out("payout", "CNY", 4000, occurred_at=NOW),
        ]
        async with sessions.begin() as session:
            for step in steps:
                await post(session, step, now=NOW)
            assert await balances(session) == {"1010": 4000, "2040 CN": -1000, "4040": -3000}
            assert await breaches(session) == []

    async def test_nobody_withdraws_more_than_they_have_not_even_twice_at_once(
        self, sessions: Sessions
    ) -> None:
        async with sessions.begin() as session:
            await post(
                session,
                templates.work_sold("sale", PAID, creator_id=CREATOR, creator_minor=7000, occurred_at=NOW),
                now=NOW,
            )
            await post(
                session,
                templates.earnings_matured("m", "CNY", 7000, creator_id=CREATOR, occurred_at=NOW),
                now=NOW,
            )
            await post(  # opens the account, so that the race below is about its balance
                session,
                templates.transfer_requested("small", "CNY", 1, creator_id=CREATOR, occurred_at=NOW),
                now=NOW,
            )
        ask = templates.transfer_requested("a", "CNY", 4000, creator_id=CREATOR, occurred_at=NOW)
        async with sessions() as first, sessions() as second:
            await post(first, ask, now=NOW)
            racer = asyncio.create_task(post(second, replace(ask, key="b"), now=NOW))
            await asyncio.sleep(0.05)  # the racer waits for the account's lock
            await first.commit()
            with pytest.raises(AccountOverdrawnError):
                await racer


class TestDatabase:
    async def insert(self, sessions: Sessions, *amounts: int, posted_on: date = date(2026, 11, 11)) -> None:
        """Past our own code, as a slip in a later release or a hand at the prompt would."""
        async with sessions.begin() as session:
            transaction_id = uuid4()
            await session.execute(
                text("""INSERT INTO ledger_accounts (code, currency, subject) VALUES ('1010', 'CNY', '')
                        ON CONFLICT DO NOTHING""")
            )
            await session.execute(
                text("""INSERT INTO ledger_transactions (id, business_key, kind, memo, occurred_at, posted_on)
                        VALUES (:id, :key, 'test', '', now(), :posted_on)"""),
                {"id": transaction_id, "key": str(transaction_id), "posted_on": posted_on},
            )
            for amount in amounts:
                await session.execute(
                    text("""INSERT INTO ledger_entries (transaction_id, account_id, currency, amount_minor)
                            SELECT :id, id, 'CNY', :amount FROM ledger_accounts"""),
                    {"id": transaction_id, "amount": amount},
                )

    @pytest.mark.parametrize("amounts", [(), (1,), (5, -4)])
    async def test_half_a_transaction_cannot_be_committed(
        self, sessions: Sessions, amounts: tuple[int, ...]
    ) -> None:
        with pytest.raises(DBAPIError, match="does not balance"):
            await self.insert(sessions, *amounts)

    async def test_nothing_joins_a_transaction_that_is_complete(self, sessions: Sessions) -> None:
        await self.insert(sessions, 5, -5)
        async with sessions() as session:
            await session.execute(
                text("""INSERT INTO ledger_entries (transaction_id, account_id, currency, amount_minor)
                        SELECT t.id, a.id, 'CNY', s FROM ledger_transactions t, ledger_accounts a,
                        unnest(ARRAY[7, -7]) s""")
            )
            with pytest.raises(DBAPIError, match="was complete before"):
                await session.commit()

    async def test_an_entry_keeps_to_its_accounts_currency(self, sessions: Sessions) -> None:
        await self.insert(sessions, 5, -5)
        async with sessions() as session:
            with pytest.raises(IntegrityError):
                await session.execute(
                    text("""INSERT INTO ledger_entries (transaction_id, account_id, currency, amount_minor)
                            SELECT t.id, a.id, 'USD', 7 FROM ledger_transactions t, ledger_accounts a""")
                )

    async def test_a_closed_day_takes_nothing_more(self, sessions: Sessions) -> None:
        async with sessions.begin() as session:
            await session.execute(text("INSERT INTO ledger_closed_periods VALUES ('2026-11-11', now(), 0)"))
        with pytest.raises(DBAPIError, match="are closed"):
            await self.insert(sessions, 5, -5)
        await self.insert(sessions, 5, -5, posted_on=date(2026, 11, 12))
