"""Group commit keeps every promise of a transaction per request."""

import asyncio
import contextlib
import hashlib
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from billing import queries
from billing.errors import AccountClosedError, InsufficientCreditsError
from billing.invariants import find_breaches
from core import group_commit
from core.database import Sessions
from core.group_commit import WriterUnavailableError
from core.tasks import background
from models.credit import CreditAccount, CreditEntry, CreditLot
from models.generation import Generation
from service.invariants import JOB_INVARIANTS
from service.jobs.admission import Admission, Admitted
from service.jobs.errors import IdempotencyKeyReusedError, TierLimitError, TooManyInFlightError
from service.jobs.group_commit import AdmissionWriter
from service.wiring import Services
from tests.factories.credits import give, make_user, skip_month
from tests.factories.jobs import PATIENCE_SECONDS
from tests.fakes.clock import MovableClock


def asking(owner_id: UUID, key: str, *, price: int = 1, body: str = "{}", image_px: int = 0) -> Admission:
    return Admission(
        owner_id=owner_id,
        key=key,
        request_hash=hashlib.sha256(body.encode()).digest(),
        kind="card",
        spec_json=body,
        batch_key="card",
        price_credits=price,
        image_px=image_px,
    )


async def user_with(services: Services, credits: int, *, tier: str = "studio") -> UUID:
    async with services.sessions.begin() as session:
        user_id = await make_user(session, tier=tier)
        await skip_month(session, user_id, now=services.clock())
        if credits:
            await give(session, user_id, credits, now=services.clock())
    return user_id


async def submit_all(services: Services, admissions: list[Admission]) -> list[Admitted | BaseException]:
    return await asyncio.gather(
        *(services.admissions.submit(admission) for admission in admissions), return_exceptions=True
    )


async def assert_books(sessions: Sessions) -> None:
    async with sessions() as session:
        assert await find_breaches(session, JOB_INVARIANTS) == []


