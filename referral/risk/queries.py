"""What the risk score reads and writes. Hot statements are for many helps at once, on any connection."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from core.statements import Named, Statements
from models.risk import RiskSighting, RiskSignal, RiskVerdict, SightingKind
from models.user import User
from referral.risk.statements import AROUND, KEEP, PEOPLE, SIGHTINGS

MAX_DEVICES: Final = 20  # of one user
NOTE_SIGHTINGS: Final = Named(f"WITH {SIGHTINGS} SELECT count(*) FROM sightings")  # noqa: S608
KEEP_ALL: Final = Named(f"WITH {KEEP} SELECT count(*) FROM sightings")  # noqa: S608

Sighting = tuple[UUID, SightingKind, bytes]  # who was seen, on or at what, as a keyed hash


class Mailbox(NamedTuple):
    canonical_address: str
    is_verified: bool


@dataclass(frozen=True, slots=True)
class People:
    """By user, their devices and contacts, proved ones first; by device, whose guest account it carries."""

    devices: Mapping[UUID, Sequence[bytes]]
    mailboxes: Mapping[UUID, Sequence[Mailbox]]
    device_owners: Mapping[bytes, UUID]

    def proved_address(self, user_id: UUID) -> str | None:
        """The canonical address of a proved contact."""
        mine = self.mailboxes.get(user_id, ())
        return next((box.canonical_address for box in mine if box.is_verified), None)


class Surroundings(NamedTuple):
    """A help to look around for: the hashes that it is compared by, under both epochs' keys."""

    link_id: UUID
    owner_id: UUID
    helper_id: UUID
    devices: Sequence[bytes]
    addresses: Sequence[bytes]
    agents: Sequence[bytes]
    places: Sequence[bytes]
    mailboxes: Sequence[bytes]


async def read_people(
    statements: Statements, user_ids: Iterable[UUID], devices: Iterable[bytes] = ()
) -> People:
    """devices: hashes as `devices` keeps them, to learn whose they are."""
    owned: defaultdict[UUID, dict[bytes, None]] = defaultdict(dict)
    boxes: defaultdict[UUID, list[Mailbox]] = defaultdict(list)
    owners: dict[bytes, UUID] = {}
    for row in await statements.fetch(PEOPLE, list(set(user_ids)), list(set(devices))):
        user_id, device_hash, mailbox, is_verified = row.values()
        if device_hash is None:
            boxes[user_id].append(Mailbox(mailbox, is_verified))
        else:
            owned[user_id][device_hash] = None
            owners[device_hash] = user_id
    return People({user_id: list(found) for user_id, found in owned.items()}, boxes, owners)


async def look_around(
    statements: Statements, asked: Sequence[Surroundings], *, since: datetime, settled: datetime, epoch: int
) -> list[dict[str, Any]]:
    """What others did, for each in order."""
    rows = await statements.fetch(
        AROUND,
        list(range(len(asked))),
        [one.link_id for one in asked],
        [one.owner_id for one in asked],
        [one.helper_id for one in asked],
        [_array(one.devices) for one in asked],
        [_array(one.addresses) for one in asked],
        [_array(one.agents) for one in asked],
        [_array(one.places) for one in asked],
        [_array(one.mailboxes) for one in asked],
        since,
        settled,
        epoch,
    )
    _, *names = rows[0].keys() if rows else ("i",)
    found = {}
    for row in rows:
        number, *facts = row.values()
        found[number] = dict(zip(names, facts, strict=True))
    return [found[number] for number in range(len(asked))]


def _array(hashes: Iterable[bytes]) -> str:
    """A literal of `bytea[]`: lists of different lengths fit into no array of arrays."""
    return "{" + ",".join(f'"\\\\x{hashed.hex()}"' for hashed in hashes) + "}"


async def created_at(session: AsyncSession, user_id: UUID) -> datetime:
    return (await session.scalars(select(User.created_at).where(User.id == user_id))).one()


