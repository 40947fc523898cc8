"""Act on what payment channels told us: one event, once, however often and in whatever order they came."""

from datetime import datetime

import structlog

from billing.ledger.errors import LedgerError
from billing.memberships.rules import MembershipRules
from billing.orders.errors import FactsError, NotOursError
from billing.payments import PaymentChannel, PaymentsAwayError, Subject, UnknownObjectError
from core.database import Sessions
from models.inbox import InboxEvent, InboxState
from service.flows.apply_payments import apply_report, read_report
from service.inbox import queries as inbox

log = structlog.get_logger()

PASSING = (PaymentsAwayError, UnknownObjectError, FactsError, LedgerError)


async def handle_next(
    sessions: Sessions, channel: PaymentChannel, *, rules: MembershipRules, now: datetime
) -> InboxEvent | None:
    """Claim the next event that is due and bring it to rest, or leave it to a later attempt.

    None when nothing is due. Whatever is not an expected refusal is raised, and the event is tried again.
    """
    async with sessions.begin() as session:
        event = await inbox.claim(session, now)
    if event is None:
        return None
    try:
        await _handle(sessions, channel, event, rules, now)
    except NotOursError as error:
        await _close(sessions, event, InboxState.IGNORED, str(error), now)
    except PASSING as error:
        await _fail(sessions, event, error, now)
    except Exception as error:
        await _fail(sessions, event, error, now)
        raise
    return event


async def _handle(
    sessions: Sessions, channel: PaymentChannel, event: InboxEvent, rules: MembershipRules, now: datetime
) -> None:
    if event.subject is None or event.object_id is None:
        raise NotOursError("it names no object")
    report = await read_report(sessions, channel, Subject(event.subject), event.object_id)
    async with sessions.begin() as session:
        if await inbox.lock_waiting(session, event.id):
            await apply_report(session, report, rules=rules, now=now)
            await inbox.close(session, event.id, InboxState.HANDLED, now)


async def _fail(sessions: Sessions, event: InboxEvent, error: Exception, now: datetime) -> None:
    """Say why. Waiting longer each time was decided when it was claimed; after the last time it is dead."""
    reason = getattr(error, "reason", None) or f"{type(error).__name__}: {error}"
    log.warning("inbox.failed", event_kind=event.kind, attempts=event.attempts, error=type(error).__name__)
    if event.attempts >= inbox.MAX_ATTEMPTS:
        log.error("inbox.dead", event_id=str(event.id), event_kind=event.kind)
        await _close(sessions, event, InboxState.DEAD, reason, now)
        return
    async with sessions.begin() as session:
        await inbox.note_failure(session, event.id, reason)


async def _close(
    sessions: Sessions, event: InboxEvent, state: InboxState, reason: str, now: datetime
) -> None:
    async with sessions.begin() as session:
        await inbox.close(session, event.id, state, now, reason=reason)
