"""What the keeper does: lost leases, expired lots, old tokens, copies of data, erasures, proofs, gauges."""

from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import text

from billing import lots
from billing.invariants import find_breaches
from billing.queries import sum_all_held
from core.settings import JobSettings
from models.generation import JobState
from models.invariant import InvariantBreach
from service import metrics
from service.batches import queries as batches
from service.flows.build_archive import build_archive
from service.flows.build_export import build_export
from service.flows.delete_photo import expire_photos
from service.flows.erase_account import erase_account
from service.flows.give_up_waiting import WAITED_TOO_LONG, give_up_waiting
from service.flows.sweep_leases import sweep_leases
from service.identity import queries as identity
from service.invariants import JOB_INVARIANTS
from service.jobs import queries as jobs
from service.wiring import Services
from service.workers.keeper import Chore
from service.workers.ledger_chores import LedgerChores
from service.workers.letter_chores import LetterChores
from service.workers.payment_chores import PaymentChores
from service.workers.poster_chores import PosterChores
from service.workers.provenance_chores import ProvenanceChores
from service.workers.referral_chores import ReferralChores
from service.workers.rehearsal_chores import RehearsalChores
from service.workers.risk_chores import RiskChores
from service.workers.signer_chores import SignerChores
from service.workers.webhook_chores import WebhookChores
from service.works import exports

log = structlog.get_logger()

BATCH: Final = 200
TOKEN_GRACE: Final = timedelta(days=1)


class Chores:
    """Each method is one bounded round; True means that more may be waiting."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._settings: JobSettings = services.settings.jobs

    def all(self) -> list[Chore]:
        channel, rehearsal = self._services.payments, self._services.rehearsal
        return [
            *(PaymentChores(self._services, channel).all() if channel is not None else ()),
            *(RehearsalChores(self._services, channel, rehearsal).all() if channel and rehearsal else ()),
            *LedgerChores(self._services).all(),
            *WebhookChores(self._services).all(),
            *LetterChores(self._services).all(),
            *SignerChores(self._services).all(),
            *ReferralChores(self._services).all(),
            *PosterChores(self._services).all(),
            *RiskChores(self._services).all(),
            *ProvenanceChores(self._services).all(),
            Chore("leases", 1.0, self.sweep_leases),
            Chore("waiting", 60.0, self.give_up_waiting),
            Chore("lots", 60.0, self.expire_lots),
            Chore("exports", 2.0, self.build_exports),
            Chore("old exports", 600.0, self.expire_exports),
            Chore("photos", 60.0, self.expire_photos),
            Chore("quotes", 60.0, self.expire_quotes),
            Chore("archives", 2.0, self.build_archives),
            Chore("erasures", 5.0, self.erase_accounts),
            Chore("tokens", 3600.0, self.purge_tokens),
            Chore("invariants", 3600.0, self.prove_invariants),
            Chore("gauges", 5.0, self.measure),
        ]

    async def sweep_leases(self) -> bool:
        """Requeue or set aside jobs whose worker went silent, and tell those who wait for them."""
        services = self._services
        async with services.sessions.begin() as session:
            swept = await sweep_leases(
                session, max_attempts=self._settings.max_attempts, now=services.clock()
            )
        for job in swept:
            metrics.REQUEUED.inc()
            log.warning("keeper.lease_lost", job_id=str(job.job_id), state=job.state.value)
            if job.state is JobState.QUEUED:
                await services.events.say_queued(job.job_id)
        if any(job.state is JobState.QUEUED for job in swept):
            await services.events.wake_workers()
        return bool(swept)

    async def give_up_waiting(self) -> bool:
        """End what nobody made for hours, and tell those who wait for it."""
        services = self._services
        wait = timedelta(hours=self._settings.wait_hours)
        async with services.sessions.begin() as session:
            ended = await give_up_waiting(session, wait=wait, now=services.clock())
        for job_id in ended:
            log.warning("keeper.waited_too_long", job_id=str(job_id))
            await services.events.say_failed(job_id, WAITED_TOO_LONG)
        return bool(ended)

    async def expire_lots(self) -> bool:
        services = self._services
        async with services.sessions.begin() as session:
            return await lots.expire_due(session, now=services.clock(), limit=BATCH) == BATCH

    async def build_exports(self) -> bool:
        services = self._services
        async with services.sessions() as session:
            requested = await exports.list_requested(session, limit=1)
        for export in requested:
            await build_export(services.sessions, services.store, export, now=services.clock())
        return bool(requested)

    async def expire_exports(self) -> bool:
        services = self._services
        async with services.sessions() as session:
            expired = await exports.list_expired(session, now=services.clock(), limit=BATCH)
        for export in expired:
            if export.object_key is not None:
                await services.store.delete(export.object_key)
            async with services.sessions.begin() as session:
                await exports.expire_export(session, export.id)
        return len(expired) == BATCH

    async def expire_photos(self) -> bool:
        services = self._services
        return (
            await expire_photos(services.sessions, services.store, now=services.clock(), limit=BATCH) == BATCH
        )

    async def expire_quotes(self) -> bool:
        """End the quotes of batches that nobody started in time, and forget their rows."""
        services = self._services
        async with services.sessions.begin() as session:
            return await batches.expire_quotes(session, now=services.clock(), limit=BATCH) == BATCH

    async def build_archives(self) -> bool:
        """Pack the works of a batch that has ended."""
        return await build_archive(self._services.sessions, self._services.store)

    async def erase_accounts(self) -> bool:
        services = self._services
        async with services.sessions() as session:
            closed = await identity.list_to_erase(session, limit=BATCH)
        erased = [
            await erase_account(services.sessions, services.store, user_id, now=services.clock())
            for user_id in closed
        ]
        return len(closed) == BATCH and all(erased)

    async def purge_tokens(self) -> bool:
        services = self._services
        before = services.clock() - TOKEN_GRACE
        async with services.sessions.begin() as session:
            return await identity.purge_refresh_tokens(session, before=before, limit=BATCH) == BATCH

    async def prove_invariants(self) -> bool:
        """Prove the credits in one snapshot; a breach is kept, counted and shouted about."""
        async with self._services.sessions.begin() as session:
            await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            breaches = await find_breaches(session, JOB_INVARIANTS)
            for name in JOB_INVARIANTS:
                metrics.BREACHES.labels(name).set(0)
            for breach in breaches:
                metrics.BREACHES.labels(breach.invariant).set(breach.rows)
                log.error("keeper.invariant_broken", invariant=breach.invariant, rows=breach.rows)
                session.add(
                    InvariantBreach(
                        invariant=breach.invariant, rows=breach.rows, sample={"rows": breach.sample}
                    )
                )
        return False

    async def measure(self) -> bool:
        async with self._services.sessions() as session:
            queue = await jobs.measure_queue(session)
            held = await sum_all_held(session)
        metrics.OPEN_HOLDS.set(held)
        metrics.QUEUE_DEPTH.clear()
        metrics.QUEUE_AGE.clear()
        for kind, depth, oldest_seconds in queue:
            metrics.QUEUE_DEPTH.labels(kind).set(depth)
            metrics.QUEUE_AGE.labels(kind).set(oldest_seconds)
        return False
