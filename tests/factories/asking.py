"""People who ask for help and people who give it, through the real endpoints, as their phones would."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import text

from billing.invariants import find_breaches
from billing.views import view_credits
from models.user import Role
from referral.proof_of_work import solve
from service.flows import register
from service.invariants import JOB_INVARIANTS
from service.wiring import Services
from tests.factories.helps import IPHONE
from tests.factories.people import Person

PHONE: dict[str, str] = {"user-agent": IPHONE}
SCRIPT: dict[str, str] = {"user-agent": "python-requests/2.32"}  # which the risk score holds


@dataclass(frozen=True)
class Page:
    """What a friend's browser has after opening a link."""

    code: str
    token: str
    proof: str

    @property
    def body(self) -> dict[str, str]:
        return {"page_token": self.token, "proof": self.proof}


async def ask(
    client: httpx.AsyncClient, person: Person, *, key: str | None = None, **wish: Any
) -> httpx.Response:
    """POST one link with a fresh key."""
    headers = {**PHONE, **person.headers, "idempotency-key": key or str(uuid4())}
    return await client.post("/v1/unlock-links", json={"channel": "link", **wish}, headers=headers)


async def open_link(client: httpx.AsyncClient, person: Person, **wish: Any) -> str:
    """A link's code."""
    answer = await ask(client, person, **wish)
    assert answer.status_code == 201, answer.text
    code: str = answer.json()["code"]
    return code


async def look(client: httpx.AsyncClient, code: str) -> dict[str, Any]:
    answer = await client.get(f"/v1/unlock-links/{code}", headers=PHONE)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def open_page(client: httpx.AsyncClient, code: str) -> Page:
    """Look at a link and solve its challenge."""
    view = await look(client, code)
    challenge = view["challenge"]
    return Page(code, view["page_token"], solve(challenge["salt"], challenge["difficulty_bits"]))


async def press(
    client: httpx.AsyncClient, page: Page, person: Person, *, device_id: str | None = None
) -> httpx.Response:
    """The tap itself."""
    device = {"huajian-device": device_id} if device_id else {}
    headers = {**PHONE, **person.headers, **device}
    return await client.post(f"/v1/unlock-links/{page.code}/helps", json=page.body, headers=headers)


async def give_help(
    client: httpx.AsyncClient, code: str, person: Person, *, device_id: str | None = None
) -> dict[str, Any]:
    """Look, solve and tap; the answer."""
    answer = await press(client, await open_page(client, code), person, device_id=device_id)
    assert answer.status_code in (200, 201), answer.text
    given: dict[str, Any] = answer.json()
    return given


async def give_held_help(client: httpx.AsyncClient, code: str, person: Person) -> None:
    """Tap as a script does, which waits for a reviewer."""
    page = await open_page(client, code)
    headers = {**SCRIPT, **person.headers}
    answer = await client.post(f"/v1/unlock-links/{code}/helps", json=page.body, headers=headers)
    assert answer.json()["state"] == "held", answer.text


async def prove(services: Services, person: Person) -> None:
    """Give somebody a verified address without the walk through their mailbox; nothing qualifies by it."""
    async with services.sessions.begin() as session:
        await session.execute(
            text("""
                INSERT INTO contacts (id, user_id, channel, address, canonical_address, verified_at,
                                      code_attempts, created_at)
                VALUES (:id, :user_id, 'email', :address, :address, now(), 0, now())"""),
            {"id": uuid4(), "user_id": person.id, "address": f"{person.id}@example.org"},
        )


async def become_real(
    client: httpx.AsyncClient, services: Services, person: Person, *, address: str | None = None
) -> None:
    """Verify an address over HTTP, their own unless told, with the code that a mailbox would have got."""
    address = address or f"{person.id.hex}@example.org"
    async with services.sessions.begin() as session:
        message = await register.add_contact(
            session, services.keys, user_id=person.id, email=address, now=services.clock()
        )
    body = {"email": address, "code": message.code}
    answer = await client.post("/v1/auth/contact/verify", json=body, headers=person.headers)
    assert answer.status_code == 204, answer.text


async def sign_in_again(client: httpx.AsyncClient, person: Person) -> Person:
    """The same person, once the clock has moved past the access token."""
    body = {"grant_type": "refresh_token", "refresh_token": person.refresh_token}
    answer = (await client.post("/v1/auth/token", json=body)).json()
    return Person(person.id, answer["access_token"], answer["refresh_token"])


async def used_this_month(services: Services) -> int:
    """Credits of the programme's budgets that are paid or promised."""
    async with services.sessions() as session:
        return int(await session.scalar(text("SELECT sum(used_credits) FROM programme_months")) or 0)


async def promote(services: Services, person: Person, role: Role) -> None:
    """Give somebody a role."""
    async with services.sessions.begin() as session:
        await session.execute(
            text("UPDATE users SET role = :role WHERE id = :id"), {"role": role.value, "id": person.id}
        )


async def available(services: Services, user_id: UUID) -> int:
    """Credits that can be spent; every invariant is proved on the way."""
    async with services.sessions() as session:
        assert await find_breaches(session, JOB_INVARIANTS) == []
        view = await view_credits(session, user_id, now=services.clock(), catalog=services.catalog)
    assert view is not None
    return view.available
