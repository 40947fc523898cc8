"""From helps to their signals: what the database and the velocity windows know of them at this moment."""

from collections.abc import Container, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from core.statements import SessionStatements, Statements
from models.risk import RiskSignal
from referral.risk import queries
from referral.risk.attempts import HelpAttempt
from referral.risk.mailboxes import is_disposable
from referral.risk.pseudonyms import Pseudonyms, epoch_of
from referral.risk.queries import People, Surroundings
from referral.risk.signals import HelpSignals
from referral.risk.traces import Tracer, Traces, kept_traces
from referral.risk.windows import Counter, VelocityWindows

LOOK_BACK: Final = timedelta(days=30)
LEAF_AGE: Final = timedelta(days=1)  # before that nobody has to have made anything
HOUR: Final = 3600
DAY: Final = 24 * HOUR
FIVE_MINUTES: Final = 300


class Gathered(NamedTuple):
    """A help with what it gave away and what the score makes of it."""

    attempt: HelpAttempt
    traces: Traces
    signals: HelpSignals


class Pace(NamedTuple):
    """How often lately, this help included."""

    new_at_address: int = 0
    new_alike: int = 0
    helps_today: int = 0
    helps_for_owner: int = 0
    owner_at_place: int = 0
    new_helps: int = 0
    pairs_at_place: int = 0
    pairs_at_address: int = 0


class Around(NamedTuple):
    """What can be found at any time, not only at the tap.

    facts: of `HelpSignals`. is_owner_address: whether the owner was seen at this address. is_device_known:
    whether anybody but the helper was seen on the device that asks.
    """

    facts: dict[str, Any]
    is_owner_address: bool
    is_device_known: bool


Paces = dict[UUID, Pace | None]  # of helps that were counted, by id. None: Redis was away


async def gather(
    statements: Statements,
    windows: VelocityWindows,
    tracer: Tracer,
    attempts: Sequence[HelpAttempt],
    sent: Sequence[bytes | None],
    people: People,
    *,
    came: Container[UUID],
    paces: Paces,
    now: datetime,
) -> list[Gathered]:
    """Everything the score needs of helps that come in together, in two round trips.

    Args:
        sent: the device that each request names, as `devices` keeps it.
        people: owners and helpers, and whose the devices are that ask.
        came: helps whose helper, new or not, is decided here: new on a device on which nobody else was seen
            in the last 90 to 180 days, also after they left.
        paces: helps that are in there are not counted in the windows again; the others come in.
    """
    devices = [
        distinct_devices(device, people.devices.get(attempt.helper_id, ()))
        for attempt, device in zip(attempts, sent, strict=True)
    ]
    traces = [
        tracer.trace(attempt.sender, mine, people.proved_address(attempt.helper_id), now=now)
        for attempt, mine in zip(attempts, devices, strict=True)
    ]
    around = await _look_around(statements, list(zip(attempts, traces, strict=True)), people, now)
    attempts = [
        _settle_new(attempt, mine, found, people) if attempt.help_id in came else attempt
        for attempt, mine, found in zip(attempts, devices, around, strict=True)
    ]
    counters = {
        attempt.help_id: _counters(attempt, left, found)
        for attempt, left, found in zip(attempts, traces, around, strict=True)
        if attempt.help_id not in paces
    }
    paces.update(await _count(windows, counters, now))
    return [
        Gathered(
            attempt,
            left,
            HelpSignals(
                **found.facts
                | _tell(attempt, left, found.facts, mine, people)
                | _pace(found.facts, paces[attempt.help_id])
            ),
        )
        for attempt, left, mine, found in zip(attempts, traces, devices, around, strict=True)
    ]


def _settle_new(attempt: HelpAttempt, devices: Sequence[bytes], found: Around, people: People) -> HelpAttempt:
    is_theirs = _carried(devices, people) in (None, attempt.helper_id)
    return attempt._replace(is_new=is_theirs and not found.is_device_known)


def _carried(devices: Sequence[bytes], people: People) -> UUID | None:
    """Whose guest account the device that asks carries."""
    return people.device_owners.get(devices[0]) if devices else None


async def regather(
    session: AsyncSession, pseudonyms: Pseudonyms, signal: RiskSignal, *, now: datetime
) -> HelpSignals:
    """What others did since, and what became of the helper."""
    statements = SessionStatements(session)
    people = await queries.read_people(statements, (signal.owner_id, signal.helper_id))
    address = people.proved_address(signal.helper_id)
    proved = () if address is None else pseudonyms.hashes(epoch_of(now), "mailbox", address)
    (found,) = await _look_around(statements, [(signal, kept_traces(signal, proved))], people, now)
    age = now - await queries.created_at(session, signal.helper_id)
    return HelpSignals(**found.facts, is_new=signal.is_new, account_days=age / timedelta(days=1))


async def keep_mailbox(
    session: AsyncSession, pseudonyms: Pseudonyms, helper_id: UUID, *, now: datetime
) -> None:
    """Before a helper's contacts are erased: the mailbox that they proved is free again, and must be known.

    As long as they are here nobody else can prove it, so it need not be written down before.
    """
    people = await queries.read_people(SessionStatements(session), [helper_id])
    address = people.proved_address(helper_id)
    if address is not None:
        for epoch in (epoch_of(now), epoch_of(now) - 1):  # nobody looks further back
            hashed = pseudonyms.hash_of(epoch, "mailbox", address)
            await queries.set_mailbox(session, helper_id, hashed, epoch=epoch)


