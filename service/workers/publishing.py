"""What a worker tells the rest of the world: files to the store, ends to the database, news to clients."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import structlog
from redis.exceptions import RedisError

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
from service.jobs.estimates import Estimates
from service.jobs.events import EventLog
from service.jobs.products import Made, Product, Rejection
from service.storage.store import FileStore

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
        estimates: Estimates,
        clock: Clock,
        *,
        max_attempts: int,
        free_rejections: int,
    ) -> None:
        self.estimates = estimates
        self._sessions = sessions
        self._store = store
        self._events = events
        self._clock = clock
        self._max_attempts = max_attempts
        self._free_rejections = free_rejections
        self._reports: set[asyncio.Task[None]] = set()
        self._last_report: dict[UUID, asyncio.Task[None]] = {}

    async def announce_running(self, jobs: Sequence[ClaimedJob]) -> None:
        """Say that these attempts have begun."""
        for job in jobs:
            await self._say(job.id, "state", {"state": "running", "progress": 0.0, "attempt": job.attempts})

    def report(self, job_id: UUID, step: int, steps: int) -> None:
        """Say how far a job is, without making its maker wait; reports of one job keep their order."""
        before = self._last_report.get(job_id)
        task = asyncio.create_task(self._report(job_id, step, steps, before))
        self._last_report[job_id] = task
        self._reports.add(task)
        task.add_done_callback(self._reports.discard)

    async def publish(self, job: ClaimedJob, made: Made, *, share_done: float) -> None:
        """Store what was made and bring the job to rest; a stale attempt's files are dropped."""
        last_report = self._last_report.pop(job.id, None)
        if last_report is not None:
            await last_report
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

    async def hand_back(self, jobs: Sequence[ClaimedJob]) -> None:
        """Queue attempts again that this worker will not finish: it is stopping."""
        for job in jobs:
            with contextlib.suppress(StaleLeaseError):
                async with self._sessions.begin() as session:
                    await queries.requeue(session, job.id, attempts=job.attempts, leased_by=job.leased_by)
                await self._say_queued(job)

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
            await self._say_queued(job)
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

    async def _report(self, job_id: UUID, step: int, steps: int, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await before
        share = round(min(step / steps, 0.99), 2)
        await self._say(
            job_id, "progress", {"state": "running", "progress": share, "step": step, "steps": steps}
        )

    async def _say_queued(self, job: ClaimedJob) -> None:
        await self._events.say_queued(job.id)

    async def _say_end(self, job: ClaimedJob, state: JobState, **facts: Any) -> None:
        metrics.JOBS_ENDED.labels(job.kind, state.value).inc()
        await self._say(
            job.id,
            "state",
            {"state": state.value, "progress": 1.0 if state is JobState.SUCCEEDED else 0.0, **facts},
            is_final=True,
        )

    async def record_pace(self, kind: str, seconds: float) -> None:
        """One job of that kind took so long, from claim to end."""
        with contextlib.suppress(RedisError, OSError):
            await self.estimates.record(kind, seconds)

    async def _say(
        self, job_id: UUID, event: str, data: Mapping[str, Any], *, is_final: bool = False
    ) -> None:
        """News may be lost without harm: clients are told the row's state in the end."""
        try:
            await self._events.append(job_id, event, data, is_final=is_final)
        except (RedisError, OSError) as error:
            log.warning("worker.news_lost", job_id=str(job_id), error=repr(error))
