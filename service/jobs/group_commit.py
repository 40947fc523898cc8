"""Group commit: the admissions that arrived during the last commit share the next one.

Measured against a transaction per request (docs/performance.md): several times the rate at the same
durability, and a hot account becomes the fastest case instead of the slowest.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, cast

import asyncpg
import structlog

from billing import batches
from billing.catalog import Catalog
from billing.connections import Statements
from core.clock import Clock
from core.database import AWAY, connect
from core.errors import DomainError
from service.jobs.admission import Admission, Admitted, EarlierJob, Key, NewJob, Outcome, decide
from service.jobs.errors import AdmissionUnavailableError
from service.photos.admitting import use_photos

log = structlog.get_logger()

MAX_BATCH: Final = 256  # bounds a transaction's locks and the reply time of its last member
RETRY_SECONDS: Final = (0.05, 0.2, 0.5, 1.0, 2.0)  # a restart of Postgres fits in
LOST_CONNECTION: Final = (*AWAY, asyncpg.InterfaceError)

FIND_EARLIER: Final = """
SELECT g.owner_id, g.idempotency_key, g.id, g.kind, g.state, g.price_credits, g.created_at, g.request_hash
FROM unnest($1::uuid[], $2::text[]) AS k(owner_id, idempotency_key)
JOIN generations g USING (owner_id, idempotency_key)
"""

INSERT_JOBS: Final = """
INSERT INTO generations (id, owner_id, idempotency_key, request_hash, kind, spec, tier, batch_key,
                         price_credits, state, fair_time, attempts, created_at)
SELECT id, owner_id, key, hash, kind, spec::jsonb, tier, batch_key, price, 'queued', fair_time, 0, created_at
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bytea[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::int[], $10::timestamptz[], $11::timestamptz[])
  AS t(id, owner_id, key, hash, kind, spec, tier, batch_key, price, fair_time, created_at)
"""

Waiting = tuple[Admission, asyncio.Future[Admitted]]


class AdmissionWriter:
    """One per process: `submit` from any task, `run` in one."""

    def __init__(
        self, database_url: str, *, catalog: Catalog, clock: Clock, wake: Callable[[], Awaitable[None]]
    ) -> None:
        self._database_url = database_url
        self._catalog = catalog
        self._clock = clock
        self._wake = wake
        self._waiting: list[Waiting] = []
        self._arrived = asyncio.Event()
        self._connection: asyncpg.Connection | None = None

    async def submit(self, admission: Admission) -> Admitted:
        """Admit one request durably; returns after its commit.

        Raises: any refusal of `decide`; AdmissionUnavailableError when the database stayed away.
        """
        future: asyncio.Future[Admitted] = asyncio.get_running_loop().create_future()
        self._waiting.append((admission, future))
        self._arrived.set()
        return await future

    async def run(self) -> None:
        """Commit batch after batch until cancelled; what was waiting is then refused, not forgotten."""
        try:
            while True:
                await self._arrived.wait()
                taken, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
                if not self._waiting:
                    self._arrived.clear()
                await self._admit_all(taken)
        finally:
            _refuse(self._waiting, AdmissionUnavailableError("The service is stopping."))
            if self._connection is not None:
                self._connection.terminate()

    async def _admit_all(self, waiting: Sequence[Waiting]) -> None:
        """Admit a batch; if it fails, halve it, so that one bad member cannot fail its neighbours."""
        try:
            outcomes = await self._commit_patiently([admission for admission, _ in waiting])
        except LOST_CONNECTION as error:
            log.error("admission.database_away", error=repr(error), waiting=len(waiting))
            _refuse(waiting, AdmissionUnavailableError("The database is not answering."))
        except asyncio.CancelledError:
            _refuse(waiting, AdmissionUnavailableError("The service is stopping."))
            raise
        except Exception as error:
            if len(waiting) == 1:
                log.exception("admission.failed")
                _refuse(waiting, error)
                return
            middle = len(waiting) // 2
            await self._admit_all(waiting[:middle])
            await self._admit_all(waiting[middle:])
        else:
            _answer(waiting, outcomes)
            if any(isinstance(outcome, Admitted) and not outcome.is_replay for outcome in outcomes):
                await self._wake()

    async def _commit_patiently(self, requests: Sequence[Admission]) -> list[Outcome]:
        """Commit, reconnecting as needed. A commit whose answer was lost is found again by its keys."""
        for seconds in RETRY_SECONDS:
            try:
                return await self._commit(requests)
            except LOST_CONNECTION as error:
                log.warning("admission.reconnect", error=repr(error))
                self._connection = None
                await asyncio.sleep(seconds)
        return await self._commit(requests)

    async def _commit(self, requests: Sequence[Admission]) -> list[Outcome]:
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._database_url)
        now = self._clock()
        statements = cast(Statements, self._connection)  # Record has a Mapping's methods, not its type
        async with self._connection.transaction():
            owners = {request.owner_id for request in requests}
            batch = await batches.lock_accounts(statements, owners, now)
            earlier = await self._find_earlier(self._connection, requests)
            wanted = {(one.owner_id, one.photo_id) for one in requests if one.photo_id is not None}
            photos = await use_photos(self._connection, wanted, now=now) if wanted else ()
            outcomes, jobs = decide(requests, batch, earlier, now=now, catalog=self._catalog, photos=photos)
            if batch.touched:
                await batches.write(statements, batch)
            if jobs:
                await self._connection.execute(INSERT_JOBS, *_job_columns(jobs))
        return outcomes

    @staticmethod
    async def _find_earlier(
        connection: asyncpg.Connection, requests: Sequence[Admission]
    ) -> dict[Key, EarlierJob]:
        owners = [request.owner_id for request in requests]
        rows = await connection.fetch(FIND_EARLIER, owners, [request.key for request in requests])
        return {(owner_id, key): EarlierJob(*job) for owner_id, key, *job in rows}


def _answer(waiting: Sequence[Waiting], outcomes: Sequence[Outcome]) -> None:
    for (_, future), outcome in zip(waiting, outcomes, strict=True):
        if future.done():  # the client hung up; the job stands and is found again by its key
            continue
        if isinstance(outcome, DomainError):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)


def _refuse(waiting: Sequence[Waiting], error: Exception) -> None:
    for _, future in waiting:
        if not future.done():
            future.set_exception(error)


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