async def note_sightings(
    statements: Statements, sightings: Iterable[Sighting], *, epoch: int, now: datetime
) -> None:
    """Remember them, or that they were seen again."""
    await NOTE_SIGHTINGS.fetch(statements, sighting_columns(sightings) | {"epoch": epoch, "now": now})


def sighting_columns(sightings: Iterable[Sighting]) -> dict[str, Any]:
    """Each once and in one order, so that rows are locked alike."""
    seen = sorted(set(sightings), key=lambda sighting: (sighting[1], sighting[2], sighting[0]))
    return {
        "seen_kinds": [kind.value for _, kind, _ in seen],
        "seen_hashes": [hashed for _, _, hashed in seen],
        "seen_users": [user_id for user_id, _, _ in seen],
    }


async def keep(statements: Statements, kept: Mapping[str, Any]) -> None:
    """Signals and verdicts of helps, and where their helpers were seen. kept: the values of `KEEP`."""
    await KEEP_ALL.fetch(statements, kept)


async def find_signal(session: AsyncSession, help_id: UUID) -> RiskSignal | None:
    return await session.get(RiskSignal, help_id)


async def set_mailbox(session: AsyncSession, helper_id: UUID, mailbox_hash: bytes, *, epoch: int) -> None:
    """Of the helps of an epoch that the helper gave before they proved a contact."""
    await session.execute(
        update(RiskSignal)
        .where(
            RiskSignal.helper_id == helper_id,
            RiskSignal.epoch == epoch,
            RiskSignal.mailbox_hash.is_(None),
        )
        .values(mailbox_hash=mailbox_hash)
    )


async def find_verdict(session: AsyncSession, help_id: UUID) -> RiskVerdict | None:
    """The latest verdict on a help."""
    statement = (
        select(RiskVerdict)
        .where(RiskVerdict.help_id == help_id)
        .order_by(RiskVerdict.created_at.desc(), RiskVerdict.id.desc())
        .limit(1)
    )
    return await session.scalar(statement)


async def list_verdicts(session: AsyncSession, help_ids: Sequence[UUID]) -> Mapping[UUID, RiskVerdict]:
    """The latest verdict on each of these helps."""
    statement = (
        select(RiskVerdict)
        .ext(distinct_on(RiskVerdict.help_id))
        .where(RiskVerdict.help_id.in_(help_ids))
        .order_by(RiskVerdict.help_id, RiskVerdict.created_at.desc(), RiskVerdict.id.desc())
    )
    return {verdict.help_id: verdict for verdict in await session.scalars(statement)}


async def purge(session: AsyncSession, *, before: datetime, limit: int) -> int:
    """Forget what is older; how many rows, at most `limit` of each kind."""
    signals = select(RiskSignal.help_id).where(RiskSignal.created_at < before).limit(limit)
    verdicts = select(RiskVerdict.id).where(RiskVerdict.created_at < before).limit(limit)
    gone = await session.execute(
        delete(RiskSignal).where(RiskSignal.help_id.in_(signals)).returning(RiskSignal.help_id)
    )
    gone_verdicts = await session.execute(
        delete(RiskVerdict).where(RiskVerdict.id.in_(verdicts)).returning(RiskVerdict.id)
    )
    return len(gone.all()) + len(gone_verdicts.all()) + await _purge_sightings(session, before, limit)


async def _purge_sightings(session: AsyncSession, before: datetime, limit: int) -> int:
    old = (
        select(RiskSighting.kind, RiskSighting.hash, RiskSighting.user_id)
        .where(RiskSighting.seen_at < before)
        .limit(limit)
        .subquery()
    )
    statement = (
        delete(RiskSighting)
        .where(
            RiskSighting.kind == old.c.kind,
            RiskSighting.hash == old.c.hash,
            RiskSighting.user_id == old.c.user_id,
        )
        .returning(RiskSighting.user_id)
    )
    return len((await session.execute(statement)).all())
