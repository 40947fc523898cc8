"""Whatever ends sign-ins ends also those that begin, or go on, at the same moment."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from models.user import RefreshToken
from service.flows import sign_in as signing_in
from service.identity.passwords import verify_password
from service.wiring import Services
from tests.factories.people import SignIn
from tests.fakes.clock import MovableClock
from tests.integration.batches.test_races import waits_for_a_lock
from tests.integration.http.test_auth import PASSWORD, code_in, mailbox, refresh, registered

__all__ = ["mailbox"]

EMAIL = "wan@example.org"
GRANT = {"grant_type": "password", "email": EMAIL, "password": PASSWORD}


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
        async with services.sessions() as first:
            rotated = await services.issuer.rotate(first, person.refresh_token, now=services.clock())
            await first.flush()
            out = asyncio.create_task(
                client.post("/v1/auth/sign-out", json={"refresh_token": person.refresh_token})
            )
            await waits_for_a_lock(services)
            await first.commit()
        assert (await out).status_code == 204
        assert (await refresh(client, rotated.refresh_token)).status_code == 401

    async def test_a_copied_token_ends_the_one_that_is_being_made(
        self, client: httpx.AsyncClient, sign_in: SignIn, services: Services, clock: MovableClock
    ) -> None:
        person = await sign_in()
        second = (await refresh(client, person.refresh_token)).json()["refresh_token"]
        clock.advance(seconds=11)
        async with services.sessions() as first:
            rotated = await services.issuer.rotate(first, second, now=services.clock())
            await first.flush()
            reuse = asyncio.create_task(refresh(client, person.refresh_token))
            await waits_for_a_lock(services)
            await first.commit()
        assert (await reuse).status_code == 401
        assert (await refresh(client, rotated.refresh_token)).status_code == 401

    async def test_a_token_spent_twice_at_once_ends_with_its_family(
        self, client: httpx.AsyncClient, sign_in: SignIn, services: Services
    ) -> None:
        """Also that of the grace, which no row of its own stands for."""
        person = await sign_in()
        await refresh(client, person.refresh_token)
        async with services.sessions() as first:
            again = await services.issuer.rotate(first, person.refresh_token, now=services.clock())
            await first.flush()
            out = asyncio.create_task(
                client.post("/v1/auth/sign-out", json={"refresh_token": person.refresh_token})
            )
            await waits_for_a_lock(services)
            await first.commit()
        assert (await out).status_code == 204
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
        async with services.sessions() as first:
            made = await signing_in.sign_in_with_password(
                first, services.issuer, checked, now=services.clock()
            )
            await first.flush()
            reset = asyncio.create_task(self.reset(client, mailbox))
            await waits_for_a_lock(services)
            await first.commit()
        assert (await reset).status_code == 204
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
        async with services.sessions() as first:
            made, is_new = await signing_in.sign_in_guest(
                first,
                services.issuer,
                device_id=device_id,
                locale="en",
                timezone="UTC",
                now=services.clock(),
            )
            await first.flush()
            closing = asyncio.create_task(client.delete("/v1/me", headers=person.headers))
            await waits_for_a_lock(services)
            await first.commit()
        assert not is_new
        assert (await closing).status_code == 204
        assert (await refresh(client, made.refresh_token)).status_code == 401
        async with services.sessions() as session:
            assert (await session.scalars(select(RefreshToken))).all() == []
