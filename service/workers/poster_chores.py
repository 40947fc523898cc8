"""What the keeper does for the pictures of links: they go when their link is shown to nobody any more."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from service.posters.queries import list_links_over
from service.posters.subjects import keys_of
from service.wiring import Services
from service.workers.keeper import Chore

BATCH: Final = 200
EVERY_SECONDS: Final = 24 * 3600.0
# Two days of links a day: a keeper that was away for one misses none, and deleting again costs little.
WINDOW: Final = timedelta(days=2)


class PosterChores:
    """Each method is one bounded round; True means that more may be waiting."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._after_id: UUID | None = None

    def all(self) -> list[Chore]:
        return [Chore("old posters", EVERY_SECONDS, self.forget_posters)]

    async def forget_posters(self) -> bool:
        """Delete the pictures of links that ended so long ago that their pages are gone."""
        services = self._services
        until = services.clock() - timedelta(days=services.unlocking.desk.programme.times.shown_days)
        async with services.sessions() as session:
            found = await list_links_over(
                session, since=until - WINDOW, until=until, after_id=self._after_id, limit=BATCH
            )
        await services.store.delete(*(key for link_id in found for key in keys_of(link_id)))
        has_more = len(found) == BATCH
        self._after_id = found[-1] if has_more else None
        return has_more
