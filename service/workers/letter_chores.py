"""What the keeper does about letters: notices of renewals, sending, forgetting."""

from datetime import timedelta
from typing import Final

from service.flows.write_notices import write_notices
from service.letters import queries as letters
from service.letters.sending import send_next
from service.wiring import Services
from service.workers.keeper import Chore

BATCH: Final = 200
KEPT: Final = timedelta(days=365)  # what a member was told, should they ask


class LetterChores:
    """Two keepers may run at once: a letter is claimed by one, and a notice is written once."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def all(self) -> list[Chore]:
        return [
            Chore("letters", 2.0, self.send),
            Chore("notices", 60.0, self.write_notices),
            Chore("old letters", 3600.0, self.purge),
        ]

    async def send(self) -> bool:
        services = self._services
        return await send_next(
            services.sessions,
            services.mailer,
            services.catalog,
            base_url=services.settings.public_url or "",
            now=services.clock(),
        )

    async def write_notices(self) -> bool:
        services = self._services
        notice = timedelta(days=services.settings.memberships.notice_days)
        return (
            await write_notices(services.sessions, notice=notice, now=services.clock(), limit=BATCH) == BATCH
        )

    async def purge(self) -> bool:
        services = self._services
        async with services.sessions.begin() as session:
            return await letters.purge(session, before=services.clock() - KEPT, limit=BATCH) == BATCH
