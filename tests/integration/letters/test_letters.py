"""Letters are written once, sent once, tried again for a day, and never sent to who has no address."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from models.credit import CreditAccount
from models.letter import Letter, LetterKind, LetterState
from models.order import ReturnReason
from models.user import Channel, Contact, User
from service.letters import queries
from service.letters.sending import MOST_ATTEMPTS, send_next
from service.letters.writing import TEXTS
from service.wiring import Services
from tests.factories.people import Person, SignIn
from tests.fakes.clock import MovableClock
from tests.fakes.mailer import KeepingMailer

DUE: dict[str, Any] = {
    "tier": "gold",
    "currency": "CNY",
    "price_minor": 2500,
    "at": "2026-12-27T18:00:00.000Z",  # the 28th in Shanghai
}
TERMS = [
    *("renews", "ends_by_itself", "withdrawal", "withdrawal_whole"),
    *(
        "withdrawn_ended",
        "withdrawn_shortened",
        "withdrawn_whole",
        "withdrawn_part",
        "withdrawn_used_up",
        "withdrawn_owing",
    ),
    *("returned_withdrawn_part", *(f"returned_{reason}" for reason in ReturnReason)),
]
BOUGHT: dict[str, Any] = {
    "item": "membership:gold",
    "tier": "gold",
    "order": "0199c3f2",
    "currency": "USD",
    "price_minor": 149,
    "kept_minor": 59,
    "at": "2026-11-28T08:00:00.000Z",
    "base_url": "https://huajian.example",
    "consent": "2026-11-28",
    "terms": ["renews", "withdrawal"],
}


@pytest.fixture
def mailer() -> KeepingMailer:
    return KeepingMailer()


async def know_address(
    services: Services, user_id: UUID, address: str = "zhixia@example.com", language: str = "en"
) -> None:
    """Let it be verified; its owner reads that language and lives in Shanghai."""
    async with services.sessions.begin() as session:
        (await session.get_one(User, user_id)).locale = language
        (await session.get_one(CreditAccount, user_id)).billing_timezone = "Asia/Shanghai"
        session.add(
            Contact(
                user_id=user_id,
                channel=Channel.EMAIL,
                address=address,
                canonical_address=address,
                verified_at=services.clock(),
            )
        )


async def write(
    services: Services, person: Person, kind: LetterKind = LetterKind.RENEWAL_DUE, **facts: Any
) -> bool:
    async with services.sessions.begin() as session:
        return await queries.write_once(session, person.id, kind, "key", facts or DUE, now=services.clock())


async def send(services: Services, mailer: KeepingMailer) -> bool:
    return await send_next(
        services.sessions, mailer, services.catalog, base_url="https://pages.example", now=services.clock()
    )


async def states(services: Services) -> list[LetterState]:
    async with services.sessions() as session:
        return list((await session.scalars(select(Letter.state).order_by(Letter.id))).all())


class TestSending:
    async def test_what_is_told_twice_is_sent_once(
        self, services: Services, sign_in: SignIn, mailer: KeepingMailer
    ) -> None:
        person = await sign_in()
        await know_address(services, person.id)
        assert [await write(services, person), await write(services, person)] == [True, False]
        assert [await send(services, mailer), await send(services, mailer)] == [True, False]
        (sent,) = mailer.sent
        assert sent.address == "zhixia@example.com"
        assert await states(services) == [LetterState.SENT]

    async def test_who_has_no_verified_address_gets_none(
        self, services: Services, sign_in: SignIn, mailer: KeepingMailer
    ) -> None:
        await write(services, await sign_in())
        assert await send(services, mailer)
        assert (mailer.sent, await states(services)) == ([], [LetterState.DROPPED])

    async def test_a_mail_server_that_is_away_is_asked_again_later_and_not_for_ever(
        self, services: Services, sign_in: SignIn, mailer: KeepingMailer, clock: MovableClock
    ) -> None:
        person = await sign_in()
        await know_address(services, person.id)
        await write(services, person)
        mailer.failures = 2
        waits = []
        for _ in range(3):
            start = clock()
            while not await send(services, mailer):
                clock.advance(seconds=30)
            waits.append(clock() - start)
        assert waits == [timedelta(), timedelta(minutes=1), timedelta(minutes=2)]
        assert len(mailer.sent) == 1

    async def test_a_letter_that_is_always_refused_is_dropped_in_the_end(
        self, services: Services, sign_in: SignIn, mailer: KeepingMailer, clock: MovableClock
    ) -> None:
        person = await sign_in()
        await know_address(services, person.id)
        await write(services, person)
        mailer.failures = MOST_ATTEMPTS
        start = clock()
        for _ in range(MOST_ATTEMPTS):
            while not await send(services, mailer):
                clock.advance(hours=1)
        assert await states(services) == [LetterState.DROPPED]
        assert clock() - start > timedelta(days=1)
        assert not await send(services, mailer)

    async def test_a_sender_that_died_leaves_the_letter_to_the_next(
        self, services: Services, sign_in: SignIn, mailer: KeepingMailer, clock: MovableClock
    ) -> None:
        person = await sign_in()
        await know_address(services, person.id)
        await write(services, person)
        async with services.sessions.begin() as session:
            assert await queries.claim(session, now=clock()) is not None
        assert not await send(services, mailer)
        clock.advance(seconds=queries.LEASE.total_seconds())
        assert await send(services, mailer)
        assert len(mailer.sent) == 1


class TestWords:
    @pytest.mark.parametrize(
        ("language", "subject", "words"),
        [
            ("zh", "金卡会员将于2026年12月28日续费 ¥25.00", "https://pages.example/membership"),
            ("en", "Your Gold membership renews on December 28, 2026 for CN¥25.00", '"Cancel membership"'),
        ],
    )
    async def test_a_notice_names_price_day_and_way_out_in_the_readers_language_and_day(
        self,
        services: Services,
        sign_in: SignIn,
        mailer: KeepingMailer,
        language: str,
        subject: str,
        words: str,
    ) -> None:
        person = await sign_in()
        await know_address(services, person.id, language=language)
        await write(services, person)
        await send(services, mailer)
        assert mailer.sent[0].subject == subject
        assert words in mailer.sent[0].body

    async def test_a_confirmation_says_what_was_bought_and_agreed_to(
        self, services: Services, sign_in: SignIn, mailer: KeepingMailer
    ) -> None:
        person = await sign_in()
        await know_address(services, person.id)
        await write(services, person, LetterKind.ORDER_CONFIRMED, **BOUGHT)
        await send(services, mailer)
        body = mailer.sent[0].body
        for words in (
            "Gold membership",
            "Paid: $1.49",
            "each month at $3.99",
            "within 14 days",
            "https://huajian.example/orders/0199c3f2",
            "Please start at once",
        ):
            assert words in body

    async def test_no_letter_has_a_place_that_nothing_fills(
        self, services: Services, sign_in: SignIn, mailer: KeepingMailer
    ) -> None:
        for language in ("zh", "en"):
            person = await sign_in()
            await know_address(services, person.id, f"{language}@example.com", language)
            for kind in LetterKind:
                async with services.sessions.begin() as session:
                    facts = {**BOUGHT, "until": DUE["at"], "terms": TERMS}
                    await queries.write_once(session, person.id, kind, language, facts, now=services.clock())
        while await send(services, mailer):
            pass
        assert len(mailer.sent) == 2 * len(LetterKind)
        for sent in mailer.sent:
            assert not re.search(r"[{}]", sent.subject + sent.body), sent

    def test_every_text_is_there_in_both_languages(self) -> None:
        assert all(set(text) == {"zh", "en"} for text in TEXTS.values())
