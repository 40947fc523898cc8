"""A red team: farmers of rewards who know the rules, have time, and speak to the real endpoints.

They are stronger than most: they wait before they tap, forge any User-Agent, invent a device for every guest,
own a domain with as many mailboxes as they like (so every account is proved before it helps), and no limit of
requests is in their way. What they do not have is more devices, addresses and months than an attack says.
"""

import asyncio
import itertools
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Self
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from referral.codes import find_hash
from referral.proof_of_work import is_solved, solve
from service.wiring import Services
from tests.factories.asking import Page
from tests.factories.helps import IPHONE
from tests.factories.honest_helps import CHROMES, IPHONES, WECHATS

PATIENCE = timedelta(seconds=9)
OWNER_ADDRESS = "36.40.1.9"
FARM_ADDRESS = "36.50.2.7"


@dataclass(frozen=True)
class Account:
    """One of the farmer's accounts, on a device at an address."""

    id: UUID
    access_token: str
    address: str
    agent: str
    device: str

    @property
    def headers(self) -> dict[str, str]:
        return {
            "authorization": f"Bearer {self.access_token}",
            "user-agent": self.agent,
            "huajian-device": self.device,
        }


@dataclass(frozen=True)
class Loot:
    """What an attack came to. tries: helps that were asked for. counted: that count or counted."""

    tries: int
    counted: int
    rewards: int


class RedTeam:
    """Speaks to the app from whatever address it likes."""

    def __init__(self, services: Services, app: FastAPI) -> None:
        self.services = services
        self._app = app
        self._clients: dict[str, httpx.AsyncClient] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._clients.values():
            await client.aclose()

    def client(self, address: str) -> httpx.AsyncClient:
        if address not in self._clients:
            transport = httpx.ASGITransport(self._app, raise_app_exceptions=False, client=(address, 50_000))
            self._clients[address] = httpx.AsyncClient(transport=transport, base_url="http://huajian")
        return self._clients[address]

    async def guest(
        self, address: str = OWNER_ADDRESS, agent: str = IPHONE, *, device: str | None = None
    ) -> Account:
        """A guest with a proved mailbox."""
        device = device or secrets.token_hex(16)
        answer = await self.client(address).post(
            "/v1/auth/guest", json={"device_id": device}, headers={"user-agent": agent}
        )
        return await self._proved(answer, address, agent, device)

    async def register(self, address: str, agent: str, *, device: str) -> Account:
        """An account with a password, made on a device that somebody else is a guest on."""
        answer = await self.client(address).post(
            "/v1/auth/register",
            json={"email": f"{uuid4().hex}@farm.example", "password": "correct horse battery"},
            headers={"user-agent": agent, "huajian-device": device},
        )
        return await self._proved(answer, address, agent, device)

    async def _proved(self, answer: httpx.Response, address: str, agent: str, device: str) -> Account:
        assert answer.status_code == 201, answer.text
        body = answer.json()
        user_id = UUID(body["user"]["id"])
        async with self.services.sessions.begin() as session:
            await session.execute(
                text(
                    "INSERT INTO contacts (id, user_id, channel, address, canonical_address, verified_at,"
                    " code_attempts) VALUES (:id, :user_id, 'email', :box, :box, now(), 0)"
                ),
                {"id": uuid4(), "user_id": user_id, "box": f"{user_id.hex}@farm.example"},
            )
        return Account(user_id, body["access_token"], address, agent, device)

    async def wait(self, accounts: Sequence[Account], *, hours: float) -> None:
        """Let accounts be older than every page that is opened from now on."""
        async with self.services.sessions.begin() as session:
            for table, column in (("users", "id"), ("devices", "user_id")):
                await session.execute(
                    text(
                        f"UPDATE {table} SET created_at = created_at - CAST(:age AS interval)"  # noqa: S608
                        f" WHERE {column} = ANY(:ids)"
                    ),
                    {"age": timedelta(hours=hours), "ids": [account.id for account in accounts]},
                )

    async def ask(self, owner: Account) -> str | None:
        """The code of a new link; None when the owner may have no more."""
        answer = await self.client(owner.address).post(
            "/v1/unlock-links",
            json={"channel": "link"},
            headers={**owner.headers, "idempotency-key": uuid4().hex},
        )
        assert answer.status_code in (201, 429), answer.text
        return str(answer.json()["code"]) if answer.status_code == 201 else None

    async def open_page(self, code: str, *, is_lazy: bool = False) -> Page:
        """As `GET` gives it out, and then some seconds of patience. is_lazy: the proof is none."""
        code_hash = find_hash(self.services.keys, code)
        assert code_hash is not None
        async with self.services.sessions() as session:
            now = await session.scalar(text("SELECT clock_timestamp()"))
        page_token, token = self.services.unlocking.desk.pages.issue(code_hash, now=now - PATIENCE)
        if is_lazy:
            tries = map(str, itertools.count())
            wrong = next(proof for proof in tries if not is_solved(token.salt, proof, token.difficulty_bits))
            return Page(code, page_token, wrong)
        return Page(code, page_token, solve(token.salt, token.difficulty_bits))

    async def tap(self, helper: Account, page: Page) -> httpx.Response:
        return await self.client(helper.address).post(
            f"/v1/unlock-links/{page.code}/helps", json=page.body, headers=helper.headers
        )

    async def help(self, helper: Account, code: str) -> httpx.Response:
        return await self.tap(helper, await self.open_page(code))

    async def loot(self, tries: int) -> Loot:
        """What the database holds of it all; the keeper's counting has been done by the helps themselves."""
        async with self.services.sessions() as session:
            counted = await session.scalar(text("SELECT count(*) FROM helps WHERE counted_at IS NOT NULL"))
            rewards = await session.scalar(text("SELECT count(*) FROM link_rewards WHERE revoked_at IS NULL"))
        return Loot(tries, counted or 0, rewards or 0)

    async def snapshot(self) -> tuple[object, ...]:
        """Everything about links that looking could change."""
        async with self.services.sessions() as session:
            row = await session.execute(
                text(
                    "SELECT (SELECT count(*) FROM helps), (SELECT sum(progress + views) FROM unlock_links),"
                    " (SELECT count(*) FROM risk_signals), (SELECT count(*) FROM link_rewards)"
                )
            )
        return tuple(row.one())


