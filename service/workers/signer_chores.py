"""What the keeper does for the signer of claims: say in time that its certificate ends."""

from typing import Final

import structlog

from core.clock import utc_now
from provenance.credentials.examining import SOON
from provenance.credentials.opening import find_chain
from provenance.errors import SigningUnavailableError
from service.wiring import Services
from service.workers.keeper import Chore

log = structlog.get_logger()

SIX_HOURS: Final = 6 * 3600.0


class SignerChores:
    """Each method is one bounded round; True means that more may be waiting."""

    def __init__(self, services: Services) -> None:
        self._settings = services.settings

    def all(self) -> list[Chore]:
        return [Chore("signer", SIX_HOURS, self.watch_expiry)]

    async def watch_expiry(self) -> bool:
        """Warn thirty days before the end, and where nothing can be signed."""
        try:
            facts = find_chain(self._settings, now=utc_now())
        except SigningUnavailableError as error:
            log.warning("keeper.signer_missing", why=str(error))
            return False
        if facts is not None and not facts.is_development and facts.days_left < SOON.days:
            log.warning("keeper.signer_expires", subject=facts.subject, days_left=facts.days_left)
        return False
