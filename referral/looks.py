"""What a look at links shows, all of it in one statement; looking changes nothing."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from core.statements import Statements
from models.campaign import ShareChannel
from models.referral import LinkState
from referral.channels import ChannelStanding, standing_of
from referral.links import state_at
from referral.programme import Programme

MAX_TEXT_CHARS: Final = 4000  # of a song, whose first lines are shown

# A closed owner's link is never shown, nor one whose reward was taken back.
LOOK: Final = f"""
SELECT l.code_hash, l.id, l.owner_id, o.locale, l.state, l.channel, l.asker_name, l.work_id, l.goal,
       l.weight_new, l.weight_existing, l.reward_credits, l.progress, l.expires_at, l.ended_at,
       clock_timestamp() AS seen_at,
       s.is_on, s.reason_zh, s.reason_en,
       w.kind, w.title, left(w.text, {MAX_TEXT_CHARS}) AS text, w.language, w.provenance -> 'ai' AS ai,
       f.files
FROM unlock_links l
JOIN users o ON o.id = l.owner_id AND o.closed_at IS NULL
LEFT JOIN channel_switches s ON s.channel = l.channel
LEFT JOIN works w ON w.id = l.work_id AND w.owner_id = l.owner_id AND w.erased_at IS NULL
LEFT JOIN LATERAL (
  SELECT json_agg(json_build_object('id', id, 'role', role, 'media_type', media_type, 'width_px', width_px,
                                    'height_px', height_px, 'object_key', object_key)) AS files
  FROM work_files WHERE work_id = w.id) f ON true
WHERE l.code_hash = ANY($1::bytea[]) AND l.state <> 'revoked'
"""  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A file of a work on a link."""

    id: UUID
    role: str
    media_type: str
    width_px: int | None
    height_px: int | None
    object_key: str


@dataclass(frozen=True, slots=True)
class ShownWork:
    """The work that the owner put on a link, while it is there. is_model: a trained model made it."""

    kind: str
    title: str
    text: str | None
    language: str | None
    is_model: bool
    files: tuple[ShownFile, ...]


@dataclass(frozen=True, slots=True)
class ShownLink:
    """A link as anybody may see it. asker_locale: "zh" or "en". seen_at: the database's time."""

    id: UUID
    owner_id: UUID
    state: LinkState
    channel: ShareChannel
    asker_name: str | None
    asker_locale: str
    work_id: UUID | None
    goal: int
    weight_new: int
    weight_existing: int
    reward_credits: int
    progress: int
    expires_at: datetime
    ended_at: datetime | None
    seen_at: datetime
    standing: ChannelStanding
    work: ShownWork | None

    def state_at(self, now: datetime) -> LinkState:
        """Whether the time is over is said at once, not when the keeper comes by."""
        return state_at(self.state, self.expires_at, now)

    def is_long_over(self, now: datetime, shown_days: float) -> bool:
        """Whether it is to be found no more; an ended link is shown for some days."""
        return (self.ended_at or self.expires_at) <= now - timedelta(days=shown_days)

    @property
    def missing(self) -> int:
        return max(0, self.goal - self.progress)


async def find_links(
    statements: Statements, programme: Programme, code_hashes: Sequence[bytes]
) -> dict[bytes, ShownLink]:
    """The links that are there, by the keyed hash of their code."""
    rows = await statements.fetch(LOOK, list(code_hashes))
    return {row["code_hash"]: _link_of(row, programme) for row in rows}


def _link_of(row: Mapping[str, Any], programme: Programme) -> ShownLink:
    channel = ShareChannel(row["channel"])
    return ShownLink(
        id=row["id"],
        owner_id=row["owner_id"],
        state=LinkState(row["state"]),
        channel=channel,
        asker_name=row["asker_name"],
        asker_locale=row["locale"],
        work_id=row["work_id"],
        goal=row["goal"],
        weight_new=row["weight_new"],
        weight_existing=row["weight_existing"],
        reward_credits=row["reward_credits"],
        progress=row["progress"],
        expires_at=row["expires_at"],
        ended_at=row["ended_at"],
        seen_at=row["seen_at"],
        standing=standing_of(programme, channel, row["is_on"], row["reason_zh"], row["reason_en"]),
        work=None if row["kind"] is None else _work_of(row),
    )


def _work_of(row: Mapping[str, Any]) -> ShownWork:
    files = json.loads(row["files"] or "[]")
    return ShownWork(
        kind=row["kind"],
        title=row["title"],
        text=row["text"],
        language=row["language"],
        is_model=bool(json.loads(row["ai"] or "false")),
        files=tuple(ShownFile(**file | {"id": UUID(file["id"])}) for file in files),
    )
