"""Looks at links over HTTP: one read for many, changes seen in time, and nobody shown what is another's."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import httpx
import pytest
from sqlalchemy import text, update

from core.settings import ReferralSettings, Settings
from models.campaign import ShareChannel
from models.referral import LinkState, UnlockLink
from models.user import Role
from referral.looks import ShownLink
from service.app import Application
from service.engines.endpoints import Endpoints
from service.unlocking import look_reader
from service.wiring import Services, open_services
from tests.factories.asking import give_help, look, open_link, promote, prove
from tests.factories.people import SignIn
from tests.integration.test_pages import Markup


class Ticks:
    """The steady clock of a process, which stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def ticks(services: Services) -> Ticks:
    """So whatever is seen at once is seen because somebody told of it."""
    ticks = Ticks()
    services.unlocking.looks._tick = ticks
    return ticks


@pytest.fixture
async def elsewhere(settings: Settings, endpoints: Endpoints, services: Services) -> AsyncIterator[Services]:
    """Another process on the same database."""
    async with open_services(settings, endpoints, clock=services.clock) as opened:
        yield opened


@pytest.fixture
async def code(client: httpx.AsyncClient, sign_in: SignIn) -> str:
    return await open_link(client, await sign_in(), asker_name="知夏")


async def revoke_in(services: Services, code: str) -> None:
    """Take a link back as `referral.counting` does, and tell this process's readers."""
    link = (await services.unlocking.looks.look(code, now=services.clock())).link
    async with services.sessions.begin() as session:
        statement = update(UnlockLink).where(UnlockLink.id == link.id)
        await session.execute(statement.values(state=LinkState.REVOKED, ended_at=services.clock()))
    services.unlocking.news.announce([link.id])


async def statuses(client: httpx.AsyncClient, code: str) -> tuple[int, int]:
    """Of the API's view and of the page."""
    paths = f"/v1/unlock-links/{code}", f"/u/{code}"
    first, second = [(await client.get(path)).status_code for path in paths]
    return first, second


class TestFame:
    async def test_a_crowd_is_one_read_and_everybody_has_a_token_of_their_own(
        self, client: httpx.AsyncClient, services: Services, ticks: Ticks, code: str
    ) -> None:
        asked: list[int] = []
        read = services.unlocking.looks._read

        async def counted(code_hashes: Sequence[bytes]) -> Mapping[bytes, ShownLink]:
            asked.append(len(code_hashes))
            return await read(code_hashes)

        services.unlocking.looks._read = counted
        views = await asyncio.gather(*(look(client, code) for _ in range(40)))
        assert asked == [1]
        assert len({view["page_token"] for view in views}) == 40
        assert len({view["challenge"]["salt"] for view in views}) == 40
        pages = await asyncio.gather(*(client.get(f"/u/{code}") for _ in range(5)))
        assert {page.status_code for page in pages} == {200}
        assert asked == [1]

    async def test_a_help_is_seen_at_once_where_it_was_taken(
        self, client: httpx.AsyncClient, services: Services, ticks: Ticks, code: str, sign_in: SignIn
    ) -> None:
        people = [await sign_in() for _ in range(3)]
        for person in people:
            await prove(services, person)
        for progress, person in enumerate(people, start=1):
            shown = f"{progress} / 3" if progress < 3 else 'data-state="rewarded"'
            assert (await look(client, code))["progress"] < progress
            assert shown not in (await client.get(f"/u/{code}")).text
            assert (await give_help(client, code, person))["progress"] == progress
            assert (await look(client, code))["progress"] == progress
            assert shown in (await client.get(f"/u/{code}")).text


