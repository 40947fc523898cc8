"""What reviewers let in or deny, what operators take back, and what becomes of the reward."""

from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from models.referral import HelpState
from models.user import Role
from service.wiring import Services
from service.workers.referral_chores import ReferralChores
from tests.factories.asking import (
    PHONE,
    SCRIPT,
    ask,
    available,
    become_real,
    give_held_help,
    give_help,
    look,
    open_link,
    open_page,
    promote,
    prove,
    sign_in_again,
    used_this_month,
)
from tests.factories.people import Person, SignIn, create
from tests.fakes.clock import MovableClock


@pytest.fixture
async def owner(sign_in: SignIn) -> Person:
    return await sign_in()


@pytest.fixture
async def reviewer(services: Services, sign_in: SignIn) -> Person:
    person = await sign_in()
    await promote(services, person, Role.REVIEWER)
    return person


@pytest.fixture
async def operator(services: Services, sign_in: SignIn) -> Person:
    person = await sign_in()
    await promote(services, person, Role.OPERATOR)
    return person


@pytest.fixture
async def code(client: httpx.AsyncClient, owner: Person) -> str:
    return await open_link(client, owner)


async def the_held(
    client: httpx.AsyncClient, reviewer: Person, *, state: str = "held"
) -> list[dict[str, object]]:
    answer = await client.get(f"/v1/referral/reviews?state={state}", headers=reviewer.headers)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, object]] = answer.json()["items"]
    return items


async def decide(
    client: httpx.AsyncClient, reviewer: Person, help_id: object, decision: str
) -> httpx.Response:
    return await client.post(
        f"/v1/referral/reviews/{help_id}/decision", json={"decision": decision}, headers=reviewer.headers
    )


async def revoke(client: httpx.AsyncClient, operator: Person, help_id: object) -> httpx.Response:
    return await client.post(
        f"/v1/referral/helps/{help_id}/revoke", json={"note": "bought"}, headers=operator.headers
    )


async def help_ids(services: Services, state: HelpState) -> list[object]:
    async with services.sessions() as session:
        query = text("SELECT id FROM helps WHERE state = :state ORDER BY id")
        return list(await session.scalars(query, {"state": state.value}))


async def reward(client: httpx.AsyncClient, services: Services, sign_in: SignIn, code: str) -> None:
    """Three old friends."""
    for _ in range(3):
        friend = await sign_in()
        await prove(services, friend)
        await give_help(client, code, friend)