def distinct_devices(sent: bytes | None, known: Sequence[bytes]) -> list[bytes]:
    """The device that asks first, then those that the user signed in on; each once."""
    return list(dict.fromkeys([*([sent] if sent is not None else []), *known]))[: queries.MAX_DEVICES]


def _tell(
    attempt: HelpAttempt, traces: Traces, common: dict[str, Any], devices: Sequence[bytes], people: People
) -> dict[str, Any]:
    """What only the tap itself tells, beside what can be found at any time."""
    owned = people.devices.get(attempt.owner_id, ())
    is_somebodys = _carried(devices, people) not in (None, attempt.owner_id, attempt.helper_id)
    return {
        "is_new": attempt.is_new,
        "agent": traces.agent.kind,
        "is_datacentre": traces.is_datacentre,
        "is_own_device": common["is_own_device"] or not set(owned).isdisjoint(devices),
        "accounts_on_device": max(common["accounts_on_device"], is_somebodys),
        "has_device": bool(devices),
        "tap_seconds": attempt.tap_seconds,
        "sign_up_seconds": attempt.sign_up_seconds,
        "account_days": (attempt.tapped_at - attempt.helper_created_at) / timedelta(days=1),
    }


def _counters(attempt: HelpAttempt, traces: Traces, found: Around) -> dict[str, Counter]:
    def counter(name: str, subject: str, seconds: int) -> Counter:
        return Counter(name, subject, seconds, attempt.link_id.bytes + attempt.helper_id.bytes)

    counters = {
        "helps_today": counter("helper", str(attempt.helper_id), DAY),
        "helps_for_owner": counter("owner", str(attempt.owner_id), FIVE_MINUTES),
    }
    if traces.place:
        subject = f"{attempt.owner_id}:{traces.place[0].hex()}"
        counters["owner_at_place"] = counter("place", subject, DAY)
    if attempt.is_new:
        counters["new_helps"] = counter("new-by", str(attempt.helper_id), DAY)
    if attempt.is_new and traces.address and traces.network:
        counters["new_at_address"] = counter("new-at", traces.address[0].hex(), HOUR)
        alike = (traces.network[0] + (traces.agent_text or (b"",))[0]).hex()
        counters["new_alike"] = counter("new-alike", alike, HOUR)
        if found.is_owner_address:
            counters["pairs_at_address"] = counter("pairs-at", traces.address[0].hex(), DAY)
        if found.facts["is_owner_place"]:
            counters["pairs_at_place"] = counter("pairs", traces.place[0].hex(), DAY)
    return counters


async def _count(windows: VelocityWindows, counters: dict[UUID, dict[str, Counter]], now: datetime) -> Paces:
    """Count helps one after the other, in one script: each sees those before it."""
    if not counters:
        return {}
    flat = [counter for mine in counters.values() for counter in mine.values()]
    counts = await windows.count(flat, now=now)
    if counts is None:
        return dict.fromkeys(counters)
    left = iter(counts)
    return {help_id: Pace(**{name: next(left) for name in mine}) for help_id, mine in counters.items()}


def _pace(common: dict[str, Any], pace: Pace | None) -> dict[str, Any]:
    if pace is None:
        return {"has_windows": False}
    return {
        "new_at_address": pace.new_at_address,
        "new_alike": pace.new_alike,
        "helps_today": pace.helps_today,
        "helps_for_owner": pace.helps_for_owner,
        "new_helps": pace.new_helps,
        "pairs_at_place": pace.pairs_at_place,
        "pairs_at_address": pace.pairs_at_address,
        # Of helps at the same moment each sees in the windows what none sees in the database yet.
        "others_at_place": max(common["others_at_place"], pace.owner_at_place - 1),
    }


async def _look_around(
    statements: Statements,
    meant: Sequence[tuple[HelpAttempt | RiskSignal, Traces]],
    people: People,
    now: datetime,
) -> list[Around]:
    """For each in order."""
    asked = [
        Surroundings(
            one.link_id,
            one.owner_id,
            one.helper_id,
            traces.device_hashes,
            traces.address,
            traces.agent_text,
            traces.place,
            traces.mailbox,
        )
        for one, traces in meant
    ]
    found = await queries.look_around(
        statements, asked, since=now - LOOK_BACK, settled=now - LEAF_AGE, epoch=epoch_of(now)
    )
    return [_read(one, people, row) for (one, _), row in zip(meant, found, strict=True)]


def _read(one: HelpAttempt | RiskSignal, people: People, found: dict[str, Any]) -> Around:
    is_owner_address, is_device_known = found.pop("is_owner_address"), found.pop("is_device_known")
    mine = people.mailboxes.get(one.helper_id, ())
    owned = {box.canonical_address for box in people.mailboxes.get(one.owner_id, ())}
    found["is_own_mailbox"] = any(box.canonical_address in owned for box in mine)
    found["is_verified"] = any(box.is_verified for box in mine)
    found["is_disposable"] = any(is_disposable(box.canonical_address) for box in mine)
    return Around(found, is_owner_address, is_device_known)