class TestChanges:
    async def test_a_link_that_is_taken_back_is_gone_at_once_here_and_within_a_second_elsewhere(
        self,
        client: httpx.AsyncClient,
        services: Services,
        elsewhere: Services,
        ticks: Ticks,
        code: str,
        sign_in: SignIn,
    ) -> None:
        assert await statuses(client, code) == (200, 200)
        await revoke_in(services, code)
        assert await statuses(client, code) == (404, 404)
        other = await open_link(client, await sign_in())
        assert await statuses(client, other) == (200, 200)
        await revoke_in(elsewhere, other)
        ticks.seconds += 0.99
        assert await statuses(client, other) == (200, 200)
        ticks.seconds += 0.01
        assert await statuses(client, other) == (404, 404)

    async def test_a_closed_account_is_shown_no_more(
        self, client: httpx.AsyncClient, ticks: Ticks, sign_in: SignIn
    ) -> None:
        owner = await sign_in()
        code = await open_link(client, owner)
        assert await statuses(client, code) == (200, 200)
        assert (await client.delete("/v1/me", headers=owner.headers)).status_code == 204
        assert await statuses(client, code) == (404, 404)

    async def test_a_channel_that_is_switched_off_invites_nobody_any_more(
        self, client: httpx.AsyncClient, services: Services, ticks: Ticks, code: str, sign_in: SignIn
    ) -> None:
        operator = await sign_in()
        await promote(services, operator, Role.OPERATOR)
        assert (await look(client, code))["page_token"]
        answer = await client.put(
            f"/v1/referral/channels/{ShareChannel.LINK}",
            json={"is_on": False, "reason_zh": "先停一停", "reason_en": "Paused"},
            headers=operator.headers,
        )
        assert answer.status_code == 200, answer.text
        seen = await look(client, code)
        assert (seen["channel"]["is_on"], seen["channel"]["reason"]) == (False, "Paused")
        assert seen["page_token"] is None
        assert "先停一停" in (await client.get(f"/u/{code}?lang=zh")).text


class TestReaders:
    async def test_each_reads_their_language_and_finds_the_way_to_the_other(
        self, client: httpx.AsyncClient, ticks: Ticks, code: str
    ) -> None:
        says = {"zh": "知夏请你搭把手", "en": "知夏 asks you for a hand"}
        for language, other in (("zh", "en"), ("en", "zh")):
            for query in ("", "&from=timeline", '&q="><b>'):
                page = (await client.get(f"/u/{code}?lang={language}{query}")).text
                assert says[language] in page
                assert says[other] not in page
                assert "<b>" not in page
                (way,) = [found for _, found in Markup(page).elements if found.get("class") == "language"]
                asked = httpx.URL(f"/u/{code}?lang={other}{query}")
                assert httpx.URL(str(way["href"])).params == asked.params
            plain = await client.get(f"/u/{code}", headers={"accept-language": language})
            assert says[language] in plain.text
            assert plain.headers["vary"] == "Accept-Language, Cookie"

    async def test_two_links_are_never_taken_for_each_other(
        self, client: httpx.AsyncClient, ticks: Ticks, sign_in: SignIn
    ) -> None:
        names = ["知夏", "Maya", "<i>x</i>"]
        codes = [await open_link(client, await sign_in(), asker_name=name) for name in names[:2]]
        for _ in range(2):
            for code, name, other in zip(codes, names[:2], reversed(codes), strict=True):
                assert (await look(client, code))["asker_name"] == name
                page = (await client.get(f"/u/{code}?lang=en")).text
                assert f"{name} asks you for a hand" in page
                assert other not in page

    async def test_a_code_as_it_was_typed_is_the_same_link(
        self, client: httpx.AsyncClient, ticks: Ticks, code: str
    ) -> None:
        typed = f"{code[:6]}-{code[6:12]}-{code[12:]}".upper()
        assert (await look(client, typed))["asker_name"] == "知夏"
        page = (await client.get(f"/u/{typed}?lang=en")).text
        assert f'content="http://huajian/u/{code}"' in page
        assert f'href="/u/{typed}?lang=zh"' in page


