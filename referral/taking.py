"""Take helps: the one statement that writes what was decided of a batch, every promise on its condition.

Hand-written: a famous link is helped hundreds of times a second, and each round trip is one of the whole
batch. Its parts run in the order of their locks, each after the one before, because it reads from it: links,
seats, days, helps, sightings, and last the month and the campaigns, which every batch of every process wants.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from core.provisional import Provisional
from referral.budgets import DRAW, HAS_DRAWN, month_of
from referral.helps import NewHelp
from referral.risk.statements import KEEP

# A link's first help sets its reward aside: it waits for the link. Otherwise whoever holds a link counts all
# that is in it; here nobody waits for them, meets a goal, or has to tell anybody.
_FOUND: Final = """
SELECT l.id, w.weight, w.is_first AND l.reserved_at IS NULL AND l.state = 'open' AS is_drawn,
       w.weight > 0 AND l.state = 'open' AND l.expires_at >= :now AND l.progress + w.weight < l.goal
         AS is_counted
FROM wanted w JOIN unlock_links l USING (id)
"""
_LINKS: Final = f"""
wanted AS (
  SELECT * FROM unnest(:links::uuid[], :link_weights::int[], :are_first::bool[]) AS t(id, weight, is_first)
), found AS (
  ({_FOUND} WHERE w.is_first ORDER BY l.id FOR NO KEY UPDATE OF l)
), free AS (
  {_FOUND} WHERE NOT w.is_first ORDER BY l.id FOR NO KEY UPDATE OF l SKIP LOCKED
), links AS (
  UPDATE unlock_links l
  SET reserved_at = CASE WHEN t.is_drawn THEN :now ELSE l.reserved_at END,
      budget_month = CASE WHEN t.is_drawn THEN :month ELSE l.budget_month END,
      progress = CASE WHEN t.is_counted THEN l.progress + t.weight ELSE l.progress END,
      version = l.version + t.is_counted::int
  FROM (SELECT * FROM found UNION ALL SELECT * FROM free) AS t
  WHERE l.id = t.id AND (t.is_drawn OR t.is_counted)
  RETURNING l.id, l.progress, l.reward_credits, l.campaign_id, t.is_drawn, t.is_counted
)"""  # noqa: S608 - of the one above
_SEATS: Final = """
sat AS (
  SELECT s.link_id, s.shard, t.count
  FROM (SELECT count(*) FROM links) AS before,
       unnest(:seat_links::uuid[], :seat_shards::smallint[], :seat_counts::int[]) AS t(link_id, shard, count)
  JOIN unlock_link_seats s USING (link_id, shard)
  ORDER BY s.link_id, s.shard FOR NO KEY UPDATE OF s
), seats AS (
  UPDATE unlock_link_seats s SET taken = s.taken + sat.count
  FROM sat WHERE s.link_id = sat.link_id AND s.shard = sat.shard AND s.taken + sat.count <= s.seats
  RETURNING s.link_id
), days AS (
  INSERT INTO help_days (helper_id, day, taken)
  SELECT helper_id, :day, 1
  FROM (SELECT count(*) FROM seats) AS before, unnest(:helper_ids::uuid[]) AS t(helper_id)
  ORDER BY helper_id
  ON CONFLICT (helper_id, day) DO UPDATE SET taken = help_days.taken + 1 WHERE help_days.taken < :day_cap
  RETURNING helper_id
)"""
_HELPS: Final = """
taken AS (
  INSERT INTO helps (id, link_id, owner_id, helper_id, level, is_new, weight, device_key, page_nonce,
                     page_issued_at, seat, state, qualified_at, counted_at, ended_at, reason, created_at)
  SELECT t.id, link_id, owner_id, helper_id, 1, is_new, weight, device_key, page_nonce, page_issued_at, seat,
         state, CASE WHEN state = 'qualified' THEN :now END,
         CASE WHEN is_countable AND links.is_counted THEN :now END,
         CASE WHEN state = 'denied' THEN :now END, reason, :now
  FROM (SELECT count(*) FROM days) AS before,
       unnest(:ids::uuid[], :link_ids::uuid[], :owner_ids::uuid[], :helper_ids::uuid[], :are_new::bool[],
              :weights::smallint[], :device_keys::bytea[], :page_nonces::bytea[],
              :pages_issued_at::timestamptz[], :seats::smallint[], :states::text[], :are_countable::bool[],
              :state_reasons::text[])
    AS t(id, link_id, owner_id, helper_id, is_new, weight, device_key, page_nonce, page_issued_at, seat,
         state, is_countable, reason)
  LEFT JOIN links ON links.id = t.link_id
  ORDER BY link_id, helper_id
  ON CONFLICT DO NOTHING
  RETURNING id
)"""
_WRITTEN: Final = """
written AS (
  SELECT FROM (SELECT count(*) FROM taken) AS helped, (SELECT count(*) FROM sightings) AS seen
)"""
TAKE: Final = Provisional(
    "take_helps",
    f"""
