"""The generation worker: claim, make, store, finish. No transaction is open while anything slow runs."""

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from core.clock import Clock
from core.database import Sessions
from core.ids import new_id
from core.tasks import background
from generators.failures import Failure, FailureReason
from generators.specs import Kind
from service.jobs import claims, queries
from service.jobs.claims import ClaimedJob
from service.jobs.estimates import Estimates
from service.jobs.event_hub import EventHub
from service.jobs.events import WAKE_CHANNEL
from service.jobs.products import Made, Order
from service.workers.lanes import WAIT_SECONDS, Lane
from service.workers.photos import LoadSpecPhoto, PhotoGoneError
from service.workers.publishing import Publisher
from service.workers.renderers import Renderer, RendererLostError
from service.workers.telling import Telling

log = structlog.get_logger()

IDLE_SECONDS: Final = 1.0  # a lost wake-up delays a job by so much at most
CANCEL_SECONDS: Final = 0.25  # between two looks for cancelled jobs
ERROR_SECONDS: Final = 1.0
ANNOUNCE_SECONDS: Final = 5.0


@dataclass(slots=True, eq=False)
class JobInHand:
    """One attempt that this worker is making."""

    job: ClaimedJob
    renderer: Renderer
    number: int
    telling: Telling
    asked_to_cancel: bool = False


