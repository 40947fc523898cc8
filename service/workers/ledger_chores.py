"""What the keeper does for the books: the revenue of the days that are over."""

from datetime import UTC, timedelta

import structlog

from billing.ledger import recognition
from service.wiring import Services
from service.workers.keeper import Chore

log = structlog.get_logger()


class LedgerChores:
    """Each method is one bounded round; True means that more may be waiting."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def all(self) -> list[Chore]:
        return [Chore("revenue", 600.0, self.recognise_revenue)]

    async def recognise_revenue(self) -> bool:
        """Post the first day that is over and not posted yet; nothing to do on most calls."""
        now = self._services.clock()
        yesterday = now.astimezone(UTC).date() - timedelta(days=1)
        async with self._services.sessions.begin() as session:
            done = await recognition.recognise_next(session, through=yesterday, now=now)
        if done is None:
            return False
        log.info(
            "keeper.revenue_recognised",
            day=done.day.isoformat(),
            released_lots=done.released_lots,
            served_terms=done.served_terms,
        )
        return True
