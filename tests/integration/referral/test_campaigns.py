"""Campaigns and channels as operators run them, and what owners then get."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest

from models.user import Role
from referral import campaigns
from referral.campaigns import CampaignWish
from referral.terms import Terms
from service.http.campaign_schemas import CampaignCreate
from service.wiring import Services
from tests.factories.asking import (
    ask,
    available,
    give_help,
    look,
    open_link,
    open_page,
    press,
    promote,
    prove,
)
from tests.factories.people import Person, SignIn, create
from tests.integration.batches.test_races import waits_for_a_lock

TERMS: dict[str, Any] = Terms(goal=1, reward_credits=2, seats=5).model_dump()
CAMPAIGN: dict[str, Any] = {
    "name": "双十一",
    "starts_at": "2026-11-10T00:00:00Z",
    "ends_at": "2026-11-20T00:00:00Z",
    "terms_a": TERMS,
    "budget_credits": 4,
}


@pytest.fixture
async def operator(services: Services, sign_in: SignIn) -> Person:
    person = await sign_in()
    await promote(services, person, Role.OPERATOR)
    return person


async def draft(
    client: httpx.AsyncClient, operator: Person, *, key: str | None = None, **changes: Any
) -> httpx.Response:
    headers = {**operator.headers, "idempotency-key": key or str(uuid4())}
    return await client.post("/v1/campaigns", json={**CAMPAIGN, **changes}, headers=headers)


async def edit(
    client: httpx.AsyncClient, operator: Person, campaign_id: str, **changes: Any
) -> httpx.Response:
    return await client.patch(f"/v1/campaigns/{campaign_id}", json=changes, headers=operator.headers)


async def run(client: httpx.AsyncClient, operator: Person, **changes: Any) -> str:
    """A running campaign's id."""
    campaign_id: str = (await draft(client, operator, **changes)).json()["id"]
    assert (await edit(client, operator, campaign_id, state="running")).status_code == 200
    return campaign_id


class TestCampaigns:
    async def test_its_terms_are_frozen_into_links_and_its_budget_pays(
        self, client: httpx.AsyncClient, services: Services, operator: Person, sign_in: SignIn
    ) -> None:
        campaign_id = await run(client, operator)
        owner = await sign_in()
        link = (await ask(client, owner)).json()
        assert (link["goal"], link["reward_credits"]) == (1, 2)
        changed = await edit(client, operator, campaign_id, terms_a={**TERMS, "goal": 4})
        assert changed.json()["terms_a"]["goal"] == 4
        friend = await sign_in()
        await prove(services, friend)
        assert (await give_help(client, link["code"], friend))["state"] == "rewarded"
        read = await client.get(f"/v1/campaigns/{campaign_id}", headers=operator.headers)
        assert read.json()["used_credits"] == 2
        assert await available(services, owner.id) == 5

    async def test_a_spent_budget_takes_no_help_and_offers_nothing_more(
        self, client: httpx.AsyncClient, services: Services, operator: Person, sign_in: SignIn
    ) -> None:
        await run(client, operator, budget_credits=3)
        codes = [await open_link(client, await sign_in()) for _ in range(2)]
        helper = await sign_in()
        assert (await give_help(client, codes[0], helper))["state"] == "pending"  # sets two of three aside
        refused = await press(client, await open_page(client, codes[1]), helper)
        assert (refused.status_code, refused.json()["code"]) == (409, "unlock_budget_spent")
        fallback = (await ask(client, await sign_in())).json()
        assert (fallback["goal"], fallback["reward_credits"]) == (3, 1)  # the programme's own
        await available(services, helper.id)

    async def test_drafts_and_stopped_campaigns_open_no_links(
        self, client: httpx.AsyncClient, operator: Person, sign_in: SignIn
    ) -> None:
        campaign_id = (await draft(client, operator)).json()["id"]
        assert (await ask(client, await sign_in())).json()["goal"] == 3
        await edit(client, operator, campaign_id, state="running")
        assert (await ask(client, await sign_in())).json()["goal"] == 1
        await edit(client, operator, campaign_id, state="stopped")
        assert (await ask(client, await sign_in())).json()["goal"] == 3
        refused = await edit(client, operator, campaign_id, state="draft")
        assert (refused.status_code, refused.json()["code"]) == (409, "campaign_state")

    async def test_audience_and_channels_decide_who_gets_it(
        self, client: httpx.AsyncClient, operator: Person, sign_in: SignIn
    ) -> None:
        await run(client, operator, audience="members")
        await run(client, operator, channels=["poster"], terms_a={**TERMS, "goal": 2})
        owner = await sign_in()
        assert (await ask(client, owner)).json()["goal"] == 3
        assert (await ask(client, owner, channel="poster")).json()["goal"] == 2

    async def test_two_configurations_share_the_owners_and_each_keeps_theirs(
        self, client: httpx.AsyncClient, operator: Person, sign_in: SignIn
    ) -> None:
        await run(client, operator, terms_b={**TERMS, "goal": 2}, share_b_percent=50, budget_credits=1000)
        goals = []
        for _ in range(16):
            owner = await sign_in()
            first, second = [(await ask(client, owner)).json()["goal"] for _ in range(2)]
            assert first == second
            goals.append(first)
        assert set(goals) == {1, 2}

    async def test_what_makes_no_sense_is_refused(
        self, client: httpx.AsyncClient, services: Services, operator: Person, sign_in: SignIn
    ) -> None:
        for changes in (
            {"ends_at": "2026-11-09T00:00:00Z"},
            {"starts_at": "0001-01-01T00:00:00+14:00"},
            {"ends_at": "9999-12-31T23:59:59-12:00"},
            {"share_b_percent": 10},
            {"name": "a\x00b"},
            {"terms_a": {**TERMS, "goal": 6}},  # five seats cannot meet it
            {"terms_a": {**TERMS, "reward_credits": 0}},
        ):
            assert (await draft(client, operator, **changes)).status_code == 422, changes
        campaign_id = await run(client, operator)
        await give_help(client, await open_link(client, await sign_in()), await sign_in())
        low = await edit(client, operator, campaign_id, budget_credits=1)
        assert (low.status_code, low.json()["code"]) == (409, "budget_too_low")
        assert low.json()["used_credits"] == 2
        odd = await edit(client, operator, campaign_id, ends_at="2026-11-01T00:00:00Z")
        assert odd.status_code == 422

    async def test_the_same_key_is_the_same_campaign_and_only_operators_make_one(
        self, client: httpx.AsyncClient, operator: Person, sign_in: SignIn
    ) -> None:
        first, again = [await draft(client, operator, key="k") for _ in range(2)]
        assert first.json()["id"] == again.json()["id"]
        assert (await draft(client, operator, key="k", name="x")).status_code == 422
        listed = await client.get("/v1/campaigns", headers=operator.headers)
        assert len(listed.json()["items"]) == 1
        assert (await draft(client, await sign_in())).status_code == 403

    async def test_an_operator_who_presses_twice_at_once_has_one_campaign(
        self, client: httpx.AsyncClient, services: Services, operator: Person
    ) -> None:
        wish = CampaignWish(**dict(CampaignCreate.model_validate(CAMPAIGN)))
        async with services.sessions() as first:
            campaign, _ = await campaigns.draft_once(
                first, wish, operator_id=operator.id, key="k", now=services.clock()
            )
            second = asyncio.create_task(draft(client, operator, key="k"))
            await waits_for_a_lock(services)
            await first.commit()
        answer = await second
        assert (answer.status_code, answer.json()["id"]) == (201, str(campaign.id))
        assert answer.headers["idempotency-replayed"] == "true"


