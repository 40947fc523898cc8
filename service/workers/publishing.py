"""What a worker tells the rest of the world: files to the store, ends to the database, news to clients."""

import contextlib
from typing import Any

import structlog

from core.clock import Clock
from core.database import Sessions
from generators.failures import Failure, FailureReason
from models.base import Json
from models.generation import JobState
from service import metrics
from service.flows import finish_generation as finish
from service.flows.finish_generation import StoredFile
from service.jobs import queries
from service.jobs.claims import ClaimedJob
from service.jobs.errors import StaleLeaseError
from service.jobs.events import EventLog
from service.jobs.products import Made, Product, Rejection
from service.storage.store import FileStore
from service.workers.telling import Telling, say

log = structlog.get_logger()

FAILED: Json = {
    "code": "generation_failed",
    "title": "The work could not be made",
    "detail": "Something went wrong on our side. Your credits were returned.",
}
REJECTED: Json = {
    "code": "output_rejected",
    "title": "The result was refused by moderation",
    "detail": "What was made did not pass our content rules.",
}


class Publisher:
    """Everything a worker does with a batch besides making it."""

    def __init__(
        self,
        sessions: Sessions,
        store: FileStore,
        events: EventLog,
        clock: Clock,
        *,
        max_attempts: int,
        free_rejections: int,
    ) -> None:
        self._sessions = sessions
        self._store = store
        self._events = events
        self._clock = clock
        self._max_attempts = max_attempts
        self._free_rejections = free_rejections

    async def announce_running(self, job: ClaimedJob) -> None:
        """Say that this attempt has begun."""
        running = {"state": "running", "progress": 0.0, "attempt": job.attempts}
        await say(self._events, job.id, "state", running)

    def follow(self, job: ClaimedJob) -> Telling:
        """What tells the world how this attempt comes along."""
        return Telling(self._events, job.id)

    async def publish(self, job: ClaimedJob, made: Made, *, share_done: float) -> None:
        """Store what was made and bring the job to rest; a stale attempt's files are dropped."""
        try:
            if isinstance(made, Product):
                made = await self._succeed(job, made)
            if isinstance(made, Rejection):
                await self._reject(job, made)
            elif isinstance(made, Failure):
                await self._fail(job, made, share_done)
        except StaleLeaseError:
            metrics.STALE_RESULTS.inc()
            log.warning("worker.stale_result", job_id=str(job.id), attempts=job.attempts)

    async def hand_back(self, job: ClaimedJob) -> None:
        """Queue an attempt again that this worker will not finish: it is stopping."""
        with contextlib.suppress(StaleLeaseError):
            async with self._sessions.begin() as session:
                await queries.requeue(session, job.id, attempts=job.attempts, leased_by=job.leased_by)
            await self._events.say_queued(job.id)

    async def _succeed(self, job: ClaimedJob, product: Product) -> Product | Failure:
        """Store and end; a store that is down makes it a failed attempt instead."""
        try:
            files = await self._put(job, product)
        except Exception as error:
            log.exception("worker.storage_down", job_id=str(job.id))
            return Failure(FailureReason.INTERNAL, f"storage: {error!r}")
        try:
            async with self._sessions.begin() as session:
                work_id = await finish.succeed(session, job, product, files, now=self._clock())
        except StaleLeaseError:
            await self._store.delete(*(file.object_key for file in files))
            raise
        await self._say_end(job, JobState.SUCCEEDED, work={"id": str(work_id), "kind": job.kind})
        return product

    async def _reject(self, job: ClaimedJob, rejection: Rejection) -> None:
        problem = {**REJECTED, "category": rejection.category}
        async with self._sessions.begin() as session:
            await finish.reject(
                session, job, problem, free_rejections=self._free_rejections, now=self._clock()
            )
        await self._say_end(job, JobState.REJECTED, problem=problem)

    async def _fail(self, job: ClaimedJob, failure: Failure, share_done: float) -> None:
        log.warning("worker.failure", job_id=str(job.id), reason=failure.reason, detail=failure.detail)
        now = self._clock()
        if failure.reason is FailureReason.CANCELLED:
            async with self._sessions.begin() as session:
                await finish.cancel_running(session, job, share_done=share_done, now=now)
            await self._say_end(job, JobState.CANCELLED)
            return
        max_attempts = 0 if failure.reason is FailureReason.INVALID else self._max_attempts
        async with self._sessions.begin() as session:
            state = await finish.fail(session, job, FAILED, max_attempts=max_attempts, now=now)
        if state is JobState.QUEUED:
            await self._events.say_queued(job.id)
        else:
            await self._say_end(job, state, problem=FAILED)

    async def _put(self, job: ClaimedJob, product: Product) -> list[StoredFile]:
        """The attempt is part of the key, so that a stale attempt can never overwrite a good one."""
        stored = []
        for made in product.files:
            key = f"works/{job.id}/{job.attempts}/{made.role}.{made.extension}"
            digest = await self._store.put(key, made.content, media_type=made.media_type)
            stored.append(StoredFile(made, key, digest))
        return stored

    async def _say_end(self, job: ClaimedJob, state: JobState, **facts: Any) -> None:
        metrics.JOBS_ENDED.labels(job.kind, state.value).inc()
        progress = 1.0 if state is JobState.SUCCEEDED else 0.0
        end = {"state": state.value, "progress": progress, **facts}
        await say(self._events, job.id, "state", end, is_final=True)