class TestAdmission:
    async def test_500_parallel_requests_on_10_credits_admit_exactly_10(self, services: Services) -> None:
        user_id = await user_with(services, 10)
        answers = await submit_all(services, [asking(user_id, f"k{n}") for n in range(500)])
        assert sum(isinstance(answer, Admitted) for answer in answers) == 10
        assert sum(isinstance(answer, InsufficientCreditsError) for answer in answers) == 490
        async with services.sessions() as session:
            assert await session.scalar(select(func.count()).select_from(Generation)) == 10
            assert await session.scalar(select(func.sum(CreditLot.remaining))) == 0
        await assert_books(services.sessions)

    async def test_the_same_key_50_times_at_once_is_one_job(self, services: Services) -> None:
        user_id = await user_with(services, 10)
        answers = await submit_all(services, [asking(user_id, "same")] * 50)
        admitted = [answer for answer in answers if isinstance(answer, Admitted)]
        assert len({answer.id for answer in admitted}) == 1
        assert len(admitted) == 50
        assert sum(not answer.is_replay for answer in admitted) == 1
        await assert_books(services.sessions)

    async def test_a_key_reused_for_another_body_is_refused(self, services: Services) -> None:
        user_id = await user_with(services, 10)
        await services.admissions.submit(asking(user_id, "key", body='{"a": 1}'))
        with pytest.raises(IdempotencyKeyReusedError):
            await services.admissions.submit(asking(user_id, "key", body='{"a": 2}'))
        answers = await submit_all(services, [asking(user_id, "two", body=b) for b in ('{"a":1}', '{"b":1}')])
        assert [type(answer) for answer in answers] == [Admitted, IdempotencyKeyReusedError]

    async def test_two_users_may_use_the_same_key(self, services: Services) -> None:
        users = [await user_with(services, 1) for _ in range(2)]
        answers = await submit_all(services, [asking(user_id, "key") for user_id in users])
        assert len({answer.id for answer in answers if isinstance(answer, Admitted)}) == 2

    async def test_many_users_and_one_hot_user_are_each_counted_exactly(self, services: Services) -> None:
        hot, *others = [await user_with(services, 7) for _ in range(11)]
        requests = [asking(hot, f"h{n}") for n in range(60)]
        requests += [asking(user, f"k{n}") for n in range(9) for user in others]
        await submit_all(services, requests)
        async with services.sessions() as session:
            counts = await session.execute(
                select(func.count()).group_by(Generation.owner_id).select_from(Generation)
            )
            assert sorted(counts.scalars()) == [7] * 11
        await assert_books(services.sessions)

    async def test_the_first_request_of_the_month_grants_it(self, services: Services) -> None:
        async with services.sessions.begin() as session:
            user_id = await make_user(session)
        answers = await submit_all(services, [asking(user_id, f"k{n}") for n in range(5)])
        assert sum(isinstance(answer, Admitted) for answer in answers) == 3
        refusal = next(answer for answer in answers if isinstance(answer, InsufficientCreditsError))
        assert refusal.facts()["next_reset_at"].isoformat() == "2026-12-01T00:00:00+00:00"  # type: ignore[attr-defined]
        await assert_books(services.sessions)

    async def test_a_new_month_brings_a_new_lot_and_the_old_one_is_not_touched(
        self, services: Services, clock: MovableClock
    ) -> None:
        async with services.sessions.begin() as session:
            user_id = await make_user(session)
        await services.admissions.submit(asking(user_id, "november"))
        clock.advance(days=25)
        answers = await submit_all(services, [asking(user_id, f"december{n}") for n in range(4)])
        assert sum(isinstance(answer, Admitted) for answer in answers) == 3
        async with services.sessions() as session:
            remaining = await session.scalars(select(CreditLot.remaining).order_by(CreditLot.effective_at))
            assert remaining.all() == [2, 0]

    async def test_a_tier_whose_money_went_back_ends_then_and_not_with_its_month(
        self, services: Services, clock: MovableClock
    ) -> None:
        user_id = await user_with(services, 1, tier="gold")
        async with services.sessions.begin() as session:
            account = await session.get_one(CreditAccount, user_id)
            account.tier_until = clock()
        with pytest.raises(TierLimitError):
            await services.admissions.submit(asking(user_id, "large", image_px=2_000_000))
        answer = await services.admissions.submit(asking(user_id, "free"))
        async with services.sessions() as session:
            assert (await session.get_one(Generation, answer.id)).tier == "free"
            account = await session.get_one(CreditAccount, user_id)
            assert (account.tier, account.tier_until) == ("free", None)

    async def test_holds_take_lots_in_burn_order_and_across_them(
        self, services: Services, clock: MovableClock
    ) -> None:
        user_id = await user_with(services, 0)
        async with services.sessions.begin() as session:
            paid = await give(session, user_id, 5, now=clock(), unit_price_minor=100)
            late = await give(session, user_id, 2, now=clock(), expires_at=clock().replace(day=30))
            soon = await give(session, user_id, 1, now=clock(), expires_at=clock().replace(day=20))
        await services.admissions.submit(asking(user_id, "one", price=4))
        async with services.sessions() as session:
            rows = await session.execute(
                select(CreditEntry.lot_id, CreditEntry.quantity)
                .where(CreditEntry.kind == "hold")
                .order_by(CreditEntry.id)
            )
            assert [tuple(row) for row in rows] == [(soon, -1), (late, -2), (paid, -1)]
        await assert_books(services.sessions)

    async def test_a_dear_request_is_refused_and_a_cheap_one_behind_it_admitted(
        self, services: Services
    ) -> None:
        user_id = await user_with(services, 2)
        answers = await submit_all(
            services, [asking(user_id, "dear", price=3), asking(user_id, "cheap", price=2)]
        )
        assert [type(answer) for answer in answers] == [InsufficientCreditsError, Admitted]

    async def test_the_in_flight_cap_holds_within_one_batch(self, services: Services) -> None:
        user_id = await user_with(services, 50, tier="free")
        answers = await submit_all(services, [asking(user_id, f"k{n}") for n in range(30)])
        assert sum(isinstance(answer, Admitted) for answer in answers) == 10
        assert sum(isinstance(answer, TooManyInFlightError) for answer in answers) == 20

    async def test_an_image_larger_than_the_tier_allows_is_refused(self, services: Services) -> None:
        user_id = await user_with(services, 1, tier="free")
        with pytest.raises(TierLimitError):
            await services.admissions.submit(asking(user_id, "k", image_px=2048 * 1536))

    async def test_a_closed_account_is_refused(self, services: Services) -> None:
        user_id = await user_with(services, 1)
        async with services.sessions.begin() as session:
            await session.execute(text("UPDATE credit_accounts SET closed_at = now()"))
        with pytest.raises(AccountClosedError):
            await services.admissions.submit(asking(user_id, "k"))

    async def test_a_member_that_the_database_refuses_does_not_fail_its_neighbours(
        self, services: Services
    ) -> None:
        user_id = await user_with(services, 50)
        broken = asking(user_id, "broken")._replace(spec_json='"\\u0000"')
        requests = [asking(user_id, f"k{n}") for n in range(20)]
        answers = await submit_all(services, [*requests[:10], broken, *requests[10:]])
        assert not isinstance(answers[10], Admitted)
        assert sum(isinstance(answer, Admitted) for answer in answers) == 20
        await assert_books(services.sessions)

    async def test_who_waits_too_long_for_an_account_is_asked_to_come_again(
        self, services: Services, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(group_commit.LOOKUPS, "lock_timeout", "50ms")
        busy, other = await user_with(services, 5), await user_with(services, 5)
        async with services.sessions.begin() as session:
            await queries.lock_accounts(session, [busy])
            requests = [asking(user_id, f"k{n}") for n in range(3) for user_id in (busy, other)]
            answers = await submit_all(services, requests)
        assert {type(answer) for answer in answers[0::2]} == {WriterUnavailableError}
        assert {type(answer) for answer in answers[1::2]} == {Admitted}
        assert isinstance(await services.admissions.submit(requests[0]), Admitted)
        await assert_books(services.sessions)

    async def test_racing_writers_of_two_processes_never_overdraw(self, services: Services) -> None:
        """Two writers stand for two processes: each has its own connection and batches."""
        user_id = await user_with(services, 10)
        writers = [
            AdmissionWriter(
                services.endpoints.database_url,
                catalog=services.catalog,
                clock=services.clock,
                wake=services.events.wake_workers,
            )
            for _ in range(3)
        ]
        async with contextlib.AsyncExitStack() as stack:
            for writer in writers:
                await stack.enter_async_context(background(writer.run()))
            answers = await asyncio.gather(
                *(writers[n % 3].submit(asking(user_id, f"k{n}")) for n in range(120)), return_exceptions=True
            )
        assert sum(isinstance(answer, Admitted) for answer in answers) == 10
        await assert_books(services.sessions)

    async def test_a_writer_ends_though_a_library_swallows_being_cancelled(self, services: Services) -> None:
        """redis-py does so where a command has just been sent: on Python 3.11 `asyncio.wait_for` loses it."""
        user_id, is_waking = await user_with(services, 1), asyncio.Event()

        async def wake() -> None:
            with contextlib.suppress(asyncio.CancelledError):
                is_waking.set()
                await asyncio.Event().wait()

        writer = AdmissionWriter(
            services.endpoints.database_url, catalog=services.catalog, clock=services.clock, wake=wake
        )
        async with asyncio.timeout(PATIENCE_SECONDS), background(writer.run()):
            await writer.submit(asking(user_id, "k"))
            await is_waking.wait()