class TestReviews:
    async def test_a_held_help_counts_when_a_reviewer_lets_it(
        self,
        client: httpx.AsyncClient,
        services: Services,
        code: str,
        sign_in: SignIn,
        reviewer: Person,
    ) -> None:
        friend = await sign_in()
        await prove(services, friend)
        await give_held_help(client, code, friend)
        assert (await look(client, code))["progress"] == 0
        (held,) = await the_held(client, reviewer)
        assert (held["state"], held["reason"], held["helper_id"]) == ("held", "risk", str(friend.id))
        assert held["reasons"] and all("text" in reason for reason in held["reasons"])  # type: ignore[attr-defined]
        for _ in range(2):
            decided = await decide(client, reviewer, held["help_id"], "allow")
            assert (decided.json()["state"], decided.json()["progress"]) == ("qualified", 1), decided.text
        assert await the_held(client, reviewer) == []

    async def test_nobody_decides_about_a_help_that_they_asked_for_or_gave(
        self,
        client: httpx.AsyncClient,
        services: Services,
        owner: Person,
        code: str,
        sign_in: SignIn,
        reviewer: Person,
    ) -> None:
        friend = await sign_in()
        await prove(services, friend)
        await give_held_help(client, code, friend)
        (held,) = await the_held(client, reviewer)
        for person in (owner, friend):
            await promote(services, person, Role.REVIEWER)
            refused = await decide(client, person, held["help_id"], "allow")
            assert (refused.status_code, refused.json()["code"]) == (409, "own_help")
        assert len(await the_held(client, reviewer)) == 1

    async def test_a_denied_help_may_be_let_in_while_the_link_lives(
        self,
        client: httpx.AsyncClient,
        services: Services,
        owner: Person,
        code: str,
        sign_in: SignIn,
        reviewer: Person,
    ) -> None:
        friend = await sign_in()
        page = await open_page(client, code)
        tapped = await client.post(
            f"/v1/unlock-links/{code}/helps", json=page.body, headers={**SCRIPT, **friend.headers}
        )
        assert tapped.json()["state"] == "denied"  # a script, and nobody has ever proved who it is
        assert (await give_help(client, code, friend))["state"] == "denied"
        assert await used_this_month(services) == 0
        (held,) = await the_held(client, reviewer, state="denied")
        allowed = await decide(client, reviewer, held["help_id"], "allow")
        assert allowed.json()["state"] == "pending"  # they still have to prove real
        await become_real(client, services, friend)
        await ReferralChores(services).count_helps()
        assert (await look(client, code))["progress"] == 1
        assert await used_this_month(services) == 1
        refused = await decide(client, reviewer, held["help_id"], "deny")
        assert (refused.status_code, refused.json()["code"]) == (409, "help_decided")
        await available(services, owner.id)

    async def test_a_held_help_that_a_reviewer_denies_counts_for_nothing(
        self,
        client: httpx.AsyncClient,
        services: Services,
        owner: Person,
        code: str,
        sign_in: SignIn,
        reviewer: Person,
    ) -> None:
        friend = await sign_in()
        await prove(services, friend)
        await give_held_help(client, code, friend)
        (held,) = await the_held(client, reviewer)
        for _ in range(2):
            assert (await decide(client, reviewer, held["help_id"], "deny")).json()["state"] == "denied"
        assert (await look(client, code))["progress"] == 0
        await available(services, owner.id)

    async def test_an_expired_link_waits_for_helps_in_review(
        self,
        client: httpx.AsyncClient,
        services: Services,
        owner: Person,
        code: str,
        sign_in: SignIn,
        clock: MovableClock,
        reviewer: Person,
    ) -> None:
        for _ in range(2):
            friend = await sign_in()
            await prove(services, friend)
            await give_help(client, code, friend)
        late = await sign_in()
        await prove(services, late)
        await give_held_help(client, code, late)
        (held,) = await the_held(client, reviewer)
        clock.advance(hours=80)
        await ReferralChores(services).expire_links()
        reviewer = await sign_in_again(client, reviewer)
        decided = await decide(client, reviewer, held["help_id"], "allow")
        assert (decided.json()["link_state"], decided.json()["progress"]) == ("rewarded", 3)
        assert await available(services, owner.id) == 4

    async def test_a_link_that_waits_for_a_reviewer_counts_among_its_owners_links(
        self,
        client: httpx.AsyncClient,
        services: Services,
        owner: Person,
        sign_in: SignIn,
        clock: MovableClock,
    ) -> None:
        """Else any number could be rewarded in a month: each link in review would make room for the next."""
        answers = []
        for _ in range(5):
            for _ in range(3):
                answers.append((asked := await ask(client, owner)).status_code)
                if asked.status_code == 201:
                    await prove(services, friend := await sign_in())
                    await give_held_help(client, asked.json()["code"], friend)
            clock.advance(hours=24)
            await ReferralChores(services).expire_links()
            owner = await sign_in_again(client, owner)
        assert answers == [201] * 10 + [429] * 5

    async def test_only_reviewers_review_and_only_operators_revoke(
        self, client: httpx.AsyncClient, owner: Person, reviewer: Person
    ) -> None:
        assert (await client.get("/v1/referral/reviews", headers=owner.headers)).status_code == 403
        assert (await decide(client, owner, uuid4(), "allow")).status_code == 403
        assert (await revoke(client, reviewer, uuid4())).status_code == 403
        assert (await client.get("/v1/referral/reviews")).status_code == 401

    async def test_a_role_that_was_taken_away_counts_no_longer(
        self, client: httpx.AsyncClient, services: Services, reviewer: Person
    ) -> None:
        assert (await client.get("/v1/referral/reviews", headers=reviewer.headers)).status_code == 200
        await promote(services, reviewer, Role.USER)
        assert (await client.get("/v1/referral/reviews", headers=reviewer.headers)).status_code == 403


