"""What the keeper does for the risk score: forgets what helps gave away when it is old."""

from datetime import timedelta
from typing import Final

from referral.risk import queries
from service.wiring import Services
from service.workers.keeper import Chore

BATCH: Final = 1000


class RiskChores:
    """Two keepers may run at once: they delete the same rows, once."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def all(self) -> list[Chore]:
        return [Chore("old signals", 600.0, self.purge)]

    async def purge(self) -> bool:
        services = self._services
        before = services.clock() - timedelta(days=services.settings.risk.kept_days)
        async with services.sessions.begin() as session:
            return await queries.purge(session, before=before, limit=BATCH) >= BATCH
