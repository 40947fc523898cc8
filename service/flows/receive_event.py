"""Take one message of a payment channel: verified, kept once. Acting on it comes later."""

from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from billing.payments import PaymentChannel
from service import metrics
from service.inbox import queries as inbox

UNKNOWN_KIND: Final = "a kind of no concern"
OTHER_MODE: Final = "of another mode, test or live"


async def receive_event(
    session: AsyncSession, channel: PaymentChannel, body: bytes, signature: str, *, now: datetime
) -> None:
    """Keep it for the keeper, or keep it as ignored. Again changes nothing.

    Raises: SignatureError; nothing was kept.
    """
    event = channel.read_event(body, signature, now)
    reason = None
    if event.is_live is channel.is_test:
        reason = OTHER_MODE
    elif event.subject is None:
        reason = UNKNOWN_KIND
    is_new = await inbox.record(session, channel.name, event, reason=reason, now=now)
    metrics.INBOX_RECEIVED.labels("duplicate" if not is_new else "ignored" if reason else "kept").inc()