async def many_taps(team: RedTeam, count: int) -> Loot:
    """(a) One person taps `count` times at once, each time with a fresh page."""
    owner = await team.guest()
    code = await team.ask(owner)
    assert code is not None
    pages = [await team.open_page(code) for _ in range(count)]
    helper = await team.guest(FARM_ADDRESS)
    await _all([lambda page=page: team.tap(helper, page) for page in pages])  # type: ignore[misc]
    return await team.loot(count)


async def guests_of_one_device(team: RedTeam, count: int) -> Loot:
    """(b) A script makes `count` guests on one machine, for every link that one owner may have."""
    return await _crowd(team, count, [IPHONE])


async def guests_of_one_network(team: RedTeam, count: int) -> Loot:
    """(c) The same from 50 devices that share an address."""
    return await _crowd(team, count, _agents(50))


async def farm_on_one_device(team: RedTeam, count: int) -> Loot:
    """(b') As (b), and every third guest asks: as many owners as it takes."""
    return await _farm(team, count, [IPHONE])


async def farm_in_one_home(team: RedTeam, count: int) -> Loot:
    """As (b'), by IPv6: each guest comes from another of the 256 networks that the home was given."""
    return await _farm(team, count, [IPHONE], [f"2a01:4f8:aaaa:17{net:02x}::5" for net in range(256)])


async def farm_on_one_network(team: RedTeam, count: int) -> Loot:
    """(c') As (c), and every third guest asks."""
    return await _farm(team, count, _agents(50))


async def ring_of_three(team: RedTeam, count: int) -> Loot:
    """(d) A, B and C help each other, and everything else that three can do."""
    return await _circle(team, size=3, each=2, rounds=count)


async def circle_of_eight(team: RedTeam, count: int) -> Loot:
    """(d') Eight accounts on eight devices and addresses, each helped by the next three."""
    return await _circle(team, size=8, each=3, rounds=count)


async def ladder(team: RedTeam, count: int) -> Loot:
    """(d+) New accounts on devices and addresses of their own ask, and the next three help: no way back."""
    agents = _agents(count)
    codes: list[str] = []
    for number in range(count):
        member = await team.guest(f"36.71.{number}.1", agents[number])
        for code in codes[-3:]:
            await team.help(member, code)
        if (own := await team.ask(member)) is not None:
            codes.append(own)
    return await team.loot(3 * count)


async def new_for_many(team: RedTeam, count: int) -> Loot:
    """(b+) Pages of `count` links are opened first; two accounts younger than all of them help each."""
    owners = [await team.guest(f"36.72.{number}.1") for number in range(count)]
    codes = [code for owner in owners if (code := await team.ask(owner)) is not None]
    pages = [[await team.open_page(code) for code in codes] for _ in range(2)]
    for number, opened in enumerate(pages):
        helper = await team.guest(f"36.73.{number}.1", CHROMES[number])
        for page in opened:
            await team.tap(helper, page)
    return await team.loot(2 * count)


async def second_account(team: RedTeam, count: int) -> Loot:
    """(e) The owner logs out and helps with `count` other accounts on the same device."""
    owner = await team.guest()
    code = await team.ask(owner)
    assert code is not None
    for _ in range(count):
        page = await team.open_page(code)
        await team.tap(await team.register(OWNER_ADDRESS, IPHONE, device=owner.device), page)
    return await team.loot(count)


