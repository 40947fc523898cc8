"""One try at making a certificate or an export: how often, and what is said of one that fails."""

from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

import structlog

from service.certificates.errors import CannotBeMadeError

log = structlog.get_logger()

SPENT: Final = "attempts_spent"


async def attempt(
    what: str,
    row_id: UUID,
    make: Callable[[], Awaitable[None]],
    give_up: Callable[[str], Awaitable[None]],
    *,
    number: int,
    most: int,
) -> None:
    """Make it, or give it up where that was the last try or no other would help.

    Args:
        what: "certificate" or "export", for the log.
        give_up: ends it for good; is told a code of the reason.
        number: of this try, from 1.
    Raises: what `make` raised, when another try may help; and when it was given up because of that.
    """
    if number > most:  # whoever was at it died, every time
        await give_up(SPENT)
        return
    try:
        await make()
    except CannotBeMadeError as error:
        log.error(f"{what}.cannot_be_made", id=str(row_id), reason=error.reason)
        await give_up(error.reason)
    except Exception as error:
        log.warning(f"{what}.attempt_failed", id=str(row_id), error=repr(error))
        if number >= most:
            await give_up(SPENT)
        raise
