"""Packs and their money: sold, refunded, disputed, given back; books and lots agree throughout."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from billing import clawback, holds, lots
from billing.catalog import load_catalog
from billing.ledger import packs, templates
from billing.ledger.errors import PostingConflictError
from billing.ledger.postings import post
from billing.ledger.templates import Money
from core.database import Sessions
from core.ids import new_id
from models.credit import CreditAccount, CreditLot
from tests.factories.credits import make_user, skip_month
from tests.fakes.clock import MovableClock
from tests.integration.ledger.books import balances, breaches

PAID = Money("CNY", 1100, 100, "CN")


@pytest.fixture
async def user_id(sessions: Sessions, clock: MovableClock) -> UUID:
    async with sessions.begin() as session:
        user_id = await make_user(session)
        await skip_month(session, user_id, now=clock())
    return user_id


async def sell(
    session: AsyncSession, user_id: UUID, clock: MovableClock, *, key: str = "sale", quantity: int = 10
) -> UUID:
    return await packs.sell(
        session,
        key=key,
        user_id=user_id,
        quantity=quantity,
        paid=PAID,
        occurred_at=clock(),
        now=clock(),
        expires_at=clock() + timedelta(days=30),
        fee_minor=30,
    )


async def refund(
    session: AsyncSession,
    lot_id: UUID,
    clock: MovableClock,
    *,
    key: str = "refund",
    amount_credits: int = 10,
    back: Money = PAID,
) -> packs.TakenBack:
    return await packs.refund(
        session,
        key=key,
        lot_id=lot_id,
        amount_credits=amount_credits,
        back=back,
        occurred_at=clock(),
        now=clock(),
    )


async def hold(session: AsyncSession, user_id: UUID, credits: int, clock: MovableClock) -> UUID:
    hold_id = new_id()
    await holds.hold(
        session,
        user_id=user_id,
        hold_id=hold_id,
        amount_credits=credits,
        purpose="test",
        now=clock(),
        catalog=load_catalog(),
    )
    return hold_id


async def spend(session: AsyncSession, user_id: UUID, credits: int, clock: MovableClock) -> None:
    await holds.settle(session, await hold(session, user_id, credits, clock), now=clock())


async def debt(session: AsyncSession, user_id: UUID) -> int:
    account = await session.get_one(CreditAccount, user_id, populate_existing=True)
    return account.debt_credits


async def remaining(session: AsyncSession, lot_id: UUID) -> int:
    lot = await session.get_one(CreditLot, lot_id, populate_existing=True)
    return lot.remaining


class TestSale:
    async def test_it_grants_the_lot_and_owes_its_price_without_tax(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions.begin() as session:
            lot_id = await sell(session, user_id, clock, quantity=7)
            lot = await session.get_one(CreditLot, lot_id)
            assert (lot.quantity, lot.unit_price_minor, lot.currency) == (7, 143, "CNY")
            assert await balances(session) == {"1110": 1070, "2010": -1000, "2040 CN": -100, "5010": 30}
            assert await breaches(session) == []

    async def test_asked_again_it_is_the_same_lot(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions.begin() as session:
            first = await sell(session, user_id, clock)
        async with sessions.begin() as session:
            assert await sell(session, user_id, clock) == first
            assert await balances(session) == {"1110": 1070, "2010": -1000, "2040 CN": -100, "5010": 30}

    async def test_one_name_for_two_prices_is_refused(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions.begin() as session:
            await sell(session, user_id, clock)
        async with sessions() as session:
            with pytest.raises(PostingConflictError):
                await packs.sell(
                    session,
                    key="sale",
                    user_id=user_id,
                    quantity=10,
                    paid=Money("CNY", 1101),
                    occurred_at=clock(),
                    now=clock(),
                    expires_at=None,
                )


class TestRefund:
    async def test_unspent_credits_go_with_what_was_owed_for_them(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions.begin() as session:
            lot_id = await sell(session, user_id, clock)
            taken = await refund(session, lot_id, clock)
            assert taken == packs.TakenBack(voided_credits=10, debt_credits=0, released_minor=1000)
            assert await balances(session) == {"1110": -30, "5010": 30}
            assert await remaining(session, lot_id) == 0
            assert await breaches(session) == []

    async def test_spent_credits_become_debt_and_a_cut_of_revenue(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions.begin() as session:
            lot_id = await sell(session, user_id, clock)
            await spend(session, user_id, 4, clock)
            taken = await refund(session, lot_id, clock)
            assert taken == packs.TakenBack(voided_credits=6, debt_credits=4, released_minor=600)
            assert (await balances(session))["4900"] == 400
            assert await debt(session, user_id) == 4
            assert await breaches(session) == []

    async def test_the_same_refund_again_does_nothing(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions.begin() as session:
            lot_id = await sell(session, user_id, clock)
            await spend(session, user_id, 4, clock)
        outcomes = []
        for _ in range(2):
            async with sessions.begin() as session:
                taken = await refund(session, lot_id, clock)
                outcomes.append((taken, await balances(session), await debt(session, user_id)))
        assert outcomes[0] == outcomes[1]

    async def test_parts_of_the_price_take_parts_of_the_credits_and_all_of_it_all(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions.begin() as session:
            lot_id = await sell(session, user_id, clock)
            before = 0
            for number, gross in enumerate((250, 450, 400)):
                credits = clawback.credits_of_refund(
                    10, paid_minor=1100, before_minor=before, refund_minor=gross
                )
                tax = (before + gross) // 11 - before // 11
                await refund(
                    session,
                    lot_id,
                    clock,
                    key=f"refund:{number}",
                    amount_credits=credits,
                    back=Money("CNY", gross, tax, "CN"),
                )
                before += gross
                assert await breaches(session) == []
            assert await remaining(session, lot_id) == 0
            assert await balances(session) == {"1110": -30, "5010": 30}

    async def test_held_credits_that_come_back_pay_the_debt(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions.begin() as session:
            lot_id = await sell(session, user_id, clock)
            held = await hold(session, user_id, 3, clock)
            await spend(session, user_id, 2, clock)
            await refund(session, lot_id, clock)
            assert await debt(session, user_id) == 5
            await holds.release(session, held, now=clock())
            assert await debt(session, user_id) == 2
            assert await remaining(session, lot_id) == 0
            assert await breaches(session) == []

    async def test_expired_credits_are_nobodys_debt(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions.begin() as session:
            lot_id = await sell(session, user_id, clock)
            await spend(session, user_id, 1, clock)
        clock.advance(days=31)
        async with sessions.begin() as session:
            taken = await refund(session, lot_id, clock)
            assert taken == packs.TakenBack(voided_credits=0, debt_credits=1, released_minor=0)
            assert await breaches(session) == []

    async def test_a_refund_that_failed_gives_credits_price_and_time_back(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions.begin() as session:
            lot_id = await sell(session, user_id, clock)
            ends_at = clock() + timedelta(days=30)
            await spend(session, user_id, 4, clock)
            before = await balances(session)
            await refund(session, lot_id, clock)
        clock.advance(days=5)
        async with sessions.begin() as session:
            (given,) = await packs.undo(
                session, key="undo", of_key="refund", occurred_at=clock(), now=clock()
            )
            lot = await session.get_one(CreditLot, given)
            assert (lot.remaining, lot.unit_price_minor) == (6, 100)
            assert lot.expires_at == ends_at + timedelta(days=5)
            assert await debt(session, user_id) == 0
            assert await balances(session) == before
            assert await breaches(session) == []
            again = await packs.undo(session, key="undo", of_key="refund", occurred_at=clock(), now=clock())
            assert again == []


class TestDispute:
    async def test_a_frozen_lot_is_not_spent_and_gets_its_lost_time_back(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions.begin() as session:
            lot_id = await sell(session, user_id, clock)
            ends_at = clock() + timedelta(days=30)
            clock.advance(days=29)
            await clawback.freeze(session, [lot_id], now=clock())
        clock.advance(days=60)
        async with sessions.begin() as session:
            assert await lots.expire_due(session, now=clock()) == 0
            await clawback.freeze(session, [lot_id], now=clock())  # an early warning and a dispute
            await clawback.thaw(session, [lot_id], now=clock())
            lot = await session.get_one(CreditLot, lot_id, populate_existing=True)
            assert (lot.remaining, lot.frozen_at) == (10, None)
            assert lot.expires_at == ends_at + timedelta(days=60)
            await spend(session, user_id, 10, clock)

    async def test_what_was_due_before_it_froze_expires_all_the_same(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions.begin() as session:
            lot_id = await sell(session, user_id, clock)
            clock.advance(days=31)
            await clawback.freeze(session, [lot_id], now=clock())
            assert await remaining(session, lot_id) == 0

    async def test_what_comes_back_while_it_is_frozen_waits_with_it(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions.begin() as session:
            lot_id = await sell(session, user_id, clock)
            ends_at = clock() + timedelta(days=30)
            held = await hold(session, user_id, 3, clock)
            await clawback.freeze(session, [lot_id], now=clock())
            clock.advance(days=60)
            await holds.release(session, held, now=clock())
            assert await lots.expire_due(session, now=clock()) == 0
            await clawback.thaw(session, [lot_id], now=clock())
            lot = await session.get_one(CreditLot, lot_id, populate_existing=True)
            assert (lot.remaining, lot.expires_at) == (10, ends_at + timedelta(days=60))

    async def test_what_comes_back_after_its_time_gets_its_day_when_it_thaws(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions.begin() as session:
            lot_id = await sell(session, user_id, clock)
            held = await hold(session, user_id, 6, clock)
            second = await hold(session, user_id, 4, clock)
            clock.advance(days=31)
            await holds.release(session, second, now=clock())  # lives a day more
            clock.advance(days=2)
            await clawback.freeze(session, [lot_id], now=clock())
            assert await remaining(session, lot_id) == 0
            clock.advance(hours=5)
            await holds.release(session, held, now=clock())
            assert await remaining(session, lot_id) == 6
            await clawback.thaw(session, [lot_id], now=clock())
            clock.advance(hours=23)
            assert await lots.expire_due(session, now=clock()) == 0
            clock.advance(hours=1)
            assert await lots.expire_due(session, now=clock()) == 1
            assert await breaches(session) == []

    async def test_lost_and_won_after_all_it_gives_credits_and_money_back(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        held = Money("CNY", 1100)
        async with sessions.begin() as session:
            lot_id = await sell(session, user_id, clock)
            await spend(session, user_id, 3, clock)
            before = await balances(session)
            await post(session, templates.dispute_opened("opened", held, occurred_at=clock()), now=clock())
            await packs.lose_dispute(
                session,
                key="lost",
                lot_id=lot_id,
                amount_credits=10,
                held=held,
                occurred_at=clock(),
                now=clock(),
            )
            (given,) = await packs.undo(session, key="won", of_key="lost", occurred_at=clock(), now=clock())
            await post(session, templates.dispute_won("returned", held, occurred_at=clock()), now=clock())
            assert await remaining(session, given) == 7
            assert await debt(session, user_id) == 0
            assert await balances(session) == before
            assert await breaches(session) == []

    async def test_debt_that_was_paid_meanwhile_comes_back_as_goodwill(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions.begin() as session:
            lot_id = await sell(session, user_id, clock)
            await spend(session, user_id, 4, clock)
            await refund(session, lot_id, clock)
            await sell(session, user_id, clock, key="second", quantity=3)  # pays three of the four
            given = await packs.undo(session, key="undo", of_key="refund", occurred_at=clock(), now=clock())
            back = [await session.get_one(CreditLot, each) for each in given]
            assert [(lot.remaining, lot.unit_price_minor) for lot in back] == [(6, 100), (3, 0)]
            assert await debt(session, user_id) == 0
            assert await breaches(session) == []

    async def test_lost_it_takes_the_credits_and_books_the_rest_as_a_loss(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions.begin() as session:
            lot_id = await sell(session, user_id, clock)
            await spend(session, user_id, 3, clock)
            await clawback.freeze(session, [lot_id], now=clock())
            taken = await packs.lose_dispute(
                session,
                key="dispute",
                lot_id=lot_id,
                amount_credits=10,
                held=Money("CNY", 1100),
                occurred_at=clock(),
                now=clock(),
            )
            assert taken == packs.TakenBack(voided_credits=7, debt_credits=3, released_minor=700)
            assert (await balances(session))["5030"] == 400
            assert await breaches(session) == []


class TestAppendOnly:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE ledger_entries SET amount_minor = amount_minor + 1",
            "DELETE FROM ledger_transactions",
            "TRUNCATE ledger_closed_periods",
            "UPDATE ledger_accounts SET subject = 'x'",
            "DELETE FROM lot_releases",
        ],
    )
    async def test_nobody_changes_what_is_written(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock, statement: str
    ) -> None:
        async with sessions.begin() as session:
            lot_id = await sell(session, user_id, clock)
            await refund(session, lot_id, clock)
        async with sessions() as session:
            with pytest.raises(Exception, match="append-only"):
                await session.execute(text(statement))