class GenerationWorker:
    """Each renderer has a lane, which keeps as many jobs in hand as fill two passes, so that its device never
    waits for the database. A job that has failed before is made with nothing else in its lane: if it is
    poison, it takes nobody with it.

    always: how many lanes are always open; the others open while jobs wait, and close when they do not.
    """

    def __init__(
        self,
        sessions: Sessions,
        hub: EventHub,
        publisher: Publisher,
        estimates: Estimates,
        renderers: Sequence[Renderer],
        *,
        clock: Clock,
        always: int,
        load_photo: LoadSpecPhoto,
        lease: timedelta,
    ) -> None:
        self.id = new_id()
        self._sessions = sessions
        self._hub = hub
        self._publisher = publisher
        self._estimates = estimates
        self._lanes = [
            Lane(renderer, None if number < always else (number - always + 1) * WAIT_SECONDS)
            for number, renderer in enumerate(renderers)
        ]
        self._clock = clock
        self._load_photo = load_photo
        self._lease = lease
        self._in_hand: set[JobInHand] = set()
        self._stopping = asyncio.Event()

    @property
    def open_lanes(self) -> int:
        """How many renderers are running now."""
        return sum(lane.renderer.is_running for lane in self._lanes)

    async def run(self) -> None:
        """Work until `stop` is called and what is in hand is done, or until cancelled."""
        async with (
            background(self._keep_leases()),
            background(self._watch_cancels()),
            background(self._announce()),
            asyncio.TaskGroup() as tasks,
        ):
            for lane in self._lanes:
                tasks.create_task(self._serve_lane(lane))

    def stop(self) -> None:
        """Claim nothing more; `run` returns when what is in hand is done."""
        self._stopping.set()

    async def _serve_lane(self, lane: Lane) -> None:
        try:
            with self._hub.listen(WAKE_CHANNEL) as woken:
                while not self._stopping.is_set():
                    woken.clear()
                    try:
                        claimed = await self._claim(lane) if await self._is_open(lane) else 0
                    except Exception:
                        log.exception("worker.error")
                        claimed = 0
                        await self._pause(ERROR_SECONDS)
                    if not claimed:
                        await self._wait(woken, lane)
                await lane.drained()
        except asyncio.CancelledError:
            await lane.abandoned()
            raise
        finally:
            await lane.renderer.stop()

    async def _is_open(self, lane: Lane) -> bool:
        """Open the lane if it should be, close it if it need not. Raises: RendererLostError."""
        if lane.renderer.is_running:
            if lane.is_spent:
                await lane.renderer.stop()
            return lane.renderer.is_running
        if lane.patience_seconds is not None:
            since = self._clock() - timedelta(seconds=lane.patience_seconds)
            async with self._sessions() as session:
                if not await queries.has_waited(session, since):
                    return False
        await lane.open()
        return True

    async def _claim(self, lane: Lane) -> int:
        """Take what there is room for and begin to make it; how many jobs that were."""
        room = lane.room()
        if not room:
            return 0
        async with self._sessions.begin() as session:
            jobs = await claims.claim_batch(session, worker_id=self.id, max_batches=room, lease=self._lease)
        for job in jobs:
            renderer = lane.renderer
            in_hand = JobInHand(job, renderer, renderer.next_number(), self._publisher.follow(job))
            self._in_hand.add(in_hand)
            may_be_poison = job.attempts > 1
            if may_be_poison:
                await lane.drained()
            lane.add(self._serve(in_hand, alone=may_be_poison))
            if may_be_poison:
                await lane.drained()
        return len(jobs)

    async def _serve(self, in_hand: JobInHand, *, alone: bool) -> None:
        """Bring one claimed job to rest."""
        job = in_hand.job
        try:
            await self._publisher.announce_running(job)
            made = await self._make(in_hand, alone=alone)
            await in_hand.telling.settled()
            await self._publisher.publish(job, made, share_done=in_hand.telling.share_done)
        except asyncio.CancelledError:
            await asyncio.shield(self._publisher.hand_back(job))
            raise
        except Exception:  # the database is away: the lease runs out, and the job is made again
            log.exception("worker.unfinished", job_id=str(job.id))
        finally:
            self._in_hand.discard(in_hand)

    async def _make(self, in_hand: JobInHand, *, alone: bool) -> Made:
        job = in_hand.job
        try:
            photo = await self._load_photo(job.owner_id, job.spec)
            if job.is_unwanted or in_hand.asked_to_cancel:  # a renderer knows only of works that were begun
                return Failure(FailureReason.CANCELLED, "cancelled before it was begun")
            order = Order(Kind(job.kind), job.spec, job.batch_key, job.tier, alone, photo)
            return await in_hand.renderer.make(in_hand.number, order, in_hand.telling)
        except PhotoGoneError as error:
            return Failure(FailureReason.INVALID, str(error))
        except RendererLostError as error:
            return Failure(FailureReason.INTERNAL, str(error))
        except OSError as error:
            return Failure(FailureReason.INTERNAL, f"storage: {error!r}")

    async def _keep_leases(self) -> None:
        """Extend the leases of what is running; a third of a lease leaves room for a slow database."""
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            ids = [in_hand.job.id for in_hand in self._in_hand]
            if ids:
                with _logged("worker.heartbeat"):
                    async with self._sessions.begin() as session:
                        await claims.extend_leases(session, worker_id=self.id, job_ids=ids, lease=self._lease)

    async def _watch_cancels(self) -> None:
        """Pass the owners' wishes to stop on to the renderers."""
        while True:
            await asyncio.sleep(CANCEL_SECONDS)
            in_hand = list(self._in_hand)
            if not in_hand:
                continue
            with _logged("worker.watch_cancels"):
                async with self._sessions() as session:
                    ids = [one.job.id for one in in_hand]
                    cancelled = await claims.find_cancelled(session, worker_id=self.id, job_ids=ids)
                for one in in_hand:
                    if one.job.id in cancelled and not one.asked_to_cancel:
                        one.asked_to_cancel = True
                        one.renderer.cancel(one.number)

    async def _announce(self) -> None:
        try:
            while True:
                with _logged("worker.announce"):
                    await self._estimates.announce(self.id, self.open_lanes)
                await asyncio.sleep(ANNOUNCE_SECONDS)
        finally:
            with _logged("worker.withdraw"):
                await self._estimates.withdraw(self.id)

    async def _wait(self, woken: asyncio.Event, lane: Lane) -> None:
        """Until something may have been queued, a job has come to rest, or it is time to stop."""
        signals = {asyncio.create_task(event.wait()) for event in (self._stopping, woken)}
        await asyncio.wait({*signals, *lane.tasks}, timeout=IDLE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for signal in signals:
            signal.cancel()

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
