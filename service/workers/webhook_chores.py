"""What the keeper does for client back ends: tells them, forgets what is old, says how far behind it is."""

from datetime import timedelta
from typing import Final

from service import metrics
from service.outbox import queries as outbox
from service.outbox.addresses import rules_for
from service.outbox.delivering import Courier
from service.outbox.resolving import SystemResolver
from service.outbox.sending import Sender
from service.wiring import Services
from service.workers.keeper import Chore

BATCH: Final = 1000


class WebhookChores:
    """Two keepers may run at once: an endpoint is leased by one of them."""

    def __init__(self, services: Services, *, courier: Courier | None = None) -> None:
        self._services = services
        self._courier = courier or Courier(
            services.sessions,
            services.keys,
            Sender(rules_for(services.settings), SystemResolver()),
            services.clock,
        )

    def all(self) -> list[Chore]:
        return [
            Chore("webhooks", 1.0, self.deliver),
            Chore("old webhooks", 600.0, self.purge),
            Chore("webhook gauges", 15.0, self.measure),
        ]

    async def deliver(self) -> bool:
        await self._courier.deliver_due()
        return False

    async def purge(self) -> bool:
        services = self._services
        before = services.clock() - timedelta(days=services.settings.webhooks.kept_days)
        async with services.sessions.begin() as session:
            return await outbox.purge(session, before=before, limit=BATCH) == BATCH

    async def measure(self) -> bool:
        async with self._services.sessions() as session:
            oldest = await outbox.find_oldest_waiting(session)
        age = 0.0 if oldest is None else (self._services.clock() - oldest).total_seconds()
        metrics.WEBHOOK_AGE.set(max(0.0, age))
        return False