class TestChannels:
    async def test_a_switch_holds_at_once_for_new_links_and_for_helps(
        self, client: httpx.AsyncClient, operator: Person, sign_in: SignIn
    ) -> None:
        owner, helper = await sign_in(), await sign_in()
        code = await open_link(client, owner)
        page = await open_page(client, code)
        body = {"is_on": False, "reason_zh": "暂停", "reason_en": "Paused"}
        switched = await client.put("/v1/referral/channels/link", json=body, headers=operator.headers)
        assert switched.json()["is_on"] is False
        refused = await press(client, page, helper)
        assert (refused.status_code, refused.json()["reason"]) == (409, "Paused")
        view = await look(client, code)
        assert (view["page_token"], view["channel"]["reason"]) == (None, "Paused")
        assert (await ask(client, owner)).json()["code"] == "unlock_channel_off"
        await client.put("/v1/referral/channels/link", json={"is_on": True}, headers=operator.headers)
        assert (await press(client, page, helper)).status_code == 201

    async def test_every_channel_is_listed_with_the_reason_why_it_is_off(
        self, client: httpx.AsyncClient, operator: Person
    ) -> None:
        listed = await client.get("/v1/referral/channels", headers=operator.headers)
        standings = {item["channel"]: item for item in listed.json()["items"]}
        assert standings["link"]["is_on"] and not standings["wechat"]["is_on"]
        assert "微信" in standings["wechat"]["reason_zh"]
        silent = await client.put("/v1/referral/channels/x", json={"is_on": False}, headers=operator.headers)
        assert silent.status_code == 422


class TestWaysOut:
    async def test_a_402_says_why_nobody_can_be_asked(
        self, client: httpx.AsyncClient, services: Services, sign_in: SignIn
    ) -> None:
        owner = await sign_in()
        for _ in range(3):
            assert (await create(client, owner)).status_code == 202
            assert (await ask(client, owner)).status_code == 201
        unlock = (await create(client, owner)).json()["unlock"]
        assert (unlock["available"], unlock["goal"]) == (False, None)
        assert unlock["reason"]["code"] == "unlock_links_spent" and unlock["reason"]["text"]