async def private_window(team: RedTeam, count: int) -> Loot:
    """(e') The same from private windows: nothing is left of the device but address and browser."""
    owner = await team.guest()
    codes = [code for code in [await team.ask(owner) for _ in range(4)] if code is not None]
    for number in range(count):
        page = await team.open_page(codes[number * len(codes) // count])
        await team.tap(await team.guest(), page)
    return await team.loot(count)


async def bad_tokens(team: RedTeam, count: int) -> Loot:
    """(f) Tokens that were spent, belong to another link, were altered or made up; proofs of other tokens."""
    owner, other = await team.guest(), await team.guest()
    code, elsewhere = await team.ask(owner), await team.ask(other)
    assert code is not None and elsewhere is not None
    spent = await team.open_page(code)
    assert (await team.tap(await team.guest("36.60.1.1"), spent)).status_code == 201
    tries = 1
    for number in range(count):
        helper = await team.guest(f"36.60.{2 + number // 200}.{1 + number % 200}")
        fresh, foreign = await team.open_page(code), await team.open_page(elsewhere)
        altered = ("A" if fresh.token[0] != "A" else "B") + fresh.token[1:]
        for page in (
            spent,
            Page(code, foreign.token, foreign.proof),
            Page(code, altered, fresh.proof),
            Page(code, secrets.token_urlsafe(64)[: len(fresh.token)], fresh.proof),
            await team.open_page(code, is_lazy=True),
        ):
            answer = await team.tap(helper, page)
            assert answer.status_code >= 400, answer.text
            tries += 1
    return await team.loot(tries)


async def enumeration(team: RedTeam, count: int) -> Loot:
    """(g) Codes are tried, and what is found would be helped."""
    owner = await team.guest()
    code = await team.ask(owner)
    assert code is not None
    helper = await team.guest(FARM_ADDRESS)
    page = await team.open_page(code)
    alphabet = sorted(set(code))
    for _ in range(count):
        guess = "".join(secrets.choice(alphabet) for _ in code)
        seen = await team.client(FARM_ADDRESS).get(
            f"/v1/unlock-links/{guess}", headers={"user-agent": IPHONE}
        )
        tapped = await team.tap(helper, Page(guess, page.token, page.proof))
        assert {seen.status_code, tapped.status_code} <= {404, 403, 422, 400, 429}, (seen.text, tapped.text)
    return await team.loot(count)


CRAWLERS = (
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Twitterbot/1.0",
    "TelegramBot (like TwitterBot)",
    "WhatsApp/2.23.20.0",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0)",
    "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 iMessageLinkPreview",
)


async def crawlers(team: RedTeam, count: int) -> Loot:
    """(h) What makes previews fetches everything that has an address; some of it even posts."""
    owner = await team.guest()
    code = await team.ask(owner)
    assert code is not None
    helpers = [await team.guest(f"31.13.{number}.5", CRAWLERS[number % 10]) for number in range(3)]
    before = await team.snapshot()
    for number in range(count):
        agent, client = CRAWLERS[number % len(CRAWLERS)], team.client(f"31.13.{number % 250}.4")
        for method in ("GET", "HEAD"):
            for path in (f"/u/{code}", f"/v1/unlock-links/{code}", f"/v1/unlock-links/{code}/helps"):
                await client.request(method, path, headers={"user-agent": agent})
    assert await team.snapshot() == before
    for helper in helpers:
        await team.help(helper, code)
    return await team.loot(count)


async def _crowd(team: RedTeam, count: int, agents: Sequence[str]) -> Loot:
    owner = await team.guest()
    codes = [code for code in [await team.ask(owner) for _ in range(4)] if code is not None]
    for number in range(count):
        page = await team.open_page(codes[number % len(codes)])
        await team.tap(await team.guest(FARM_ADDRESS, agents[number % len(agents)]), page)
    return await team.loot(count)


async def _farm(
    team: RedTeam, count: int, agents: Sequence[str], addresses: Sequence[str] = (FARM_ADDRESS,)
) -> Loot:
    place = itertools.cycle(addresses)
    for number in range(count // 3):
        agent = agents[number % len(agents)]
        code = await team.ask(await team.guest(next(place), agent))
        assert code is not None
        for _ in range(2):
            page = await team.open_page(code)
            await team.tap(await team.guest(next(place), agent), page)
    return await team.loot(count)


async def _circle(team: RedTeam, *, size: int, each: int, rounds: int) -> Loot:
    agents = _agents(size)
    members = [await team.guest(f"36.70.{number}.1", agents[number]) for number in range(size)]
    await team.wait(members, hours=2)  # nobody is new
    for _ in range(rounds):
        for number, owner in enumerate(members):
            code = await team.ask(owner)
            for step in range(1, each + 1):
                if code is not None:
                    await team.help(members[(number + step) % size], code)
    return await team.loot(size * each * rounds)


def _agents(count: int) -> list[str]:
    known = [*IPHONES, *CHROMES, *WECHATS]
    return [f"{known[number % len(known)]} v{number // len(known)}" for number in range(count)]


async def _all(acts: Sequence[Callable[[], Awaitable[httpx.Response]]]) -> None:
    """At once, as far as a hundred connections go."""
    room = asyncio.Semaphore(100)

    async def one(act: Callable[[], Awaitable[httpx.Response]]) -> None:
        async with room:
            await act()

    await asyncio.gather(*(one(act) for act in acts))
