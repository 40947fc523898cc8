"""Workers take batches of like jobs. Hand-written SQL: this decides, under contention, who gets what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# How far behind the head a job of the same batch key may stand and still ride along.
LOOK_AHEAD: Final = timedelta(seconds=60)

# The head is whoever stands first. A job that already lost a lease rides alone: if it is poison, it
# takes nobody with it.
CLAIM: Final = text("""
WITH offered AS (
  SELECT * FROM unnest(CAST(:kinds AS text[]), CAST(:batches AS int[])) AS o(kind, max_batch)
), head AS (
  SELECT g.id, g.batch_key, g.fair_time, g.attempts,
         (SELECT max_batch FROM offered WHERE kind = g.kind) AS max_batch
  FROM generations g
  WHERE g.state = 'queued' AND g.kind = ANY(CAST(:kinds AS text[]))
  ORDER BY g.fair_time, g.id LIMIT 1 FOR UPDATE OF g SKIP LOCKED
), mates AS (
  SELECT g.id FROM generations g JOIN head h ON g.batch_key = h.batch_key
  WHERE g.state = 'queued' AND g.attempts = 0 AND h.attempts = 0 AND g.id <> h.id
    AND g.fair_time <= h.fair_time + :look_ahead
  ORDER BY g.fair_time, g.id LIMIT (SELECT max_batch - 1 FROM head) FOR UPDATE OF g SKIP LOCKED
)
UPDATE generations g
SET state = 'running', attempts = g.attempts + 1, leased_by = :worker_id,
    lease_expires_at = now() + :lease, started_at = coalesce(g.started_at, now())
WHERE g.id IN (SELECT id FROM head UNION ALL SELECT id FROM mates)
RETURNING g.id, g.owner_id, g.kind, g.spec, g.batch_key, g.attempts, g.tier, g.price_credits, g.created_at,
          g.cancel_requested_at, g.fair_time
""")

HEARTBEAT: Final = text("""
UPDATE generations SET lease_expires_at = now() + :lease
WHERE leased_by = :worker_id AND state = 'running' AND id = ANY(:ids)
RETURNING id
""")

FIND_CANCELLED: Final = text("""
SELECT id FROM generations
WHERE leased_by = :worker_id AND state = 'running' AND id = ANY(:ids) AND cancel_requested_at IS NOT NULL
""")


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """One attempt of one job, owned by this worker while its lease lasts.

    is_unwanted: its owner asked to stop an earlier attempt, which was lost before it could.
    """

    id: UUID
    owner_id: UUID
    kind: str
    spec: dict[str, Any]
    batch_key: str
    attempts: int
    tier: str
    price_credits: int
    created_at: datetime
    leased_by: UUID
    is_unwanted: bool


async def claim_batch(
    session: AsyncSession, *, worker_id: UUID, max_batches: Mapping[str, int], lease: timedelta
) -> list[ClaimedJob]:
    """Take the first job in line and those that may ride with it; empty when nothing is queued.

    Args:
        max_batches: largest batch by kind; kinds that are absent are left to other workers.
    """
    rows = await session.execute(
        CLAIM,
        {
            "kinds": list(max_batches),
            "batches": list(max_batches.values()),
            "worker_id": worker_id,
            "lease": lease,
            "look_ahead": LOOK_AHEAD,
        },
    )
    ordered = sorted(rows.all(), key=lambda row: (row.fair_time, row.id))
    return [
        ClaimedJob(
            id=row.id,
            owner_id=row.owner_id,
            kind=row.kind,
            spec=row.spec,
            batch_key=row.batch_key,
            attempts=row.attempts,
            tier=row.tier,
            price_credits=row.price_credits,
            created_at=row.created_at,
            leased_by=worker_id,
            is_unwanted=row.cancel_requested_at is not None,
        )
        for row in ordered
    ]


async def extend_leases(
    session: AsyncSession, *, worker_id: UUID, job_ids: Sequence[UUID], lease: timedelta
) -> set[UUID]:
    """Extend the worker's leases; the jobs that are still its own."""
    rows = await session.scalars(HEARTBEAT, {"lease": lease, "worker_id": worker_id, "ids": list(job_ids)})
    return set(rows)


async def find_cancelled(session: AsyncSession, *, worker_id: UUID, job_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the worker's running jobs whose owners asked to stop them."""
    rows = await session.scalars(FIND_CANCELLED, {"worker_id": worker_id, "ids": list(job_ids)})
    return set(rows)
