"""Owners learn at once: live on a stream that can be resumed, and through their client's back end."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from core.settings import Settings, WebhookSettings
from service.flows.review_help import Ruling, review_help
from service.wiring import Services
from service.workers.referral_chores import ReferralChores
from tests.factories.asking import give_held_help, give_help, open_link, prove, sign_in_again
from tests.factories.people import Person, SignIn
from tests.factories.webhooks import add_endpoint, courier_for
from tests.fakes.clock import MovableClock
from tests.fakes.webhook_receiver import receiving

PATIENCE_SECONDS = 30


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"webhooks": WebhookSettings(allow_loopback=True)})


@pytest.fixture
async def owner(sign_in: SignIn) -> Person:
    return await sign_in()


def events_of(body: str) -> list[tuple[int, str, dict[str, Any]]]:
    found = []
    for block in body.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "id" in fields:
            found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
    return found


async def help_once(client: httpx.AsyncClient, services: Services, sign_in: SignIn, code: str) -> None:
    friend = await sign_in()
    await prove(services, friend)
    await give_help(client, code, friend)


class TestStream:
    async def test_it_is_followed_from_the_first_help_to_the_reward(
        self, client: httpx.AsyncClient, services: Services, owner: Person, sign_in: SignIn
    ) -> None:
        code = await open_link(client, owner)
        path = f"/v1/unlock-links/{code}/events"
        following = asyncio.create_task(client.get(path, headers=owner.headers))
        for _ in range(3):
            await help_once(client, services, sign_in, code)
        answer = await asyncio.wait_for(following, PATIENCE_SECONDS)
        events = events_of(answer.text)
        numbers = [number for number, _, _ in events]
        assert numbers == sorted(set(numbers))
        last_number, last_event, last = events[-1]
        assert (last_event, last["state"], last["missing"]) == ("state", "rewarded", 0)
        late = await client.get(path, headers={**owner.headers, "last-event-id": str(numbers[0])})
        assert [number for number, _, _ in events_of(late.text)] == [last_number]
        done = await client.get(path, headers={**owner.headers, "last-event-id": str(last_number)})
        assert done.status_code == 204

    async def test_a_link_that_waits_for_a_reviewer_has_not_ended_when_its_time_is_over(
        self,
        client: httpx.AsyncClient,
        services: Services,
        owner: Person,
        sign_in: SignIn,
        clock: MovableClock,
    ) -> None:
        """Its end may still be a reward: nobody is told before that nothing will follow."""
        code = await open_link(client, owner)
        for _ in range(2):
            await help_once(client, services, sign_in, code)
        await prove(services, held := await sign_in())
        await give_held_help(client, code, held)
        clock.advance(hours=80)
        await ReferralChores(services).expire_links()
        owner = await sign_in_again(client, owner)
        path = f"/v1/unlock-links/{code}/events"
        following = asyncio.create_task(client.get(path, headers=owner.headers))
        async with services.sessions.begin() as session:
            help_id = await session.scalar(text("SELECT id FROM helps WHERE state = 'held'"))
            ruling = Ruling(is_allowed=True, reviewer_id=(await sign_in()).id, note=None)
            _, link = await review_help(
                session, services.unlocking.desk, help_id, ruling, now=services.clock()
            )
        await services.unlocking.tallier.count(link.id)
        answer = await asyncio.wait_for(following, PATIENCE_SECONDS)
        told = [(event, data["state"]) for _, event, data in events_of(answer.text)]
        assert told[-1] == ("state", "rewarded") and ("state", "expired") not in told


class TestWebhooks:
    async def test_progress_and_reward_are_told_once_each_in_order(
        self, client: httpx.AsyncClient, services: Services, owner: Person, sign_in: SignIn
    ) -> None:
        code = await open_link(client, owner)
        with receiving() as receiver:
            await add_endpoint(client, owner, receiver.url)
            for _ in range(3):
                await help_once(client, services, sign_in, code)
            await courier_for(services).deliver_due()
            heard = [json.loads(one.body) for one in receiver.received]
        assert [(event["type"], event["data"]["progress"]) for event in heard] == [
            ("unlock_link.progress", 1),
            ("unlock_link.progress", 2),
            ("unlock_link.rewarded", 3),
        ]
        assert heard[-1]["data"]["reward_credits"] == 1
        assert code not in json.dumps(heard)  # whoever reads a log of events can help nobody