WITH {_LINKS}, {_SEATS}, {_HELPS}, {KEEP}, {_WRITTEN}, {DRAW}, answer AS (
  SELECT (SELECT count(*) FROM seats) = cardinality(:seat_links::uuid[])
           AND (SELECT count(*) FROM days) = cardinality(:helper_ids::uuid[])
           AND {HAS_DRAWN} AS has_room,
         ARRAY(SELECT id FROM taken) AS taken,
         ARRAY(SELECT id FROM links WHERE is_counted ORDER BY id) AS counted,
         ARRAY(SELECT progress FROM links WHERE is_counted ORDER BY id) AS progress
)
SELECT *, has_room AND cardinality(taken) = cardinality(:ids::uuid[]) AS stands FROM answer
""",  # noqa: S608 - of the ones above
)


@dataclass(frozen=True, slots=True)
class LinkClaim:
    """What a batch wants of a link: so much weight in its progress; the reward set aside, if none is yet."""

    weight: int
    is_first: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """What the write found: whether there was room for all, the helps that a constraint refused, and the
    progress of the links that the batch was counted in. Without room for all, or with one refused, nothing is
    written.
    """

    has_room: bool
    refused: Sequence[NewHelp]
    progress: Mapping[UUID, int]


async def take(
    connection: asyncpg.Connection,
    new: Sequence[NewHelp],
    seats: Mapping[tuple[UUID, int], int],
    links: Mapping[UUID, LinkClaim],
    risk: Mapping[str, Any],
    *,
    budget_credits: int,
    day: date,
    day_cap: int,
    now: datetime,
) -> Taken:
    """Take helps by different people: all, and then they are committed, or none.

    Locks: links, seats, days, helps, sightings, the month, campaigns; each kind in order.

    Args:
        seats: how many of each (link, shard).
        risk: what the risk score keeps of them (`Assessor.kept`).
        budget_credits: of the whole programme this month. day_cap: helps of one person on `day`.
    """
    found = await TAKE.fetch_one(
        connection,
        {
            **risk,
            **_columns(new),
            "links": list(links),
            "link_weights": [claim.weight for claim in links.values()],
            "are_first": [claim.is_first for claim in links.values()],
            "seat_links": [link_id for link_id, _ in seats],
            "seat_shards": [shard for _, shard in seats],
            "seat_counts": list(seats.values()),
            "budget_credits": budget_credits,
            "month": month_of(now),
            "day": day,
            "day_cap": day_cap,
            "now": now,
        },
    )
    taken = set(found["taken"])
    return Taken(
        found["has_room"],
        [one for one in new if one.id not in taken],
        dict(zip(found["counted"], found["progress"], strict=True)),
    )


def _columns(new: Sequence[NewHelp]) -> dict[str, list[Any]]:
    return {
        "ids": [one.id for one in new],
        "link_ids": [one.link_id for one in new],
        "owner_ids": [one.owner_id for one in new],
        "helper_ids": [one.helper_id for one in new],
        "are_new": [one.is_new for one in new],
        "weights": [one.weight for one in new],
        "device_keys": [one.device_key for one in new],
        "page_nonces": [one.page_nonce for one in new],
        "pages_issued_at": [one.page_issued_at for one in new],
        "seats": [one.seat for one in new],
        "states": [one.state.value for one in new],
        "are_countable": [one.is_countable for one in new],
        "state_reasons": [one.reason for one in new],
    }
