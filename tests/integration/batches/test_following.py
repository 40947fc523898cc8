"""A batch's events: every client hears the end, whenever it comes and however often it comes back."""

import json
from typing import Any

import httpx

from service.wiring import Services
from tests.factories.batches import quote, rows
from tests.factories.jobs import running_worker
from tests.factories.people import Person
from tests.integration.batches.test_starts import until_ended


def events_of(body: str) -> list[tuple[int, str, dict[str, Any]]]:
    found = []
    for block in body.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "id" in fields:
            found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
    return found


class TestEvents:
    async def test_it_is_followed_to_its_end(
        self, client: httpx.AsyncClient, services: Services, firm: Person
    ) -> None:
        batch_id = (await quote(client, firm, rows("a", "b", "invalid"), start=True)).json()["id"]
        async with running_worker(services):
            answer = await client.get(f"/v1/batches/{batch_id}/events", headers=firm.headers)
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = events_of(answer.text)
        numbers = [number for number, _, _ in events]
        assert numbers == sorted(set(numbers))
        assert events[-1][1:] == (
            "state",
            {
                "state": "done",
                "progress": 1.0,
                "counts": {
                    "queued": 0,
                    "running": 0,
                    "succeeded": 2,
                    "rejected": 0,
                    "failed": 1,
                    "cancelled": 0,
                },
            },
        )

    async def test_who_comes_back_hears_only_what_is_new(
        self, client: httpx.AsyncClient, services: Services, firm: Person
    ) -> None:
        batch_id = (await quote(client, firm, rows("a"), start=True)).json()["id"]
        async with running_worker(services):
            await until_ended(client, firm, batch_id)
        path = f"/v1/batches/{batch_id}/events"
        late = await client.get(path, headers={**firm.headers, "last-event-id": "2"})
        (event,) = events_of(late.text)
        assert event[2]["state"] == "done"
        gone = await client.get(path, headers={**firm.headers, "last-event-id": str(event[0])})
        assert gone.status_code == 204

    async def test_a_withdrawn_quote_is_an_end(self, client: httpx.AsyncClient, firm: Person) -> None:
        batch_id = (await quote(client, firm, rows("a"))).json()["id"]
        await client.post(f"/v1/batches/{batch_id}/cancel", headers=firm.headers)
        answer = await client.get(f"/v1/batches/{batch_id}/events", headers=firm.headers)
        assert [data["state"] for _, _, data in events_of(answer.text)] == ["cancelled"]


class TestList:
    async def test_pages_hold_each_batch_once_newest_first(
        self, client: httpx.AsyncClient, firm: Person
    ) -> None:
        made = [(await quote(client, firm, rows("a"))).json()["id"] for _ in range(5)]
        seen: list[str] = []
        cursor: str | None = None
        while True:
            params = {"limit": "2", **({"cursor": cursor} if cursor else {})}
            page = (await client.get("/v1/batches", params=params, headers=firm.headers)).json()
            seen += [item["id"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert seen == made[::-1]
