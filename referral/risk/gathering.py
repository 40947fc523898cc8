"""From a help to its signals: what the database and the velocity windows know of it at this moment."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from models.risk import RiskSignal
from referral.risk import queries
from referral.risk.attempts import HelpAttempt
from referral.risk.mailboxes import is_disposable
from referral.risk.pseudonyms import Pseudonyms, epoch_of
from referral.risk.queries import Mailbox
from referral.risk.signals import HelpSignals
from referral.risk.traces import Tracer, Traces, kept_traces
from referral.risk.windows import Counter, VelocityWindows

LOOK_BACK: Final = timedelta(days=30)
LEAF_AGE: Final = timedelta(days=1)  # before that nobody has to have made anything
HOUR: Final = 3600
DAY: Final = 24 * HOUR
FIVE_MINUTES: Final = 300


@dataclass(frozen=True, slots=True)
class Gathered:
    signals: HelpSignals
    traces: Traces


@dataclass(frozen=True, slots=True)
class Pace:
    """How often lately, this help included. None: Redis was away."""

    new_at_address: int = 0
    new_alike: int = 0
    helps_today: int = 0
    helps_for_owner: int = 0
    owner_at_place: int = 0
    new_helps: int = 0
    pairs_at_place: int = 0
    pairs_at_address: int = 0


async def gather(
    session: AsyncSession,
    windows: VelocityWindows,
    tracer: Tracer,
    attempt: HelpAttempt,
    sent_device: bytes | None,
    *,
    now: datetime,
) -> Gathered:
    """Everything the score needs, in three round trips. Counts the help in the windows."""
    owner_id, helper_id = people = attempt.owner_id, attempt.helper_id
    known = await queries.read_people(session, people, sent_device)
    devices = distinct_devices(
        sent_device, [device for user_id, device in known.devices if user_id == helper_id]
    )
    owned = {device for user_id, device in known.devices if user_id == owner_id}
    strangers = {user_id for user_id, device in known.devices if device == sent_device} - {*people}
    mailbox = _proved(known.mailboxes, helper_id)
    traces = tracer.trace(attempt.sender, devices, mailbox, now=now)
    common, is_owner_address = await _look_around(session, attempt, traces, known.mailboxes, now)
    pace = await _pace(windows, attempt, traces, (common.is_owner_place, is_owner_address), now)
    signals = replace(
        common,
        is_new=attempt.is_new,
        agent=traces.agent.kind,
        is_datacentre=traces.is_datacentre,
        is_own_device=common.is_own_device or not owned.isdisjoint(devices),
        accounts_on_device=max(common.accounts_on_device, len(strangers)),
        has_device=bool(devices),
        tap_seconds=attempt.tap_seconds,
        sign_up_seconds=attempt.sign_up_seconds,
        account_days=(attempt.tapped_at - attempt.helper_created_at) / timedelta(days=1),
    )
    return Gathered(_with_pace(signals, pace), traces)


async def regather(
    session: AsyncSession, pseudonyms: Pseudonyms, signal: RiskSignal, *, now: datetime
) -> HelpSignals:
    """What others did since, and what became of the helper. A contact that was proved since is kept."""
    mailboxes = (await queries.read_people(session, (signal.owner_id, signal.helper_id))).mailboxes
    proved, mailbox = _proved(mailboxes, signal.helper_id), signal.mailbox_hash
    if proved is not None and mailbox is None:
        mailbox = pseudonyms.hash_of(signal.epoch, "mailbox", proved)
        await queries.set_mailbox(session, signal.help_id, mailbox)
    common, _ = await _look_around(session, signal, kept_traces(signal, mailbox), mailboxes, now)
    age = now - await queries.created_at(session, signal.helper_id)
    return replace(common, is_new=signal.is_new, account_days=age / timedelta(days=1))


def distinct_devices(sent: bytes | None, known: Sequence[bytes]) -> list[bytes]:
    """The device that asks first, then those that the user signed in on; each once."""
    return list(dict.fromkeys([*([sent] if sent is not None else []), *known]))[: queries.MAX_DEVICES]


async def _pace(
    windows: VelocityWindows,
    attempt: HelpAttempt,
    traces: Traces,
    is_owners: tuple[bool, bool],
    now: datetime,
) -> Pace | None:
    """is_owners: whether the owner was seen at this place, and at this address."""
    counters = {
        "helps_today": Counter("helper", str(attempt.helper_id), DAY),
        "helps_for_owner": Counter("owner", str(attempt.owner_id), FIVE_MINUTES),
    }
    if traces.place:
        subject = f"{attempt.owner_id}:{traces.place[0].hex()}"
        counters["owner_at_place"] = Counter("place", subject, DAY)
    if attempt.is_new:
        counters["new_helps"] = Counter("new-by", str(attempt.helper_id), DAY)
    if attempt.is_new and traces.address and traces.network:
        counters["new_at_address"] = Counter("new-at", traces.address[0].hex(), HOUR)
        alike = (traces.network[0] + (traces.agent_text or (b"",))[0]).hex()
        counters["new_alike"] = Counter("new-alike", alike, HOUR)
        if is_owners[1]:
            counters["pairs_at_address"] = Counter("pairs-at", traces.address[0].hex(), DAY)
        if is_owners[0]:
            counters["pairs_at_place"] = Counter("pairs", traces.place[0].hex(), DAY)
    counts = await windows.count(list(counters.values()), now=now)
    return None if counts is None else Pace(**dict(zip(counters, counts, strict=True)))


def _with_pace(signals: HelpSignals, pace: Pace | None) -> HelpSignals:
    if pace is None:
        return replace(signals, has_windows=False)
    return replace(
        signals,
        new_at_address=pace.new_at_address,
        new_alike=pace.new_alike,
        helps_today=pace.helps_today,
        helps_for_owner=pace.helps_for_owner,
        new_helps=pace.new_helps,
        pairs_at_place=pace.pairs_at_place,
        pairs_at_address=pace.pairs_at_address,
        # Of helps at the same moment each sees in the windows what none sees in the database yet.
        others_at_place=max(signals.others_at_place, pace.owner_at_place - 1),
    )


async def _look_around(
    session: AsyncSession,
    meant: HelpAttempt | RiskSignal,
    traces: Traces,
    mailboxes: Sequence[Mailbox],
    now: datetime,
) -> tuple[HelpSignals, bool]:
    """What can be found at any time, not only at the tap; and whether the owner was seen at this address."""
    facts: dict[str, Any] = {
        "link_id": meant.link_id,
        "owner_id": meant.owner_id,
        "helper_id": meant.helper_id,
        "since": now - LOOK_BACK,
        "settled": now - LEAF_AGE,
        "epoch": epoch_of(now),
        "devices": traces.device_hashes,
        "addresses": list(traces.address),
        "agents": list(traces.agent_text),
        "places": list(traces.place),
        "mailboxes": list(traces.mailbox),
    }
    found = await queries.look_around(session, facts)
    is_owner_address = bool(found.pop("is_owner_address"))
    mine = [box for box in mailboxes if box.user_id == meant.helper_id]
    owned = {box.canonical_address for box in mailboxes if box.user_id == meant.owner_id}
    signals = HelpSignals(
        is_own_mailbox=any(box.canonical_address in owned for box in mine),
        is_verified=any(box.is_verified for box in mine),
        is_disposable=any(is_disposable(box.canonical_address) for box in mine),
        **found,
    )
    return signals, is_owner_address


def _proved(mailboxes: Sequence[Mailbox], user_id: UUID) -> str | None:
    """The canonical address of a proved contact."""
    mine = (box.canonical_address for box in mailboxes if box.user_id == user_id and box.is_verified)
    return next(mine, None)
