"""Whatever ends sign-ins ends also those that begin, or go on, at the same moment."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import httpx
import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.user import RefreshToken
from service.flows import sign_in as signing_in
from service.identity.passwords import verify_password
from service.identity.signing_in import SignIn as Opened
from service.wiring import Services
from tests.factories.people import SignIn
from tests.fakes.clock import MovableClock
from tests.integration.batches.test_races import waits_for_a_lock
from tests.integration.http.test_auth import PASSWORD, code_in, mailbox, refresh, registered

__all__ = ["mailbox"]

Made = TypeVar("Made")

EMAIL = "wan@example.org"
GRANT = {"grant_type": "password", "email": EMAIL, "password": PASSWORD}


async def beside(
    services: Services,
    make: Callable[[AsyncSession], Awaitable[Made]],
    act: Coroutine[Any, Any, httpx.Response],
) -> tuple[Made, httpx.Response]:
    """What is made in a transaction that is still open when `act` begins; and what that is answered."""
    async with services.sessions() as first:
        made = await make(first)
        await first.flush()
        acting = asyncio.create_task(act)
        await waits_for_a_lock(services)
        await first.commit()
    return made, await acting


def rotation(services: Services, token: str) -> Callable[[AsyncSession], Awaitable[Opened]]:
    return lambda session: services.issuer.rotate(session, token, now=services.clock())


async def alive(services: Services) -> int:
    """How many refresh tokens of the only user work."""
    async with services.sessions() as session:
        statement = select(func.count()).where(
            RefreshToken.used_at.is_(None), RefreshToken.revoked_at.is_(None)
        )
        return (await session.execute(statement)).scalar_one()


class TestRotation:
    async def test_signing_out_ends_the_token_that_is_being_made(
        self, client: httpx.AsyncClient, sign_in: SignIn, services: Services
    ) -> None:
        person = await sign_in()
        out = client.post("/v1/auth/sign-out", json={"refresh_token": person.refresh_token})
        rotated, answer = await beside(services, rotation(services, person.refresh_token), out)
        assert answer.status_code == 204
        assert (await refresh(client, rotated.refresh_token)).status_code == 401

    async def test_a_copied_token_ends_the_one_that_is_being_made(
        self, client: httpx.AsyncClient, sign_in: SignIn, services: Services, clock: MovableClock
    ) -> None:
        person = await sign_in()
        second = (await refresh(client, person.refresh_token)).json()["refresh_token"]
        clock.advance(seconds=11)
        reuse = refresh(client, person.refresh_token)
        rotated, answer = await beside(services, rotation(services, second), reuse)
        assert answer.status_code == 401
        assert (await refresh(client, rotated.refresh_token)).status_code == 401

    async def test_a_token_spent_twice_at_once_ends_with_its_family(
        self, client: httpx.AsyncClient, sign_in: SignIn, services: Services
    ) -> None:
        """Also that of the grace, which no row of its own stands for."""
        person = await sign_in()
        await refresh(client, person.refresh_token)
        out = client.post("/v1/auth/sign-out", json={"refresh_token": person.refresh_token})
        again, answer = await beside(services, rotation(services, person.refresh_token), out)
        assert answer.status_code == 204
        assert (await refresh(client, again.refresh_token)).status_code == 401
        assert await alive(services) == 0

    async def test_two_copies_at_once_are_both_refused(
        self, client: httpx.AsyncClient, sign_in: SignIn, services: Services, clock: MovableClock
    ) -> None:
        """Whoever refuses has locked the user, and then ends the family: the other one waits its turn."""
        person = await sign_in()
        await refresh(client, person.refresh_token)
        clock.advance(seconds=11)
        answers = await asyncio.gather(*(refresh(client, person.refresh_token) for _ in range(8)))
        assert [answer.status_code for answer in answers] == [401] * 8
        assert await alive(services) == 0


class TestPassword:
    async def reset(self, client: httpx.AsyncClient, mailbox: list[Any]) -> httpx.Response:
        await client.post("/v1/auth/password/forgot", json={"email": EMAIL})
        body = {"email": EMAIL, "code": code_in(mailbox[-1]), "password": "another long one"}
        return await client.post("/v1/auth/password/reset", json=body)

    async def test_a_new_password_ends_the_sign_in_that_is_being_made(
        self, client: httpx.AsyncClient, sign_in: SignIn, services: Services, mailbox: list[Any]
    ) -> None:
        await registered(client, sign_in, mailbox, EMAIL)
        checked = await signing_in.check_password(services.sessions, email=EMAIL, password=PASSWORD)

        def come_in(session: AsyncSession) -> Awaitable[Opened]:
            return signing_in.sign_in_with_password(session, services.issuer, checked, now=services.clock())

        made, answer = await beside(services, come_in, self.reset(client, mailbox))
        assert answer.status_code == 204
        assert (await refresh(client, made.refresh_token)).status_code == 401
        assert await alive(services) == 0

    async def test_the_old_password_is_of_no_use_while_its_hash_is_compared(
        self,
        client: httpx.AsyncClient,
        sign_in: SignIn,
        services: Services,
        mailbox: list[Any],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        await registered(client, sign_in, mailbox, EMAIL)

        async def slowly(password: str, password_hash: str | None) -> bool:
            matches = await verify_password(password, password_hash)
            assert (await self.reset(client, mailbox)).status_code == 204
            return matches

        monkeypatch.setattr(signing_in, "verify_password", slowly)
        answer = await client.post("/v1/auth/token", json=GRANT)
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")
        assert await alive(services) == 0

    async def test_no_connection_is_held_while_passwords_are_compared(
        self,
        client: httpx.AsyncClient,
        sign_in: SignIn,
        services: Services,
        mailbox: list[Any],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """A burst of guesses would else take every connection for as long as it takes to hash them."""
        await registered(client, sign_in, mailbox, EMAIL)
        pool = services.sessions.kw["bind"].pool
        held = []

        async def watched(password: str, password_hash: str | None) -> bool:
            held.append(pool.checkedout())
            return await verify_password(password, password_hash)

        monkeypatch.setattr(signing_in, "verify_password", watched)
        assert (await client.post("/v1/auth/token", json=GRANT)).status_code == 200
        wrong = {**GRANT, "password": "wrong"}
        assert (await client.post("/v1/auth/token", json=wrong)).status_code == 401
        assert held == [0, 0]

    async def test_a_closed_account_keeps_no_sign_in(
        self, client: httpx.AsyncClient, sign_in: SignIn, services: Services
    ) -> None:
        device_id = "d" * 32
        person = await sign_in(device_id)

        def come_in(session: AsyncSession) -> Awaitable[tuple[Opened, bool]]:
            return signing_in.sign_in_guest(
                session,
                services.issuer,
                device_id=device_id,
                locale="en",
                timezone="UTC",
                now=services.clock(),
            )

        closing = client.delete("/v1/me", headers=person.headers)
        (made, is_new), answer = await beside(services, come_in, closing)
        assert not is_new
        assert answer.status_code == 204
        assert (await refresh(client, made.refresh_token)).status_code == 401
        async with services.sessions() as session:
            assert (await session.scalars(select(RefreshToken))).all() == []