class TestRevoking:
    async def test_an_unspent_reward_is_voided_and_its_budget_is_free_again(
        self,
        client: httpx.AsyncClient,
        services: Services,
        owner: Person,
        code: str,
        sign_in: SignIn,
        operator: Person,
    ) -> None:
        await reward(client, services, sign_in, code)
        assert (await available(services, owner.id), await used_this_month(services)) == (4, 1)
        first, *_ = await help_ids(services, HelpState.REWARDED)
        for _ in range(2):
            taken = await revoke(client, operator, first)
            assert (taken.json()["state"], taken.json()["link_state"]) == ("revoked", "revoked")
        assert (await available(services, owner.id), await used_this_month(services)) == (3, 0)
        gone = await client.get(f"/v1/unlock-links/{code}", headers=PHONE)
        assert gone.status_code == 404
        second, _ = await help_ids(services, HelpState.REWARDED)
        assert (await revoke(client, operator, second)).status_code == 200
        assert await available(services, owner.id) == 3

    async def test_a_spent_reward_becomes_a_debt(
        self,
        client: httpx.AsyncClient,
        services: Services,
        owner: Person,
        code: str,
        sign_in: SignIn,
        operator: Person,
    ) -> None:
        await reward(client, services, sign_in, code)
        for _ in range(4):
            assert (await create(client, owner)).status_code == 202
        first, *_ = await help_ids(services, HelpState.REWARDED)
        assert (await revoke(client, operator, first)).status_code == 200
        credits = (await client.get("/v1/credits", headers=owner.headers)).json()
        assert (credits["available"], credits["debt"]) == (0, 1)
        await available(services, owner.id)

    async def test_a_counted_help_of_an_open_link_comes_off_the_progress(
        self,
        client: httpx.AsyncClient,
        services: Services,
        owner: Person,
        code: str,
        sign_in: SignIn,
        operator: Person,
    ) -> None:
        friend = await sign_in()
        await prove(services, friend)
        await give_help(client, code, friend)
        (counted,) = await help_ids(services, HelpState.QUALIFIED)
        taken = await revoke(client, operator, counted)
        assert (taken.json()["link_state"], taken.json()["progress"]) == ("open", 0)
        assert (await give_help(client, code, friend))["state"] == "revoked"
        assert (await revoke(client, operator, uuid4())).status_code == 404
        await available(services, owner.id)

    async def test_a_reward_stands_while_enough_helps_are_left(
        self,
        client: httpx.AsyncClient,
        services: Services,
        owner: Person,
        code: str,
        sign_in: SignIn,
        operator: Person,
    ) -> None:
        news = []
        for _ in range(2):
            page = await open_page(client, code)
            friend = await sign_in()
            news.append(friend)
            answer = await client.post(
                f"/v1/unlock-links/{code}/helps", json=page.body, headers={**PHONE, **friend.headers}
            )
            assert answer.json()["weight"] == 2
        for friend in news:  # both qualify before anybody counts: 4 of 3
            await become_real(client, services, friend)
        await ReferralChores(services).count_helps()
        assert await available(services, owner.id) == 4
        async with services.sessions.begin() as session:
            await session.execute(text("UPDATE unlock_links SET goal = 2"))  # as another campaign had it
        first, *_ = await help_ids(services, HelpState.REWARDED)
        taken = await revoke(client, operator, first)
        assert (taken.json()["link_state"], taken.json()["progress"]) == ("rewarded", 2)
        assert await available(services, owner.id) == 4
