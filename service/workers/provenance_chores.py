"""What the keeper does for certificates: makes what was ordered, lets the log grow, asks its witnesses."""

from typing import Final

import httpx
import structlog

from provenance.log import queries as log_queries
from provenance.log.witness import configured_witnesses
from service import metrics
from service.certificates import exports, queries
from service.flows.certification import Certification
from service.flows.sell_certificate import take_back_refunded
from service.transparency.tile_shelf import TileShelf
from service.transparency.witnessing import ask_witnesses
from service.wiring import Services
from service.workers.keeper import Chore

log = structlog.get_logger()

BATCH: Final = 20
GROW_SECONDS: Final = 0.8  # a leaf is in a signed checkpoint within a second


class ProvenanceChores:
    """Two keepers may run at once: rows are claimed, and the log has one lock."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._witnesses = configured_witnesses(services.settings)
        self._shelf = TileShelf(services.sessions, services.store)

    def all(self) -> list[Chore]:
        purge = Chore("agreements", 3600.0, self.purge_agreements)
        certification = self._services.certification
        if certification is None:
            return [purge]
        return [
            purge,
            Chore("transparency log", GROW_SECONDS, certification.grower.grow),
            Chore("certificates", 2.0, lambda: self.certify(certification)),
            Chore("certified exports", 2.0, lambda: self.export(certification)),
            Chore("refunded certificates", 30.0, self.take_back),
            *([Chore("witnesses", 10.0, self.ask_witnesses)] if self._witnesses else ()),
            Chore("log gauges", 15.0, self.measure),
        ]

    async def certify(self, certification: Certification) -> bool:
        """Bring forward what nobody else is at; one that fails keeps none of the others waiting."""
        async with self._services.sessions() as session:
            due = await queries.list_due(session, now=self._services.clock(), limit=BATCH)
        for certificate_id in due:
            try:
                await certification.certificates.bring_forward(certificate_id)
            except Exception as error:
                log.warning("keeper.certificate_waits", id=str(certificate_id), error=repr(error))
        return len(due) == BATCH

    async def export(self, certification: Certification) -> bool:
        async with self._services.sessions() as session:
            due = await exports.list_due(session, now=self._services.clock(), limit=BATCH)
        for export_id in due:
            await certification.exports.bring_forward(export_id)
        return len(due) == BATCH

    async def take_back(self) -> bool:
        services = self._services
        async with services.sessions.begin() as session:
            revoked = await take_back_refunded(session, now=services.clock(), limit=BATCH)
        return len(revoked) == BATCH

    async def ask_witnesses(self) -> bool:
        services = self._services
        async with httpx.AsyncClient(follow_redirects=False) as client:
            await ask_witnesses(services.sessions, self._shelf, client, self._witnesses, services.clock)
        return False

    async def purge_agreements(self) -> bool:
        services = self._services
        async with services.sessions.begin() as session:
            await exports.purge_agreements(session, before=services.clock())
        return False

    async def measure(self) -> bool:
        async with self._services.sessions() as session:
            head = await log_queries.find_head(session)
            metrics.LOG_PENDING.set(await log_queries.count_pending(session))
        metrics.LOG_SIZE.set(0 if head is None else head.published_size)
        return False
