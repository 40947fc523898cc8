"""Buyers, and what they see of their orders, credits and our books."""

from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy import text

from service.flows.empty_inbox import handle_next
from service.rehearsal.server import Rehearsal
from service.wiring import Services
from tests.factories.people import Person

BALANCES = text("""
SELECT a.code, a.currency, sum(e.amount_minor) AS minor
FROM ledger_entries e JOIN ledger_accounts a ON a.id = e.account_id
GROUP BY 1, 2 HAVING sum(e.amount_minor) <> 0 ORDER BY 1, 2
""")


async def order(
    client: httpx.AsyncClient, person: Person, item: str = "pack:small", currency: str = "CNY"
) -> dict[str, Any]:
    """A new order that waits to be paid."""
    answer = await buy(client, person, item, currency)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def buy(
    client: httpx.AsyncClient,
    person: Person,
    item: str = "pack:small",
    currency: str = "CNY",
    *,
    key: str | None = None,
    **body: str,
) -> httpx.Response:
    headers = {**person.headers, "idempotency-key": key or uuid4().hex}
    asked = {"item": item, "currency": currency, **body}
    return await client.post("/v1/checkouts", json=asked, headers=headers)


def checkout_of(order: dict[str, Any]) -> str:
    """The checkout's id, from the address of its page."""
    return str(order["checkout_url"]).rpartition("/")[2]


def payment_of(rehearsal: Rehearsal, order: dict[str, Any]) -> str:
    return str(rehearsal.objects.get("checkout.session", checkout_of(order))["payment_intent"])


async def state_of(client: httpx.AsyncClient, person: Person, order: dict[str, Any]) -> str:
    return str((await client.get(f"/v1/orders/{order['id']}", headers=person.headers)).json()["state"])


async def credits_of(client: httpx.AsyncClient, person: Person) -> tuple[int, int]:
    """Available, and owed."""
    read = (await client.get("/v1/credits", headers=person.headers)).json()
    return read["available"], read["debt"]


async def empty_inbox(services: Services) -> int:
    """Handle what is due; how many events were."""
    assert services.payments is not None
    handled = 0
    while (
        await handle_next(services.sessions, services.payments, rules=services.rules, now=services.clock())
        is not None
    ):
        handled += 1
    return handled


async def books(services: Services, currency: str = "CNY") -> dict[str, int]:
    """What each account holds, debit positive."""
    async with services.sessions() as session:
        rows = await session.execute(BALANCES)
        return {row.code: int(row.minor) for row in rows if row.currency == currency}
