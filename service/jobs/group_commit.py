"""Admissions by group commit: see `core.group_commit`."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from uuid import UUID

import asyncpg

from billing import batches
from billing.catalog import Catalog
from core.clock import Clock
from core.group_commit import GroupWriter
from core.statements import on
from service.jobs.admission import Admission, Admitted, EarlierJob, Key, NewJob, Outcome, decide
from service.photos.admitting import use_photos

# The first key that is no less, and only then whether it is the same: so only the index of both can serve.
# Asked for equality, a plan that was made while the table was young reads all jobs that an owner ever had.
FIND_EARLIER: Final = """
SELECT g.owner_id, g.idempotency_key, g.id, g.kind, g.state, g.price_credits, g.created_at, g.request_hash
FROM unnest($1::uuid[], $2::text[]) AS k(owner_id, idempotency_key)
CROSS JOIN LATERAL (
  SELECT * FROM generations WHERE owner_id = k.owner_id AND idempotency_key >= k.idempotency_key
  ORDER BY idempotency_key LIMIT 1
) AS g
WHERE g.idempotency_key = k.idempotency_key
"""

INSERT_JOBS: Final = """
INSERT INTO generations (id, owner_id, idempotency_key, request_hash, kind, spec, tier, batch_key,
                         price_credits, state, fair_time, attempts, created_at)
SELECT id, owner_id, key, hash, kind, spec::jsonb, tier, batch_key, price, 'queued', fair_time, 0, created_at
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bytea[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::int[], $10::timestamptz[], $11::timestamptz[])
  AS t(id, owner_id, key, hash, kind, spec, tier, batch_key, price, fair_time, created_at)
"""


class AdmissionWriter(GroupWriter[Admission, Admitted]):
    """One per process. `submit` raises any refusal of `decide`."""

    def __init__(
        self, database_url: str, *, catalog: Catalog, clock: Clock, wake: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__(database_url, name="admission")
        self._catalog = catalog
        self._clock = clock
        self._wake = wake

    def line_of(self, request: Admission) -> UUID:
        return request.owner_id

    async def committed(self, outcomes: Sequence[object]) -> None:
        if any(isinstance(outcome, Admitted) and not outcome.is_replay for outcome in outcomes):
            await self._wake()

    async def commit(self, connection: asyncpg.Connection, requests: Sequence[Admission]) -> list[Outcome]:
        """A commit whose answer was lost is found again by its keys."""
        now = self._clock()
        statements = on(connection)
        async with connection.transaction():
            owners = {request.owner_id for request in requests}
            batch = await batches.lock_accounts(statements, owners, now)
            earlier = await self._find_earlier(connection, requests)
            wanted = {(one.owner_id, one.photo_id) for one in requests if one.photo_id is not None}
            photos = await use_photos(connection, wanted, now=now) if wanted else ()
            outcomes, jobs = decide(requests, batch, earlier, now=now, catalog=self._catalog, photos=photos)
            if batch.touched:
                await batches.write(statements, batch)
            if jobs:
                await connection.execute(INSERT_JOBS, *_job_columns(jobs))
        return outcomes

    @staticmethod
    async def _find_earlier(
        connection: asyncpg.Connection, requests: Sequence[Admission]
    ) -> dict[Key, EarlierJob]:
        owners = [request.owner_id for request in requests]
        rows = await connection.fetch(FIND_EARLIER, owners, [request.key for request in requests])
        return {(owner_id, key): EarlierJob(*job) for owner_id, key, *job in rows}


def _job_columns(jobs: Sequence[NewJob]) -> list[list[object]]:
    asked = [job.admission for job in jobs]
    return [
        [job.id for job in jobs],
        [request.owner_id for request in asked],
        [request.key for request in asked],
        [request.request_hash for request in asked],
        [request.kind for request in asked],
        [request.spec_json for request in asked],
        [job.tier for job in jobs],
        [request.batch_key for request in asked],
        [request.price_credits for request in asked],
        [job.fair_time for job in jobs],
        [job.created_at for job in jobs],
    ]
