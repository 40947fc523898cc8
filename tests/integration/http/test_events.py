"""A stream may break anywhere: no event is lost, none comes twice."""

import asyncio
import json
from uuid import UUID

import httpx

from models.generation import JobState
from service.http.events import _stream
from service.jobs.events import channel_of
from service.wiring import Services
from tests.factories.jobs import PATIENCE_SECONDS, running_worker, until
from tests.factories.people import CARD, Person, SignIn, create


def scripted(script: str) -> dict[str, object]:
    return {**CARD, "spec": {**CARD["spec"], "recipient": script}}


async def collect(
    services: Services, person: Person, job_id: UUID, *, seen: int = 0, at_most: int = 10_000
) -> list[tuple[int, str, dict[str, object]]]:
    """Events of one connection, which breaks after `at_most` of them."""
    events: list[tuple[int, str, dict[str, object]]] = []
    stream = _stream(services, job_id, person.id, seen)
    async for chunk in stream:
        fields = dict(line.split(": ", 1) for line in chunk.strip().splitlines() if not line.startswith(":"))
        if "id" in fields:
            events.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
            if len(events) == at_most:
                break
    return events


class TestEvents:
    async def test_a_stream_cut_after_every_event_and_resumed_is_complete(
        self, client: httpx.AsyncClient, services: Services, sign_in: SignIn
    ) -> None:
        person = await sign_in()
        job_id = UUID((await create(client, person, scripted("steps=20 sleep=.12"))).json()["id"])
        broken: list[tuple[int, str, dict[str, object]]] = []
        async with running_worker(services), asyncio.timeout(PATIENCE_SECONDS):
            while not broken or "work" not in broken[-1][2]:
                seen = broken[-1][0] if broken else 0
                broken += await collect(services, person, job_id, seen=seen, at_most=1)
        numbers = [number for number, _, _ in broken]
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) > 5
        assert broken == await collect(services, person, job_id)
        states = [data["state"] for _, event, data in broken if event == "state"]
        assert states == ["queued", "running", "succeeded"]
        shares = [data["progress"] for _, event, data in broken if event == "progress"]
        assert shares == sorted(shares)  # type: ignore[type-var]

    async def test_over_http_the_stream_ends_with_the_work_and_then_there_is_nothing_more(
        self, client: httpx.AsyncClient, services: Services, sign_in: SignIn
    ) -> None:
        person = await sign_in()
        job_id = (await create(client, person)).json()["id"]
        async with running_worker(services):
            await until(services, UUID(job_id))
        answer = await client.get(f"/v1/generations/{job_id}/events", headers=person.headers)
        assert answer.headers["content-type"].startswith("text/event-stream")
        last = answer.text.strip().split("\n\n")[-1]
        number = int(last.splitlines()[0].removeprefix("id: "))
        work = json.loads(last.splitlines()[2].removeprefix("data: "))["work"]
        assert (await client.get(f"/v1/works/{work['id']}", headers=person.headers)).status_code == 200
        resumed = await client.get(
            f"/v1/generations/{job_id}/events", headers={**person.headers, "last-event-id": str(number)}
        )
        assert resumed.status_code == 204
        odd = await client.get(
            f"/v1/generations/{job_id}/events", headers={**person.headers, "last-event-id": "-1e9"}
        )
        assert odd.status_code == 200

    async def test_an_end_that_redis_forgot_is_told_from_the_row(
        self, client: httpx.AsyncClient, services: Services, sign_in: SignIn
    ) -> None:
        person = await sign_in()
        job_id = UUID((await create(client, person)).json()["id"])
        async with running_worker(services):
            assert (await until(services, job_id)).state is JobState.SUCCEEDED
        await services.redis.delete(channel_of(job_id))
        events = await collect(services, person, job_id, seen=9)
        assert [(number, data["state"]) for number, _, data in events] == [(10, "succeeded")]
        assert events == await collect(services, person, job_id, seen=9)

    async def test_a_job_cancelled_in_the_queue_ends_its_stream(
        self, client: httpx.AsyncClient, services: Services, sign_in: SignIn
    ) -> None:
        person = await sign_in()
        job_id = UUID((await create(client, person)).json()["id"])
        following = asyncio.create_task(collect(services, person, job_id))
        await asyncio.sleep(0.1)
        await client.post(f"/v1/generations/{job_id}/cancel", headers=person.headers)
        events = await asyncio.wait_for(following, PATIENCE_SECONDS)
        assert [data["state"] for _, _, data in events] == ["queued", "cancelled"]