class TestWithoutAnAddress:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"public_url": None})

    async def test_a_page_names_the_host_that_its_own_reader_asked(
        self, client: httpx.AsyncClient, ticks: Ticks, code: str
    ) -> None:
        for host in ("huajian", "evil.example", "huajian"):
            page = (await client.get(f"/u/{code}", headers={"host": host})).text
            assert f'content="http://{host}/u/{code}"' in page
            assert ("evil.example" in page) is (host == "evil.example")


class TestLanes:
    """What the lanes answer is what the framework would."""

    async def test_they_answer_as_the_framework_does(
        self,
        app: Application,
        client: httpx.AsyncClient,
        ticks: Ticks,
        code: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        bases = "/v1/unlock-links", "/u"
        wrong = [f"{base}/{bad}" for base in bases for bad in ("0" * 18, "0" * 41, "%2e")]
        asked = [
            (method, path, {"accept-language": language})
            for path in (f"/v1/unlock-links/{code}", f"/u/{code}", f"/u/{code}?lang=zh", *wrong)
            for method in ("GET", "HEAD", "DELETE")
            for language in ("zh", "en")
        ]

        async def told() -> list[tuple[int, dict[str, str], Any]]:
            return [
                described(await client.request(method, path, headers=headers))
                for method, path, headers in asked
            ]

        ours = await told()
        monkeypatch.setattr(app._observed, "_lanes", [])
        theirs = await told()
        assert ours == theirs
        assert {status for status, *_ in ours} == {200, 404, 405, 422}


def described(answer: httpx.Response) -> tuple[int, dict[str, str], Any]:
    """An answer without what is its own: request id, what is left of a limit, page token and challenge."""
    own = ("x-request-id", "ratelimit", "content-length")
    headers = {name: value for name, value in answer.headers.items() if name not in own}
    if "json" not in headers["content-type"] or not answer.content:
        return answer.status_code, headers, answer.text
    body = answer.json()
    return answer.status_code, headers, body | dict.fromkeys(("request_id", "page_token", "challenge"))


class TestLimits:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        few = ReferralSettings(proof_bits=4, views_per_address_minute=3, wrong_codes_per_address_hour=2)
        return settings.model_copy(update={"referral": few})

    async def test_looks_are_counted_whether_or_not_they_read(
        self, client: httpx.AsyncClient, ticks: Ticks, code: str
    ) -> None:
        answers = [await client.get(f"/v1/unlock-links/{code}") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[0].headers["ratelimit"].startswith('"unlock-views";r=2')
        assert answers[3].json()["code"] == "rate_limited"

    async def test_wrong_codes_are(self, client: httpx.AsyncClient, ticks: Ticks) -> None:
        found = [(await client.get(f"/v1/unlock-links/{'0' * 18}")).status_code for _ in range(3)]
        assert found == [404, 404, 429]


class TestConnection:
    async def test_one_that_was_lost_is_made_again_unnoticed(
        self, client: httpx.AsyncClient, services: Services, ticks: Ticks, code: str
    ) -> None:
        await look(client, code)
        connection = services.unlocking.reader._connection
        assert connection is not None
        async with services.sessions.begin() as session:
            await session.execute(
                text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": connection.get_server_pid()}
            )
        ticks.seconds += 1
        assert (await look(client, code))["asker_name"] == "知夏"
        assert services.unlocking.reader._connection is not connection

    async def test_one_that_does_not_answer_is_given_up(
        self,
        client: httpx.AsyncClient,
        services: Services,
        ticks: Ticks,
        code: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(look_reader, "READ_SECONDS", 0.1)
        async with services.sessions.begin() as session:
            await session.execute(text("LOCK TABLE unlock_links IN ACCESS EXCLUSIVE MODE"))
            refused = await client.get(f"/v1/unlock-links/{code}")
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        monkeypatch.undo()
        assert (await look(client, code))["asker_name"] == "知夏"
