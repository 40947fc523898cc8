"""Plays honest helps to the risk score, against a real database and a real Redis."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from billing.catalog import FREE
from core.ids import new_id
from core.keys import Keys
from models.credit import CreditAccount
from models.generation import Generation, JobState
from models.risk import RiskDecision
from models.user import Channel, Contact, Device, Role, User
from referral.risk.assessor import Assessor
from referral.risk.attempts import HelpAttempt, Sender
from tests.factories.honest_helps import Person, Tap


@dataclass
class Tally:
    """What became of them. `codes`: of the reasons against those that were held or denied."""

    effects: Counter[RiskDecision] = field(default_factory=Counter)
    groups: Counter[tuple[str, RiskDecision]] = field(default_factory=Counter)
    codes: Counter[tuple[RiskDecision, str]] = field(default_factory=Counter)

    @property
    def count(self) -> int:
        return self.effects.total()

    def share(self, effect: RiskDecision) -> float:
        return self.effects[effect] / self.count


class Replay:
    """Everybody's rows, then the taps one after the other."""

    def __init__(self, session: AsyncSession, assessor: Assessor, keys: Keys, start: datetime) -> None:
        self._session = session
        self._assessor = assessor
        self._keys = keys
        self._start = start
        self._ids: dict[int, UUID] = {}
        self._noted: set[int] = set()
        self._links: dict[tuple[int, int], UUID] = {}
        self._works_due: list[tuple[datetime, UUID]] = []

    async def play(self, people: Sequence[Person], taps: Sequence[Tap]) -> Tally:
        """`taps` in order of time."""
        await self._enter(people, taps)
        tally = Tally()
        for tap in taps:
            await self._make_works(tap.at)
            effect = await self._tap(tap, tally)
            tally.effects[effect] += 1
            tally.groups[tap.group, effect] += 1
        return tally

    async def _tap(self, tap: Tap, tally: Tally) -> RiskDecision:
        owner_id, helper_id = self._ids[tap.owner.number], self._ids[tap.helper.number]
        if tap.owner.number not in self._noted:
            self._noted.add(tap.owner.number)
            sender = Sender(tap.owner.home, tap.owner.agent, tap.owner.device)
            await self._assessor.note_owner(
                self._session, owner_id, sender, now=tap.at - timedelta(minutes=30)
            )
        attempt = HelpAttempt(
            help_id=new_id(),
            link_id=self._links.setdefault((tap.owner.number, tap.round), new_id()),
            owner_id=owner_id,
            helper_id=helper_id,
            is_new=tap.is_new,
            helper_created_at=self._born(tap.helper, tap),
            page_issued_at=tap.at - timedelta(seconds=tap.seconds),
            tapped_at=tap.at,
            sender=Sender(tap.address, tap.helper.agent, tap.device),
        )
        verdict = await self._assessor.weigh_help(self._session, attempt, now=tap.at)
        if verdict.effect is not RiskDecision.ALLOW:
            tally.codes.update((verdict.effect, code) for code in verdict.codes)
        if tap.makes_work:
            self._works_due.append((tap.at + timedelta(hours=6), helper_id))
        return verdict.effect

    def _born(self, person: Person, tap: Tap | None) -> datetime:
        if person.created_days is not None:
            return self._start - timedelta(days=person.created_days)
        return tap.at - timedelta(seconds=tap.seconds / 2) if tap else self._start

    async def _enter(self, people: Sequence[Person], taps: Sequence[Tap]) -> None:
        first = {tap.helper.number: tap for tap in reversed(taps)}
        self._ids = {person.number: new_id() for person in people}
        born = {person.number: self._born(person, first.get(person.number)) for person in people}
        rows: dict[type[Any], list[dict[str, Any]]] = {
            User: [], CreditAccount: [], Device: [], Contact: [], Generation: []
        }  # fmt: skip
        for person in people:
            user_id, at = self._ids[person.number], born[person.number]
            rows[User].append({"id": user_id, "role": Role.USER, "locale": "zh", "created_at": at})
            rows[CreditAccount].append({"user_id": user_id, "tier": FREE, "billing_timezone": "UTC"})
            device_hash = self._keys.digest("device", person.device)
            rows[Device].append({"user_id": user_id, "device_hash": device_hash, "created_at": at})
            rows[Generation] += [self._work(user_id, at) for _ in range(person.works)]
            if person.mailbox is not None:
                rows[Contact].append(_contact(user_id, person.mailbox, at))
        for table, values in rows.items():
            for begin in range(0, len(values), 1000):
                await self._session.execute(insert(table), values[begin : begin + 1000])

    async def _make_works(self, now: datetime) -> None:
        due = [user_id for at, user_id in self._works_due if at <= now]
        if due:
            self._works_due = [(at, user_id) for at, user_id in self._works_due if at > now]
            await self._session.execute(insert(Generation), [self._work(user_id, now) for user_id in due])

    @staticmethod
    def _work(user_id: UUID, at: datetime) -> dict[str, Any]:
        return {
            "owner_id": user_id,
            "idempotency_key": uuid4().hex,
            "request_hash": b"",
            "kind": "card",
            "spec": {},
            "tier": FREE,
            "batch_key": "card",
            "price_credits": 1,
            "state": JobState.SUCCEEDED,
            "fair_time": at,
            "finished_at": at,
            "created_at": at,
        }


def _contact(user_id: UUID, address: str, at: datetime) -> dict[str, Any]:
    return {
        "user_id": user_id,
        "channel": Channel.EMAIL,
        "address": address,
        "canonical_address": address,
        "verified_at": at,
        "created_at": at,
    }
