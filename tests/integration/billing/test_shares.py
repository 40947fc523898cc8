"""A hold that is decided share by share: what comes back, to which lots, and when it closes."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from billing import holds
from billing.errors import HoldClosedError
from billing.holds import share_of
from billing.invariants import find_breaches
from billing.views import view_credits
from models.credit import CreditEntry, CreditHold, CreditLot, EntryKind, HoldState
from service.wiring import Services
from tests.factories.credits import give, make_user, skip_month
from tests.fakes.clock import MovableClock


@pytest.fixture
async def user_id(services: Services, clock: MovableClock) -> UUID:
    """Somebody with 3 credits that burn first and 5 that burn later."""
    async with services.sessions.begin() as session:
        made = await make_user(session)
        await skip_month(session, made, now=clock())
        await give(session, made, 3, now=clock(), expires_at=clock() + timedelta(days=2))
        await give(session, made, 5, now=clock())
    return made


@pytest.fixture
async def hold_id(services: Services, clock: MovableClock, user_id: UUID) -> UUID:
    """Six of the eight credits: all three of the first lot, three of the second."""
    made = uuid4()
    async with services.sessions.begin() as session:
        await holds.hold(
            session,
            user_id=user_id,
            hold_id=made,
            amount_credits=6,
            purpose="test",
            now=clock(),
            catalog=services.catalog,
        )
    return made


async def release(services: Services, hold_id: UUID, amount: int, *, share_id: UUID | None = None) -> bool:
    async with services.sessions.begin() as session:
        return await holds.release_share(
            session, hold_id, share_id=share_id or uuid4(), amount_credits=amount, now=services.clock()
        )


async def settle(services: Services, hold_id: UUID, amount: int) -> bool:
    async with services.sessions.begin() as session:
        return await holds.settle_share(session, hold_id, amount_credits=amount, now=services.clock())


async def remaining(services: Services, user_id: UUID) -> list[int]:
    """What is left in each lot, in burn order; the books are proved on the way."""
    async with services.sessions() as session:
        assert await find_breaches(session) == []
        lots = await session.scalars(
            select(CreditLot)
            .where(CreditLot.user_id == user_id)
            .order_by(CreditLot.expires_at.asc().nulls_last())
        )
        return [lot.remaining for lot in lots]


class TestShares:
    async def test_what_was_taken_last_comes_back_first(
        self, services: Services, user_id: UUID, hold_id: UUID
    ) -> None:
        assert await remaining(services, user_id) == [0, 2]
        assert not await release(services, hold_id, 2)
        assert await remaining(services, user_id) == [0, 4]
        assert not await release(services, hold_id, 2)
        assert await remaining(services, user_id) == [1, 5]
        assert await release(services, hold_id, 2)
        assert await remaining(services, user_id) == [3, 5]

    async def test_the_last_share_closes_the_hold_and_says_how_it_went(
        self, services: Services, user_id: UUID, hold_id: UUID
    ) -> None:
        async with services.sessions() as session:
            view = await view_credits(session, user_id, now=services.clock(), catalog=services.catalog)
        assert view and (view.available, view.held) == (2, 6)
        assert not await settle(services, hold_id, 4)
        async with services.sessions() as session:
            view = await view_credits(session, user_id, now=services.clock(), catalog=services.catalog)
        assert view and (view.available, view.held) == (2, 2)
        assert await release(services, hold_id, 2)
        async with services.sessions() as session:
            hold = await session.get_one(CreditHold, hold_id)
        assert (hold.state, hold.spent_credits, hold.returned_credits) == (HoldState.SETTLED, 4, 2)
        assert hold.closed_at is not None
        assert await remaining(services, user_id) == [0, 4]

    async def test_a_hold_of_which_nothing_was_spent_is_released(
        self, services: Services, user_id: UUID, hold_id: UUID
    ) -> None:
        for _ in range(6):
            await release(services, hold_id, 1)
        async with services.sessions() as session:
            assert (await session.get_one(CreditHold, hold_id)).state is HoldState.RELEASED
        assert await remaining(services, user_id) == [3, 5]

    async def test_no_more_is_given_out_than_was_held(
        self, services: Services, user_id: UUID, hold_id: UUID
    ) -> None:
        await settle(services, hold_id, 5)
        for give_out in (settle, release):
            with pytest.raises(HoldClosedError):
                await give_out(services, hold_id, 2)
        assert await settle(services, hold_id, 1)
        with pytest.raises(HoldClosedError):
            await release(services, hold_id, 1)
        assert await remaining(services, user_id) == [0, 2]

    async def test_racing_last_shares_close_it_once(
        self, services: Services, user_id: UUID, hold_id: UUID
    ) -> None:
        await settle(services, hold_id, 4)
        outcomes = await asyncio.gather(
            settle(services, hold_id, 1),
            release(services, hold_id, 1),
            release(services, hold_id, 1),
            settle(services, hold_id, 1),
            return_exceptions=True,
        )
        assert sorted(map(repr, outcomes), key=len)[:2] == ["True", "False"]
        assert sum(isinstance(outcome, HoldClosedError) for outcome in outcomes) == 2
        await remaining(services, user_id)

    async def test_the_journal_refuses_to_return_one_share_to_a_lot_twice(
        self, services: Services, user_id: UUID, hold_id: UUID
    ) -> None:
        share_id = uuid4()
        await release(services, hold_id, 1, share_id=share_id)
        with pytest.raises(DBAPIError):
            await release(services, hold_id, 1, share_id=share_id)
        assert await remaining(services, user_id) == [0, 3]

    @pytest.mark.parametrize("close", [holds.settle, holds.release])
    async def test_a_hold_with_a_decided_share_is_not_closed_whole(
        self, services: Services, user_id: UUID, hold_id: UUID, close: object
    ) -> None:
        await release(services, hold_id, 1)
        with pytest.raises(HoldClosedError):
            async with services.sessions.begin() as session:
                await close(session, hold_id, now=services.clock())  # type: ignore[operator]
        assert await remaining(services, user_id) == [0, 3]

    async def test_a_share_of_an_expired_lot_lives_a_day(
        self, services: Services, user_id: UUID, hold_id: UUID, clock: MovableClock
    ) -> None:
        clock.advance(days=3)
        await release(services, hold_id, 4)
        async with services.sessions() as session:
            view = await view_credits(session, user_id, now=clock(), catalog=services.catalog)
        assert view and [lot.remaining for lot in view.lots] == [1, 5]
        assert view.lots[0].expires_at == clock() + timedelta(days=1)
        assert await remaining(services, user_id) == [1, 5]

    async def test_a_wrong_share_is_a_breach(self, services: Services, user_id: UUID, hold_id: UUID) -> None:
        await release(services, hold_id, 1)
        async with services.sessions.begin() as session:
            await session.execute(text("UPDATE credit_holds SET returned_credits = 2, spent_credits = 0"))
            names = [breach.invariant for breach in await find_breaches(session)]
            assert names == ["hold_is_what_did_not_come_back"]
            await session.rollback()

    async def test_each_return_names_its_share(
        self, services: Services, user_id: UUID, hold_id: UUID
    ) -> None:
        share_id = uuid4()
        await release(services, hold_id, 4, share_id=share_id)
        async with services.sessions() as session:
            entries = await session.scalars(select(CreditEntry).where(CreditEntry.kind == EntryKind.RELEASE))
            assert [(entry.share_id, entry.hold_id) for entry in entries] == [(share_id, hold_id)] * 2


class TestShareOf:
    @given(st.lists(st.integers(1, 9), min_size=1, max_size=5), st.data())
    def test_it_is_whole_and_within_its_lines(self, credits: list[int], data: st.DataObject) -> None:
        lines = [(UUID(int=number), quantity) for number, quantity in enumerate(credits)]
        amount = data.draw(st.integers(1, sum(credits)))
        share = share_of(lines, amount)
        assert sum(quantity for _, quantity in share) == amount
        assert all(0 < quantity <= dict(lines)[lot_id] for lot_id, quantity in share)
        assert [lot_id for lot_id, _ in share] == [lot_id for lot_id, _ in lines][: len(share)]
