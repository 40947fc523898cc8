"""Helps weighed against a real database and a real Redis: each control, and what it must not do."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from core.statements import SessionStatements
from models.risk import RiskDecision, RiskSighting, RiskSignal, RiskVerdict
from referral.risk import queries
from referral.risk.assessor import Assessor
from referral.risk.attempts import Sender
from referral.risk.pseudonyms import EPOCH, START, epoch_of
from referral.risk.windows import VelocityWindows
from service.wiring import Services
from service.workers.risk_chores import RiskChores
from tests.factories.helps import (
    ANDROID,
    IPHONE,
    Player,
    attempt_of,
    make_player,
    make_works,
    prove_contact,
    tap,
)
from tests.fakes.clock import MovableClock

NOW = datetime(2026, 11, 11, 8, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=60)


@pytest.fixture
async def session(services: Services) -> AsyncIterator[AsyncSession]:
    async with services.sessions() as opened:
        yield opened
        await opened.rollback()


@pytest.fixture
def assessor(services: Services) -> Assessor:
    return services.risk


class Cast:
    """Makes players, each with an address and a device of their own unless told."""

    def __init__(self, session: AsyncSession, services: Services) -> None:
        self._session = session
        self._services = services
        self._count = 0

    async def player(
        self, *, created_at: datetime = NOW, address: str | None = None, **more: object
    ) -> Player:
        self._count += 1
        return await make_player(
            self._session,
            self._services.keys,
            created_at=created_at,
            address=address or f"20.{self._count}.3.4",
            **more,  # type: ignore[arg-type]
        )


@pytest.fixture
def cast(session: AsyncSession, services: Services) -> Cast:
    return Cast(session, services)


class TestSelfHelp:
    async def test_a_second_account_on_the_owners_device_is_denied(
        self, session: AsyncSession, assessor: Assessor, cast: Cast
    ) -> None:
        owner = await cast.player(created_at=LONG_AGO)
        second = await cast.player(is_guest=False, device_id=owner.sender.device_id)
        _, verdict = await tap(session, assessor, owner, second, now=NOW)
        assert (verdict.effect, verdict.codes[0]) == (RiskDecision.DENY, "own_device")

    async def test_so_is_one_whose_owner_signed_in_by_password_there(
        self, session: AsyncSession, assessor: Assessor, cast: Cast
    ) -> None:
        owner = await cast.player(created_at=LONG_AGO, is_guest=False)
        await assessor.note_owner(session, owner.user_id, owner.sender, now=NOW - timedelta(days=1))
        second = await cast.player(is_guest=False, device_id=owner.sender.device_id)
        _, verdict = await tap(session, assessor, owner, second, now=NOW)
        assert verdict.codes[0] == "own_device"

    async def test_a_guest_who_hides_the_device_is_known_by_how_it_signed_in(
        self, session: AsyncSession, assessor: Assessor, cast: Cast
    ) -> None:
        guest = await cast.player()
        owner = await cast.player(created_at=LONG_AGO, is_guest=False, device_id=guest.sender.device_id)
        await assessor.note_owner(session, owner.user_id, owner.sender, now=NOW)
        hidden = replace(guest, sender=replace(guest.sender, device_id=None))
        _, verdict = await tap(session, assessor, owner, hidden, now=NOW)
        assert verdict.codes[0] == "own_device"

    async def test_the_owner_is_found_across_a_change_of_keys_and_forgotten_after_two(
        self, session: AsyncSession, assessor: Assessor, cast: Cast
    ) -> None:
        change = START + EPOCH * (epoch_of(NOW) + 1)
        owner = await cast.player(created_at=LONG_AGO, is_guest=False)
        await assessor.note_owner(session, owner.user_id, owner.sender, now=change - timedelta(days=1))
        for later, is_denied in ((timedelta(days=1), True), (EPOCH + timedelta(days=1), False)):
            second = await cast.player(is_guest=False, device_id=owner.sender.device_id)
            _, verdict = await tap(session, assessor, owner, second, now=change + later)
            assert ("own_device" in verdict.codes) is is_denied

    async def test_a_shared_mailbox_is_denied_and_a_disposable_one_is_held(
        self, session: AsyncSession, assessor: Assessor, cast: Cast
    ) -> None:
        owner, helper, other = [await cast.player() for _ in range(3)]
        await prove_contact(session, owner.user_id, "a@example.com", now=NOW)
        await session.execute(
            text(
                "INSERT INTO contacts (id, user_id, channel, address, canonical_address, code_attempts)"
                " VALUES (gen_random_uuid(), :id, 'email', 'a@example.com', 'a@example.com', 0)"
            ),
            {"id": helper.user_id},
        )
        _, verdict = await tap(session, assessor, owner, helper, now=NOW)
        assert verdict.codes[0] == "own_mailbox"
        await prove_contact(session, other.user_id, "b@mailinator.com", now=NOW)
        _, verdict = await tap(session, assessor, owner, other, now=NOW)
        assert (verdict.effect, verdict.codes) == (RiskDecision.HOLD, ("disposable_mailbox",))


class TestCrowds:
    async def test_one_device_helps_an_owner_once_under_whatever_name(
        self, session: AsyncSession, assessor: Assessor, cast: Cast
    ) -> None:
        owner, first = await cast.player(), await cast.player()
        again = await cast.player(is_guest=False, device_id=first.sender.device_id)
        _, verdict = await tap(session, assessor, owner, first, now=NOW)
        assert verdict.effect is RiskDecision.ALLOW
        _, verdict = await tap(session, assessor, owner, again, now=NOW)
        assert (verdict.effect, verdict.codes[0]) == (RiskDecision.DENY, "device_again")

    @pytest.mark.parametrize("minutes", [-1, 1], ids=["before a change of keys", "after it"])
    async def test_so_does_one_mailbox_that_an_account_left_behind(
        self, session: AsyncSession, assessor: Assessor, cast: Cast, minutes: int
    ) -> None:
        change = START + EPOCH * (epoch_of(NOW) + 1)
        early, late = change - timedelta(hours=1), change + timedelta(minutes=minutes)
        owner, first, again = [await cast.player() for _ in range(3)]
        await tap(session, assessor, owner, first, now=early)
        await prove_contact(session, first.user_id, "a@example.com", now=early)
        await assessor.note_leaving(session, first.user_id, now=early)
        await session.execute(text("DELETE FROM contacts WHERE user_id = :id"), {"id": first.user_id})
        help_id, _ = await tap(session, assessor, owner, again, now=late)
        await prove_contact(session, again.user_id, "a@example.com", now=late)
        verdict = await assessor.reweigh_help(session, help_id, now=late)
        assert (verdict.effect, verdict.codes[0]) == (RiskDecision.DENY, "mailbox_again")

    async def test_a_family_behind_one_router_is_let_through_and_a_crowd_is_not(
        self, session: AsyncSession, assessor: Assessor, cast: Cast
    ) -> None:
        owner = await cast.player(address="9.9.9.9")
        await assessor.note_owner(session, owner.user_id, owner.sender, now=NOW)
        effects = []
        for minute in range(9):
            helper = await cast.player(address="9.9.9.9")
            now = NOW + timedelta(minutes=5 * minute)
            effects.append((await tap(session, assessor, owner, helper, now=now))[1].effect)
        assert effects[:4] == [RiskDecision.ALLOW] * 4
        assert effects[-1] is RiskDecision.DENY

    async def test_an_address_alone_never_holds_anybody(
        self, session: AsyncSession, assessor: Assessor, cast: Cast
    ) -> None:
        """A dormitory: hundreds behind one address, each helping somebody else."""
        for number in range(60):
            owner, helper = await cast.player(), await cast.player(address="9.9.9.9")
            _, verdict = await tap(session, assessor, owner, helper, now=NOW + timedelta(seconds=20 * number))
            assert verdict.effect is RiskDecision.ALLOW, verdict
        assert {"new_at_address", "new_alike"} <= set(verdict.codes)

    async def test_without_redis_a_help_is_held_and_weighed_anew_later(
        self, session: AsyncSession, assessor: Assessor, cast: Cast
    ) -> None:
        nowhere = Redis.from_url("redis://127.0.0.1:1")
        blind = replace(assessor, windows=VelocityWindows(nowhere))
        owner, helper = await cast.player(), await cast.player()
        help_id, verdict = await tap(session, blind, owner, helper, now=NOW)
        assert (verdict.effect, verdict.codes) == (RiskDecision.HOLD, ("unknown_pace",))
        verdict = await assessor.reweigh_help(session, help_id, now=NOW + timedelta(minutes=5))
        assert verdict.effect is RiskDecision.ALLOW
        await nowhere.aclose()


class TestGraph:
    async def test_who_helps_in_a_ring_is_held_or_denied_and_a_chain_is_not(
        self, session: AsyncSession, assessor: Assessor, cast: Cast
    ) -> None:
        a, b, c, d = [await cast.player() for _ in range(4)]
        for owner, helper in ((a, b), (b, c), (c, d)):  # a chain
            _, verdict = await tap(session, assessor, owner, helper, now=NOW, is_new=False)
            assert not {"ring", "reciprocal"} & set(verdict.codes)
        _, verdict = await tap(session, assessor, c, a, now=NOW, is_new=False)
        assert verdict.reasons[-1].code == "ring"
        _, verdict = await tap(session, assessor, b, a, now=NOW, is_new=False)
        assert "reciprocal" in verdict.codes

    async def test_the_same_few_for_the_same_few(
        self, session: AsyncSession, assessor: Assessor, cast: Cast
    ) -> None:
        owners = [await cast.player(created_at=LONG_AGO) for _ in range(6)]
        helpers = [await cast.player(created_at=LONG_AGO) for _ in range(2)]
        seen = []
        for day, owner in enumerate(owners):
            for helper in helpers:
                now = NOW + timedelta(days=day)
                _, verdict = await tap(session, assessor, owner, helper, now=now, is_new=False)
                seen.append(verdict)
        assert seen[0].effect is RiskDecision.ALLOW
        assert (seen[-1].effect, seen[-1].codes[0]) == (RiskDecision.HOLD, "same_few")

    async def test_a_star_with_idle_leaves_and_one_with_live_ones(
        self, session: AsyncSession, assessor: Assessor, cast: Cast
    ) -> None:
        for makes_works in (True, False):
            owner = await cast.player()
            for _ in range(6):
                helper = await cast.player(created_at=NOW - timedelta(days=3))
                await tap(session, assessor, owner, helper, now=NOW - timedelta(days=3))
                if makes_works:
                    await make_works(session, helper.user_id, 1, now=NOW)
            _, verdict = await tap(session, assessor, owner, await cast.player(), now=NOW)
            assert ("idle_star" in verdict.codes) is not makes_works

    async def test_what_others_did_since_counts_when_a_help_is_weighed_again(
        self, session: AsyncSession, assessor: Assessor, cast: Cast
    ) -> None:
        a, b, c = [await cast.player() for _ in range(3)]
        help_id, verdict = await tap(session, assessor, a, b, now=NOW, is_new=False)
        assert verdict.effect is RiskDecision.ALLOW
        await tap(session, assessor, b, c, now=NOW, is_new=False)
        await tap(session, assessor, c, a, now=NOW, is_new=False)
        again = await assessor.reweigh_help(session, help_id, now=NOW)
        assert "ring" in again.codes
        kept = await session.scalars(select(RiskVerdict).where(RiskVerdict.help_id == help_id))
        assert len(kept.all()) == 2
        await assessor.reweigh_help(session, help_id, now=NOW)  # nothing new: nothing kept
        kept = await session.scalars(select(RiskVerdict).where(RiskVerdict.help_id == help_id))
        assert len(kept.all()) == 2


class TestKeeping:
    async def test_nothing_that_is_kept_tells_who_it_was(
        self, session: AsyncSession, assessor: Assessor, cast: Cast
    ) -> None:
        owner, helper = await cast.player(), await cast.player(address="77.88.99.11", user_agent=ANDROID)
        await prove_contact(session, helper.user_id, "someone@example.com", now=NOW)
        await tap(session, assessor, owner, helper, now=NOW)
        kept = ""
        for table in ("risk_signals", "risk_sightings", "risk_verdicts"):
            kept += str((await session.execute(text(f"SELECT * FROM {table}"))).all())  # noqa: S608
        device_id = helper.sender.device_id
        for secret in ("77.88.99", "someone", "example.com", "AppleWebKit", device_id):
            assert secret is not None and secret not in kept
        assert "chrome/android" in kept

    async def test_shadow_mode_keeps_the_verdict_and_allows(
        self, session: AsyncSession, assessor: Assessor, cast: Cast
    ) -> None:
        shadow = replace(assessor, is_shadow=True)
        owner = await cast.player()
        second = await cast.player(is_guest=False, device_id=owner.sender.device_id)
        help_id, verdict = await tap(session, shadow, owner, second, now=NOW)
        assert (verdict.decision, verdict.effect) == (RiskDecision.DENY, RiskDecision.ALLOW)
        kept = await queries.find_verdict(session, help_id)
        assert kept is not None and (kept.decision, kept.is_shadow) == (RiskDecision.DENY, True)

    async def test_reviewers_read_reasons_in_their_language(
        self, session: AsyncSession, assessor: Assessor, cast: Cast
    ) -> None:
        owner = await cast.player()
        helper = await cast.player(user_agent="python-httpx/0.28")
        help_id, _ = await tap(session, assessor, owner, helper, now=NOW)
        (reason,) = (await assessor.explain(session, [help_id], "zh"))[help_id]
        assert (reason["code"], reason["points"], reason["text"]) == (
            "script", 70, "请求来自脚本或命令行工具",
        )  # fmt: skip

    async def test_what_is_old_goes(self, session: AsyncSession, assessor: Assessor, cast: Cast) -> None:
        owner, helper = await cast.player(), await cast.player()
        await tap(session, assessor, owner, helper, now=LONG_AGO)
        young, _ = await tap(session, assessor, owner, await cast.player(), now=NOW)
        assert await queries.purge(session, before=NOW - timedelta(days=1), limit=100) == 6
        assert (await session.scalars(select(RiskSignal.help_id))).all() == [young]

    async def test_a_device_is_known_to_whom_it_is_not_new(
        self, session: AsyncSession, assessor: Assessor, cast: Cast
    ) -> None:
        """Whoever comes for the page is new, unless somebody else was seen on the device."""
        owner, guest, other = await cast.player(), await cast.player(), await cast.player(is_guest=False)

        async def is_new(player: Player, sender: Sender) -> bool:
            attempt = attempt_of(owner, player, now=NOW)._replace(sender=sender)
            statements, device = SessionStatements(session), assessor.sent_device(sender)
            people = await queries.read_people(
                statements, [owner.user_id, player.user_id], [device] if device else []
            )
            (weighed,) = await assessor.weigh_helps(
                statements, [attempt], [device], people, came={attempt.help_id}, paces={}, now=NOW
            )
            return weighed.gathered.attempt.is_new

        fresh = Sender(None, IPHONE, "f" * 32)
        assert await is_new(guest, guest.sender) and await is_new(other, fresh)
        assert not await is_new(other, guest.sender)
        await assessor.note_owner(session, guest.user_id, fresh, now=NOW)
        assert await is_new(guest, fresh) and not await is_new(other, fresh)

    async def test_the_keeper_forgets(self, services: Services, clock: MovableClock) -> None:
        async with services.sessions.begin() as session:
            cast = Cast(session, services)
            owner, helper = await cast.player(created_at=clock()), await cast.player(created_at=clock())
            help_id, _ = await tap(session, services.risk, owner, helper, now=clock())
        chores = RiskChores(services)
        clock.advance(days=179)
        await chores.purge()
        async with services.sessions() as session:
            assert await queries.find_signal(session, help_id) is not None
        clock.advance(days=2)
        assert await chores.purge() is False
        async with services.sessions() as session:
            assert await queries.find_signal(session, help_id) is None
            assert await queries.find_verdict(session, help_id) is None
            assert (await session.scalars(select(RiskSighting))).all() == []
