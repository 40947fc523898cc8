"""Send what waits, one letter at a time, with no transaction open while a mail server is asked."""

from datetime import datetime, timedelta
from typing import Final

import structlog

from billing.catalog import Catalog
from core.database import Sessions
from service.identity.mailer import Mailer
from service.letters import queries
from service.letters.queries import Envelope
from service.letters.writing import write

log = structlog.get_logger()

MOST_ATTEMPTS: Final = 12
FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=6)  # all attempts together reach over a day


async def send_next(
    sessions: Sessions, mailer: Mailer, catalog: Catalog, *, base_url: str, now: datetime
) -> bool:
    """Send the letter that has waited longest; False when none is due.

    A process that dies between the mail server's yes and our note of it makes the letter come twice: better
    than never.
    """
    async with sessions.begin() as session:
        envelope = await queries.claim(session, now=now)
    if envelope is None:
        return False
    if envelope.address is None:
        async with sessions.begin() as session:
            await queries.drop(session, envelope.letter_id)
        return True
    letter = write(
        envelope.kind,
        envelope.facts,
        catalog=catalog,
        language=envelope.language,
        timezone=envelope.timezone,
        base_url=base_url,
    )
    try:
        await mailer.send(envelope.address, subject=letter.subject, body=letter.body)
    except OSError as error:
        log.warning("letter.not_sent", letter_id=str(envelope.letter_id), error=type(error).__name__)
        await _put_off(sessions, envelope, now)
        return True
    async with sessions.begin() as session:
        await queries.mark_sent(session, envelope.letter_id, now=now)
    return True


async def _put_off(sessions: Sessions, envelope: Envelope, now: datetime) -> None:
    async with sessions.begin() as session:
        if envelope.attempts >= MOST_ATTEMPTS:
            log.error("letter.dropped", letter_id=str(envelope.letter_id), attempts=envelope.attempts)
            await queries.drop(session, envelope.letter_id)
            return
        pause = min(FIRST_WAIT * 2 ** (envelope.attempts - 1), LONGEST_WAIT)
        await queries.wait(session, envelope.letter_id, until=now + pause)
