"""Becoming somebody, staying somebody, and nobody else becoming them."""

import asyncio
import re
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from starlette.types import Message, Receive, Scope, Send

from models.user import Contact, Device, Password, User
from service.flows import register
from service.identity.mailer import LogMailer
from service.wiring import Services
from tests.factories.people import SignIn, create
from tests.fakes.clock import MovableClock
from tests.integration.batches.test_races import waits_for_a_lock

PASSWORD = "correct horse battery"


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """(address, body) of every message sent."""
    sent: list[tuple[str, str]] = []

    async def keep(_: LogMailer, address: str, *, subject: str, body: str) -> None:
        sent.append((address, body))

    monkeypatch.setattr(LogMailer, "send", keep)
    return sent


def code_in(message: tuple[str, str]) -> str:
    found = re.search(r"\d{6}", message[1])
    assert found
    return found.group()


async def refresh(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post("/v1/auth/token", json={"grant_type": "refresh_token", "refresh_token": token})


async def registered(
    client: httpx.AsyncClient, sign_in: SignIn, mailbox: list[Any], email: str
) -> dict[str, str]:
    """Register a guest, verify the address; the headers of the account."""
    person = await sign_in()
    body = {"email": email, "password": PASSWORD}
    answer = await client.post("/v1/auth/register", json=body, headers=person.headers)
    assert answer.status_code == 201, answer.text
    verify = {"email": email, "code": code_in(mailbox[-1])}
    assert (
        await client.post("/v1/auth/contact/verify", json=verify, headers=person.headers)
    ).status_code == 204
    return person.headers


class TestGuest:
    async def test_the_answer_has_the_promised_shape(self, client: httpx.AsyncClient) -> None:
        answer = await client.post(
            "/v1/auth/guest", json={"device_id": uuid4().hex}, headers={"accept-language": "zh"}
        )
        body = answer.json()
        assert answer.status_code == 201
        assert set(body) == {"access_token", "token_type", "expires_in", "refresh_token", "user"}
        assert body["token_type"] == "bearer"
        assert body["user"] == {"id": body["user"]["id"], "tier": "free", "locale": "zh"}

    async def test_the_same_device_is_the_same_guest_also_when_asking_at_once(
        self, client: httpx.AsyncClient, services: Services
    ) -> None:
        device_id = uuid4().hex
        answers = await asyncio.gather(
            *(client.post("/v1/auth/guest", json={"device_id": device_id}) for _ in range(20))
        )
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["user"]["id"] for answer in answers}) == 1
        async with services.sessions() as session:
            assert await session.scalar(select(func.count()).select_from(User)) == 1

    async def test_the_device_id_itself_is_not_kept(
        self, client: httpx.AsyncClient, services: Services
    ) -> None:
        device_id = uuid4().hex
        await client.post("/v1/auth/guest", json={"device_id": device_id})
        async with services.sessions() as session:
            device = (await session.scalars(select(Device))).one()
        assert device_id.encode() not in device.device_hash
        assert bytes.fromhex(device_id) not in device.device_hash

    @pytest.mark.parametrize(
        "body", [{}, {"device_id": "short"}, {"device_id": "x" * 129}, {"device_id": "a b" * 10}]
    )
    async def test_a_weak_device_id_is_refused(self, client: httpx.AsyncClient, body: dict[str, str]) -> None:
        answer = await client.post("/v1/auth/guest", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")

    async def test_a_registered_device_must_sign_in(
        self, client: httpx.AsyncClient, sign_in: SignIn, mailbox: list[Any]
    ) -> None:
        device_id = uuid4().hex
        person = await sign_in(device_id)
        body = {"email": "a@example.org", "password": PASSWORD}
        await client.post("/v1/auth/register", json=body, headers=person.headers)
        answer = await client.post("/v1/auth/guest", json={"device_id": device_id})
        assert (answer.status_code, answer.json()["code"]) == (403, "sign_in_required")


class TestRefresh:
    async def test_a_token_rotates_and_the_old_one_works_again_within_the_grace(
        self, client: httpx.AsyncClient, sign_in: SignIn, clock: MovableClock
    ) -> None:
        person = await sign_in()
        first = await refresh(client, person.refresh_token)
        clock.advance(seconds=5)
        again = await refresh(client, person.refresh_token)  # the first answer was lost on the way
        assert first.status_code == again.status_code == 200
        assert first.json()["refresh_token"] != again.json()["refresh_token"]

    async def test_reuse_after_the_grace_ends_the_whole_sign_in(
        self, client: httpx.AsyncClient, sign_in: SignIn, clock: MovableClock
    ) -> None:
        person = await sign_in()
        newer = (await refresh(client, person.refresh_token)).json()["refresh_token"]
        clock.advance(seconds=11)
        stolen = await refresh(client, person.refresh_token)
        assert (stolen.status_code, stolen.json()["code"]) == (401, "invalid_credentials")
        assert (await refresh(client, newer)).status_code == 401

    async def test_two_racing_rotations_both_work_and_stay_one_family(
        self, client: httpx.AsyncClient, sign_in: SignIn
    ) -> None:
        person = await sign_in()
        answers = await asyncio.gather(*(refresh(client, person.refresh_token) for _ in range(5)))
        assert {answer.status_code for answer in answers} == {200}

    async def test_an_access_token_expires_and_says_so(
        self, client: httpx.AsyncClient, sign_in: SignIn, clock: MovableClock
    ) -> None:
        person = await sign_in()
        assert (await client.get("/v1/me", headers=person.headers)).status_code == 200
        clock.advance(minutes=16)
        answer = await client.get("/v1/me", headers=person.headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "token_expired")

    async def test_a_forged_token_is_refused(self, client: httpx.AsyncClient, sign_in: SignIn) -> None:
        person = await sign_in()
        header, payload, signature = person.access_token.split(".")
        none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"
        for token in (
            f"{header}.{payload}.{signature[::-1]}",
            f"{none}.{payload}.",
            f"{header}.{payload}A.{signature}",
        ):
            answer = await client.get("/v1/me", headers={"authorization": f"Bearer {token}"})
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")

    async def test_signing_out_ends_the_sign_in(self, client: httpx.AsyncClient, sign_in: SignIn) -> None:
        person = await sign_in()
        out = await client.post("/v1/auth/sign-out", json={"refresh_token": person.refresh_token})
        assert out.status_code == 204
        assert (await refresh(client, person.refresh_token)).status_code == 401


class TestRegister:
    async def test_a_guest_keeps_works_and_credits(
        self, client: httpx.AsyncClient, sign_in: SignIn, mailbox: list[Any]
    ) -> None:
        person = await sign_in()
        await create(client, person)
        body = {"email": "Lin.Wan@Example.org", "password": PASSWORD}
        answer = await client.post("/v1/auth/register", json=body, headers=person.headers)
        assert answer.json()["user"]["id"] == str(person.id)
        me = (await client.get("/v1/me", headers=person.headers)).json()
        assert (me["is_guest"], me["contacts"][0]["verified_at"]) == (False, None)
        again = await client.post("/v1/auth/register", json=body, headers=person.headers)
        assert (again.status_code, again.json()["code"]) == (409, "already_registered")

    async def test_password_sign_in_works_once_the_address_is_verified(
        self, client: httpx.AsyncClient, sign_in: SignIn, mailbox: list[Any]
    ) -> None:
        await registered(client, sign_in, mailbox, "wan@example.org")
        grant = {"grant_type": "password", "email": "WAN+cards@example.org", "password": PASSWORD}
        assert (await client.post("/v1/auth/token", json=grant)).status_code == 200
        for wrong in ({**grant, "password": "wrong"}, {**grant, "email": "nobody@example.org"}):
            answer = await client.post("/v1/auth/token", json=wrong)
            assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")

    async def test_an_address_verified_by_one_cannot_be_taken_by_another(
        self, client: httpx.AsyncClient, sign_in: SignIn, mailbox: list[Any]
    ) -> None:
        await registered(client, sign_in, mailbox, "one@gmail.com")
        other = await sign_in()
        await client.post("/v1/auth/contact", json={"email": "o.n.e+x@googlemail.com"}, headers=other.headers)
        verify = {"email": "o.n.e+x@googlemail.com", "code": code_in(mailbox[-1])}
        answer = await client.post("/v1/auth/contact/verify", json=verify, headers=other.headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "contact_taken")

    async def test_asking_twice_at_once_adds_an_address_once(
        self, client: httpx.AsyncClient, sign_in: SignIn, mailbox: list[Any], services: Services
    ) -> None:
        person, address = await sign_in(), {"email": "a@example.org"}
        async with services.sessions() as first:
            message = await register.add_contact(
                first, services.keys, user_id=person.id, email=address["email"], now=services.clock()
            )
            await first.flush()
            second = asyncio.create_task(
                client.post("/v1/auth/contact", json=address, headers=person.headers)
            )
            await waits_for_a_lock(services)
            await first.commit()
        assert (await second).status_code == 202
        for code, status in ((message.code, 422), (code_in(mailbox[-1]), 204)):  # the later code is the one
            answer = await client.post(
                "/v1/auth/contact/verify", json={**address, "code": code}, headers=person.headers
            )
            assert answer.status_code == status

    async def test_a_code_allows_five_attempts_and_ten_minutes(
        self, client: httpx.AsyncClient, sign_in: SignIn, mailbox: list[Any], clock: MovableClock
    ) -> None:
        person = await sign_in()
        address = {"email": "a@example.org"}

        async def attempt(code: str) -> int:
            body = {**address, "code": code}
            return (
                await client.post("/v1/auth/contact/verify", json=body, headers=person.headers)
            ).status_code

        await client.post("/v1/auth/contact", json=address, headers=person.headers)
        good = code_in(mailbox[-1])
        bad = f"{(int(good) + 1) % 1_000_000:06d}"
        assert [await attempt(bad) for _ in range(5)] == [422] * 5
        assert await attempt(good) == 422
        await client.post("/v1/auth/contact", json=address, headers=person.headers)
        clock.advance(minutes=10)
        assert await attempt(code_in(mailbox[-1])) == 422
        await client.post("/v1/auth/contact", json=address, headers=person.headers)
        assert await attempt(code_in(mailbox[-1])) == 204
        assert await attempt(code_in(mailbox[-1])) == 422  # a code works once

    async def test_a_forgotten_password_is_replaced_and_every_sign_in_ends(
        self, client: httpx.AsyncClient, sign_in: SignIn, mailbox: list[Any], services: Services
    ) -> None:
        await registered(client, sign_in, mailbox, "wan@example.org")
        grant = {"grant_type": "password", "email": "wan@example.org", "password": PASSWORD}
        old = (await client.post("/v1/auth/token", json=grant)).json()["refresh_token"]
        count = len(mailbox)
        nobody = await client.post("/v1/auth/password/forgot", json={"email": "nobody@example.org"})
        known = await client.post("/v1/auth/password/forgot", json={"email": "wan@example.org"})
        assert nobody.status_code == known.status_code == 202
        assert [address for address, _ in mailbox[count:]] == ["wan@example.org"]
        reset = {"email": "wan@example.org", "code": code_in(mailbox[-1]), "password": "another long one"}
        assert (await client.post("/v1/auth/password/reset", json=reset)).status_code == 204
        assert (await client.post("/v1/auth/password/reset", json=reset)).status_code == 422
        assert (await refresh(client, old)).status_code == 401
        assert (await client.post("/v1/auth/token", json=grant)).status_code == 401
        grant["password"] = "another long one"
        assert (await client.post("/v1/auth/token", json=grant)).status_code == 200
        async with services.sessions() as session:
            stored = (await session.scalars(select(Password))).one()
        assert stored.password_hash.startswith("$argon2id$")


class TestLetters:
    @pytest.fixture
    def away(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def refuse(_: LogMailer, address: str, *, subject: str, body: str) -> None:
            raise ConnectionRefusedError(address)

        monkeypatch.setattr(LogMailer, "send", refuse)

    async def test_without_a_mail_server_an_account_is_made_and_the_code_asked_for_later(
        self, client: httpx.AsyncClient, sign_in: SignIn, away: None
    ) -> None:
        person = await sign_in()
        body = {"email": "a@example.org", "password": PASSWORD}
        answer = await client.post("/v1/auth/register", json=body, headers=person.headers)
        assert (answer.status_code, answer.json()["user"]["id"]) == (201, str(person.id))
        again = await client.post("/v1/auth/contact", json={"email": "a@example.org"}, headers=person.headers)
        assert (again.status_code, again.json()["code"]) == (503, "unavailable")

    async def test_nothing_tells_whether_an_address_is_known(
        self, client: httpx.AsyncClient, sign_in: SignIn, mailbox: list[Any], app: FastAPI
    ) -> None:
        """Neither a mail server that is away nor how long it takes: it is asked after the answer."""
        await registered(client, sign_in, mailbox, "wan@example.org")
        count, sent_at_answer = len(mailbox), []

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            async def watching(message: Message) -> None:
                if message["type"] == "http.response.body":
                    sent_at_answer.append(len(mailbox))
                await send(message)

            await app(scope, receive, watching)

        async with httpx.AsyncClient(transport=httpx.ASGITransport(watched), base_url="http://h") as other:
            for email in ("wan@example.org", "nobody@example.org"):
                answer = await other.post("/v1/auth/password/forgot", json={"email": email})
                assert (answer.status_code, answer.content) == (202, b"")
        assert sent_at_answer == [count, count + 1]

    async def test_a_mail_server_that_is_away_does_not_tell_either(
        self, client: httpx.AsyncClient, sign_in: SignIn, mailbox: list[Any], request: pytest.FixtureRequest
    ) -> None:
        await registered(client, sign_in, mailbox, "wan@example.org")
        request.getfixturevalue("away")
        for email in ("wan@example.org", "nobody@example.org"):
            answer = await client.post("/v1/auth/password/forgot", json={"email": email})
            assert (answer.status_code, answer.content) == (202, b"")

    async def test_a_mailbox_gets_few_codes_whoever_asks(
        self, client: httpx.AsyncClient, sign_in: SignIn, mailbox: list[Any], services: Services
    ) -> None:
        """Else everybody with many networks has as many guesses at somebody's code as they like."""
        await registered(client, sign_in, mailbox, "wan@gmail.com")
        most, count = services.settings.limits.letters_per_mailbox_day, len(mailbox)
        spellings = ("wan@gmail.com", "w.an@gmail.com", "WAN+x@googlemail.com")
        for number in range(most):
            body = {"email": spellings[number % 3]}
            assert (await client.post("/v1/auth/password/forgot", json=body)).status_code == 202
        last = await client.post("/v1/auth/password/forgot", json={"email": "wan@gmail.com"})
        assert (last.status_code, last.json()["code"]) == (429, "rate_limited")
        assert len(mailbox) == count + most
        for number in range(most):
            person = await sign_in()
            body = {"email": "wan@gmail.com"}
            answer = await client.post("/v1/auth/contact", json=body, headers=person.headers)
            assert answer.status_code == (202 if number < most - 1 else 429)  # one was for registering
        body = {"email": "wan@gmail.com", "password": PASSWORD}
        assert (await client.post("/v1/auth/register", json=body)).status_code == 429


class TestMe:
    async def test_settings_change_and_the_time_zone_only_once_in_90_days(
        self, client: httpx.AsyncClient, sign_in: SignIn, clock: MovableClock
    ) -> None:
        person = await sign_in()
        me = (
            await client.patch(
                "/v1/me", json={"locale": "en", "timezone": "Asia/Tokyo"}, headers=person.headers
            )
        ).json()
        assert (me["locale"], me["timezone"]) == ("en", "Asia/Tokyo")
        answer = await client.patch("/v1/me", json={"timezone": "Europe/Paris"}, headers=person.headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "timezone_locked")
        assert answer.json()["changeable_at"] == "2027-02-09T08:00:00Z"
        bad = await client.patch("/v1/me", json={"timezone": "../../etc/passwd"}, headers=person.headers)
        assert bad.status_code == 422

    async def test_a_closed_account_is_gone_at_once_and_its_identity_erased(
        self, client: httpx.AsyncClient, sign_in: SignIn, services: Services
    ) -> None:
        person = await sign_in()
        await client.post("/v1/auth/contact", json={"email": "a@example.org"}, headers=person.headers)
        await create(client, person)
        assert (await client.delete("/v1/me", headers=person.headers)).status_code == 204
        assert (await client.get("/v1/me", headers=person.headers)).status_code == 401
        assert (await client.get("/v1/credits", headers=person.headers)).status_code == 401
        assert (await refresh(client, person.refresh_token)).status_code == 401
        answer = await create(client, person)
        assert (answer.status_code, answer.json()["code"]) == (403, "account_closed")
        again = await client.post("/v1/auth/contact", json={"email": "a@example.org"}, headers=person.headers)
        assert again.status_code == 401
        async with services.sessions() as session:
            for table in (Contact, Device, Password):
                assert await session.scalar(select(func.count()).select_from(table)) == 0
