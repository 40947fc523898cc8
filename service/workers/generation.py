"""The generation worker: claim, make, store, finish. No transaction is open while anything slow runs."""

import asyncio
import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from core.database import Sessions
from core.ids import new_id
from generators.failures import Failure, FailureReason
from generators.specs import Kind
from service import metrics
from service.jobs import claims
from service.jobs.claims import ClaimedJob
from service.jobs.event_hub import EventHub
from service.jobs.events import WAKE_CHANNEL
from service.jobs.products import Made, Order
from service.workers.pool import Renderer, RendererLostError
from service.workers.publishing import Publisher

log = structlog.get_logger()

IDLE_SECONDS: Final = 1.0  # a lost wake-up delays a job by so much at most
CANCEL_SECONDS: Final = 0.25  # between two looks for cancelled jobs
ERROR_SECONDS: Final = 1.0
ANNOUNCE_SECONDS: Final = 5.0


@dataclass(slots=True)
class RunningBatch:
    """Jobs that are being made now, and how far each has come."""

    jobs: list[ClaimedJob]
    renderer: Renderer
    shares: dict[int, float] = field(default_factory=dict)
    asked_to_cancel: set[UUID] = field(default_factory=set)


class GenerationWorker:
    """`lanes` renderer processes, each making one batch at a time."""

    def __init__(
        self,
        sessions: Sessions,
        hub: EventHub,
        publisher: Publisher,
        *,
        producer: str,
        lanes: int,
        lease: timedelta,
        deadline_seconds: float,
    ) -> None:
        self.id = new_id()
        self._sessions = sessions
        self._hub = hub
        self._publisher = publisher
        self._lease = lease
        self._renderers = [Renderer(producer, silence_seconds=deadline_seconds) for _ in range(lanes)]
        self._running: dict[int, RunningBatch] = {}
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Work until `stop` is called and the batches in hand are done, or until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            minders = [
                tasks.create_task(minder())
                for minder in (self._keep_leases, self._watch_cancels, self._announce)
            ]
            lanes = [tasks.create_task(self._serve_lane(lane)) for lane in range(len(self._renderers))]
            await asyncio.gather(*lanes)
            for minder in minders:
                minder.cancel()

    def stop(self) -> None:
        """Claim nothing more; `run` returns when the batches in hand are done."""
        self._stopping.set()

    async def _serve_lane(self, lane: int) -> None:
        renderer = self._renderers[lane]
        offers: Mapping[str, int] = {}
        try:
            with self._hub.listen(WAKE_CHANNEL) as woken:
                while not self._stopping.is_set():
                    woken.clear()
                    try:
                        if not renderer.is_running:
                            offers = await renderer.start()
                        worked = await self.run_once(lane, offers)
                    except Exception:
                        log.exception("worker.error", lane=lane)
                        worked = False
                        await self._pause(ERROR_SECONDS)
                    if not worked:
                        await self._wait(woken)
        finally:
            await renderer.stop()

    async def run_once(self, lane: int, max_batches: Mapping[str, int]) -> int:
        """Claim one batch and bring every job in it to rest; 0 when nothing was queued."""
        async with self._sessions.begin() as session:
            jobs = await claims.claim_batch(
                session, worker_id=self.id, max_batches=max_batches, lease=self._lease
            )
        if not jobs:
            return 0
        started = time.monotonic()
        batch = self._running[lane] = RunningBatch(jobs, self._renderers[lane])
        try:
            await self._publisher.announce_running(jobs)
            made = await self._make(batch)
            for index, job in enumerate(jobs):
                await self._publisher.publish(job, made[index], share_done=batch.shares.get(index, 0.0))
        except asyncio.CancelledError:
            await asyncio.shield(self._publisher.hand_back(jobs))
            raise
        finally:
            del self._running[lane]
        seconds = time.monotonic() - started
        metrics.observe_batch(jobs[0].kind, len(jobs), seconds)
        await self._publisher.record_pace(jobs[0].kind, seconds)
        return len(jobs)

    async def _make(self, batch: RunningBatch) -> list[Made]:
        order = Order(Kind(batch.jobs[0].kind), [job.spec for job in batch.jobs])

        def on_step(index: int, step: int, steps: int) -> None:
            batch.shares[index] = step / steps
            self._publisher.report(batch.jobs[index].id, step, steps)

        try:
            return await batch.renderer.run(order, on_step)
        except RendererLostError as error:
            return [Failure(FailureReason.INTERNAL, str(error)) for _ in batch.jobs]

    async def _keep_leases(self) -> None:
        """Extend the leases of what is running; a third of a lease leaves room for a slow database."""
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            ids = [job.id for batch in self._running.values() for job in batch.jobs]
            if ids:
                with _logged("worker.heartbeat"):
                    async with self._sessions.begin() as session:
                        await claims.extend_leases(session, worker_id=self.id, job_ids=ids, lease=self._lease)

    async def _watch_cancels(self) -> None:
        """Pass the owners' wishes to stop on to the renderers."""
        while True:
            await asyncio.sleep(CANCEL_SECONDS)
            batches = list(self._running.values())
            ids = [job.id for batch in batches for job in batch.jobs]
            if not ids:
                continue
            with _logged("worker.watch_cancels"):
                async with self._sessions() as session:
                    cancelled = await claims.find_cancelled(session, worker_id=self.id, job_ids=ids)
                for batch in batches:
                    self._cancel(batch, cancelled)

    @staticmethod
    def _cancel(batch: RunningBatch, cancelled: set[UUID]) -> None:
        for index, job in enumerate(batch.jobs):
            if job.id in cancelled and job.id not in batch.asked_to_cancel:
                batch.asked_to_cancel.add(job.id)
                batch.renderer.cancel(index)

    async def _announce(self) -> None:
        lanes = len(self._renderers)
        try:
            while True:
                with _logged("worker.announce"):
                    await self._publisher.estimates.announce(self.id, lanes)
                await asyncio.sleep(ANNOUNCE_SECONDS)
        finally:
            with _logged("worker.withdraw"):
                await self._publisher.estimates.withdraw(self.id, lanes)

    async def _wait(self, woken: asyncio.Event) -> None:
        stopping = asyncio.create_task(self._stopping.wait())
        waking = asyncio.create_task(woken.wait())
        await asyncio.wait({stopping, waking}, timeout=IDLE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        waking.cancel()

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()


@contextlib.contextmanager
def _logged(event: str) -> Iterator[None]:
    """A minder outlives a moment without database or Redis; the leases tell if it was too long."""
    try:
        yield
    except Exception as error:
        log.warning(event, error=repr(error))
