"""Races and crashes, with real commits: no budget is exceeded, no reward comes twice, answers are true."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import cast
from uuid import UUID

import asyncpg
import httpx
import pytest
from sqlalchemy import text

from billing import queries as credits
from core.database import connect
from core.errors import DomainError
from core.tasks import background
from models.referral import LinkState
from referral import counting
from referral.terms import Terms
from service.flows.close_account import close_account
from service.flows.help_unlock import HelpRequest, HelpWriter, check_tap, help_unlock
from service.unlocking.desk import Desk
from service.unlocking.taps import HelpOutcome
from service.wiring import Services
from service.workers.referral_chores import ReferralChores
from tests.factories.asking import ask, available, open_page, press, used_this_month
from tests.factories.helps import prove_contact
from tests.factories.people import SignIn
from tests.factories.taps import make_helper, make_open_link, make_request
from tests.fakes.killer import DoomedConnection, Killed, killing
from tests.integration.batches.test_races import waits_for_a_lock

HELPERS = 60
MAX_STATEMENTS = 60


async def give(services: Services, request: HelpRequest, writer: HelpWriter | None = None) -> HelpOutcome:
    return await help_unlock(services.unlocking.desk, writer or services.unlocking.helps, request)


async def tap(services: Services, request: HelpRequest, writer: HelpWriter | None = None) -> str:
    """What became of one tap: the state of the help once it is counted, or the code of the refusal."""
    try:
        outcome = await give(services, request, writer)
    except DomainError as error:
        return error.code
    await services.unlocking.tallier.count(outcome.link_id)
    return outcome.state.value


async def tap_all(
    services: Services, requests: Sequence[HelpRequest], desk: Desk | None = None, *, processes: int = 3
) -> Counter[str]:
    """Everybody at once, through several processes: each has a connection and batches of its own."""
    writers = [
        HelpWriter(
            services.endpoints.database_url,
            desk or services.unlocking.desk,
            news=services.unlocking.news,
            clock=services.clock,
        )
        for _ in range(processes)
    ]
    async with contextlib.AsyncExitStack() as stack:
        for writer in writers:
            await stack.enter_async_context(background(writer.run()))
        taps = (tap(services, request, writers[n % processes]) for n, request in enumerate(requests))
        return Counter(await asyncio.gather(*taps))


def with_budget(services: Services, credits: int) -> Desk:
    """The same desk, with so much left for the month."""
    desk = services.unlocking.desk
    caps = desk.programme.caps.model_copy(update={"budget_credits_month": credits})
    return replace(desk, programme=desk.programme.model_copy(update={"caps": caps}))


async def count_rows(services: Services, query: str, **values: object) -> int:
    async with services.sessions() as session:
        return int((await session.execute(text(query), values)).scalar_one())


class TestBudgets:
    async def test_many_links_race_for_the_last_reward_of_the_month(self, services: Services) -> None:
        """Each link needs one help; the budget has room for four of them."""
        terms = Terms(goal=1)
        async with services.sessions.begin() as session:
            links = [await make_open_link(services, session, terms=terms) for _ in range(HELPERS)]
            helpers = [await make_helper(services, session) for _ in range(HELPERS)]
            requests = [
                await make_request(services, session, link.id, helper_id)
                for link, helper_id in zip(links, helpers, strict=True)
            ]
        answers = await tap_all(services, requests, with_budget(services, 4))
        assert answers == {"qualified": 4, "unlock_budget_spent": HELPERS - 4}
        assert await used_this_month(services) == 4
        assert await count_rows(services, "SELECT count(*) FROM helps") == 4
        assert await count_rows(services, "SELECT count(*) FROM link_rewards") == 4
        await available(services, links[0].owner_id)  # proves every invariant

    async def test_many_helpers_race_for_the_last_seats_of_a_link(self, services: Services) -> None:
        """Seats in several shards; nobody is told that there is room where there is none, or the reverse."""
        terms = Terms(goal=100, seats=130)
        async with services.sessions.begin() as session:
            link = await make_open_link(services, session, terms=terms)
            await session.execute(
                text("UPDATE unlock_link_seats SET seats = 3 WHERE link_id = :id"), {"id": link.id}
            )
            helpers = [await make_helper(services, session) for _ in range(HELPERS)]
            requests = [await make_request(services, session, link.id, helper) for helper in helpers]
        answers = await tap_all(services, requests)
        assert answers == {"qualified": 9, "unlock_link_full": HELPERS - 9}
        progress = "SELECT progress FROM unlock_links WHERE id = :id"
        assert await count_rows(services, progress, id=link.id) == 9
        await available(services, link.owner_id)

    async def test_friends_who_all_help_at_once_bring_one_reward(self, services: Services) -> None:
        async with services.sessions.begin() as session:
            link = await make_open_link(services, session)
            helpers = [await make_helper(services, session) for _ in range(15)]
            requests = [await make_request(services, session, link.id, helper) for helper in helpers]
        answers = await tap_all(services, requests)
        assert set(answers) <= {"qualified", "unlock_link_ended"} and answers["qualified"] >= 3
        rewarded = "SELECT count(*) FROM helps WHERE state = 'rewarded'"
        lapsed = "SELECT count(*) FROM helps WHERE state = 'lapsed'"
        assert await count_rows(services, rewarded) >= 3
        assert (
            await count_rows(services, rewarded) + await count_rows(services, lapsed) == answers["qualified"]
        )
        assert await available(services, link.owner_id) == 3 + 1


class TestOnePerson:
    async def test_many_taps_at_once_are_one_help(self, client: httpx.AsyncClient, sign_in: SignIn) -> None:
        code = (await ask(client, await sign_in())).json()["code"]
        helper = await sign_in()
        pages = [await open_page(client, code) for _ in range(25)]
        answers = await asyncio.gather(*(press(client, page, helper) for page in pages))
        assert sorted(Counter(answer.status_code for answer in answers).items()) == [(200, 24), (201, 1)]
        assert {answer.json()["state"] for answer in answers} == {"pending"}

    async def test_the_days_cap_holds_across_links(self, services: Services) -> None:
        async with services.sessions.begin() as session:
            helper_id = await make_helper(services, session)
            links = [await make_open_link(services, session) for _ in range(20)]
            requests = [await make_request(services, session, link.id, helper_id) for link in links]
        answers = await tap_all(services, requests)
        # Haste is counted before the cap is met, so the last of the five may be held for it.
        assert answers["qualified"] + answers["held"] == 5 and answers["helps_spent"] == 15

    async def test_who_taps_many_links_at_once_is_new_for_one_of_them(self, services: Services) -> None:
        """The pages were all open before the account was made."""
        async with services.sessions.begin() as session:
            helper_id = await make_helper(services, session)
            links = [await make_open_link(services, session) for _ in range(5)]
            requests = [await make_request(services, session, link.id, helper_id) for link in links]
        async with services.sessions.begin() as session:
            for making in (
                "UPDATE users SET created_at = clock_timestamp() WHERE id = :id",
                "UPDATE devices SET created_at = clock_timestamp() WHERE user_id = :id",
            ):
                await session.execute(text(making), {"id": helper_id})
        await tap_all(services, requests)
        assert await count_rows(services, "SELECT count(*) FROM helps") == 5
        assert await count_rows(services, "SELECT count(*) FROM helps WHERE is_new") == 1
        assert await count_rows(services, "SELECT sum(weight) FROM helps") == 2 + 4

    async def test_an_owner_who_asks_many_times_at_once_gets_three_links(
        self, client: httpx.AsyncClient, sign_in: SignIn
    ) -> None:
        owner = await sign_in()
        answers = await asyncio.gather(*(ask(client, owner) for _ in range(10)))
        assert Counter(answer.status_code for answer in answers) == {201: 3, 429: 7}


class TestClashes:
    @pytest.mark.parametrize("processes", [1, 3])
    async def test_one_token_and_one_device_are_one_help_each(
        self, services: Services, processes: int
    ) -> None:
        """In one process they are put off behind each other; between processes a constraint refuses them."""
        async with services.sessions.begin() as session:
            link = await make_open_link(services, session, terms=Terms(goal=10))
            helpers = [await make_helper(services, session) for _ in range(6)]
            requests = [await make_request(services, session, link.id, helper) for helper in helpers]
        stolen = [
            one._replace(page_token=requests[0].page_token, proof=requests[0].proof) for one in requests[1:3]
        ]
        sender = replace(requests[0].sender, device_id="d" * 32)
        together = [one._replace(sender=sender) for one in requests[3:]]
        answers = await tap_all(services, [requests[0], *stolen, *together], processes=processes)
        assert answers["qualified"] + answers["held"] == 2
        assert (answers["page_token_spent"], answers["device_has_helped"]) == (2, 2)
        await available(services, link.owner_id)  # proves every invariant


class TestCounting:
    async def test_who_comes_while_a_round_runs_is_in_the_next_one(self, services: Services) -> None:
        """The first round has looked and waits; the help that comes then must not be told its result."""
        tallier = services.unlocking.tallier
        async with services.sessions.begin() as session:
            link = await make_open_link(services, session, terms=Terms(goal=10))
            helpers = [await make_helper(services, session) for _ in range(3)]
            requests = [await make_request(services, session, link.id, helper) for helper in helpers]
        assert (await give(services, requests[0])).is_counted
        async with services.sessions.begin() as session:
            await counting.lock_link(session, link.id)
            second = await give(services, requests[1])  # waits for nobody
            assert not second.is_counted
        async with services.sessions() as holding:
            await holding.execute(
                text("SELECT id FROM helps WHERE id = :id FOR UPDATE"), {"id": second.help_id}
            )
            early = asyncio.create_task(tallier.count(link.id))
            await waits_for_a_lock(services)
            assert not (await give(services, requests[2])).is_counted
            late = [asyncio.create_task(tallier.count(link.id)) for _ in range(3)]
            await asyncio.sleep(0)  # they have asked
            await holding.commit()
        assert (await early).progress == 2
        assert [standing.progress for standing in await asyncio.gather(*late)] == [3, 3, 3]

    async def test_what_is_counted_with_the_help_is_counted_once(self, services: Services) -> None:
        """Helps that need no round, beside rounds that look for work."""
        async with services.sessions.begin() as session:
            link = await make_open_link(services, session, terms=Terms(goal=100, seats=100))
            helpers = [await make_helper(services, session) for _ in range(HELPERS)]
            requests = [await make_request(services, session, link.id, helper) for helper in helpers]
        answers, *_ = await asyncio.gather(
            tap_all(services, requests), *(ReferralChores(services).count_helps() for _ in range(3))
        )
        assert answers == {"qualified": HELPERS}
        progress = "SELECT progress FROM unlock_links WHERE id = :id"
        assert await count_rows(services, progress, id=link.id) == HELPERS
        await available(services, link.owner_id)  # proves every invariant


class TestCrashes:
    async def test_dying_at_any_statement_of_the_last_help_rewards_once(self, services: Services) -> None:
        """The process is killed at every statement between the tap and the reward; the keeper goes on."""
        survived, killed = False, 0
        for at_statement in range(1, MAX_STATEMENTS):
            connection = await connect(services.endpoints.database_url)
            link_id, owner_id, request = await self._nearly_met(services)
            doomed = DoomedConnection(connection, at_statement=at_statement)
            try:
                (outcome,) = await services.unlocking.helps.commit(
                    cast(asyncpg.Connection, doomed), [check_tap(services.unlocking.desk, request)]
                )
                assert isinstance(outcome, HelpOutcome)
                with killing(services.engine, at_statement=at_statement - doomed.count):
                    await services.unlocking.tallier.count(outcome.link_id)
                    survived = True
            except Killed:
                killed += 1
            await connection.close()
            await ReferralChores(services).count_helps()
            await tap(services, request)  # the person taps again
            assert await self._state(services, link_id) is LinkState.REWARDED
            lots = "SELECT count(*) FROM credit_lots WHERE user_id = :id AND source = 'referral'"
            assert await count_rows(services, lots, id=owner_id) == 1
            if survived:
                break
        assert survived
        assert killed > 15, "it was killed at every statement on the way"
        await available(services, owner_id)

    async def _nearly_met(self, services: Services) -> tuple[UUID, UUID, HelpRequest]:
        async with services.sessions.begin() as session:
            link = await make_open_link(services, session, terms=Terms(goal=1))
            helper_id = await make_helper(services, session)
            request = await make_request(services, session, link.id, helper_id)
        return link.id, link.owner_id, request

    async def _state(self, services: Services, link_id: UUID) -> LinkState:
        async with services.sessions() as session:
            query = text("SELECT state FROM unlock_links WHERE id = :id")
            return LinkState(await session.scalar(query, {"id": link_id}))

    async def test_two_keepers_and_a_helper_count_the_same_helps_once(self, services: Services) -> None:
        async with services.sessions.begin() as session:
            link = await make_open_link(services, session, terms=Terms(goal=4))
            helpers = [await make_helper(services, session) for _ in range(4)]
            requests = [await make_request(services, session, link.id, helper) for helper in helpers]
        for request in requests:
            await give(services, request)
        await asyncio.gather(
            *(ReferralChores(services).count_helps() for _ in range(4)),
            *(services.unlocking.tallier.count(link.id) for _ in range(4)),
        )
        assert await self._state(services, link.id) is LinkState.REWARDED
        assert await available(services, link.owner_id) == 3 + 1


class TestProving:
    async def test_the_keeper_holds_no_help_while_it_waits_for_another(self, services: Services) -> None:
        """Who ends a link locks all that waits there, in an order of its own: two would wait in a circle."""
        async with services.sessions.begin() as session:
            link = await make_open_link(services, session)
            helpers = [await make_helper(services, session, is_proven=False) for _ in range(2)]
            requests = [await make_request(services, session, link.id, one) for one in helpers]
        for request in requests:
            await give(services, request)
        async with services.sessions.begin() as session:
            for helper_id in helpers:
                await prove_contact(session, helper_id, f"{helper_id.hex}@example.org", now=services.clock())
        qualified = "SELECT count(*) FROM helps WHERE state = 'qualified'"
        async with services.sessions() as blocker:
            query = text("SELECT FROM helps WHERE helper_id = :id FOR UPDATE")
            await blocker.execute(query, {"id": max(helpers)})
            proving = asyncio.create_task(ReferralChores(services).qualify_proven())
            await waits_for_a_lock(services)
            assert await count_rows(services, qualified) == 1
            await blocker.rollback()
        await proving
        assert await count_rows(services, qualified) == 2


class TestLeaving:
    async def test_an_owner_who_leaves_while_helps_are_counted_waits_for_it(self, services: Services) -> None:
        """Counting has the link and wants the account: leaving must not have it, and want the link."""
        async with services.sessions.begin() as session:
            link = await make_open_link(services, session)
        async with services.sessions() as counting_session:
            await counting.lock_link(counting_session, link.id)
            leaving = asyncio.create_task(self._leave(services, link.owner_id))
            await waits_for_a_lock(services)
            await credits.lock_accounts(counting_session, [link.owner_id])
            await counting_session.commit()
        await leaving
        assert await count_rows(services, "SELECT count(*) FROM users WHERE closed_at IS NOT NULL") == 1

    async def _leave(self, services: Services, owner_id: UUID) -> None:
        async with services.sessions.begin() as session:
            await close_account(session, services.risk, owner_id, now=services.clock())
