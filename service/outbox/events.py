"""What client back ends are told: small and stable, ids instead of contents."""

import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final


class EventType(StrEnum):
    GENERATION_SUCCEEDED = "generation.succeeded"
    GENERATION_FAILED = "generation.failed"
    GENERATION_REJECTED = "generation.rejected"
    GENERATION_CANCELLED = "generation.cancelled"
    BATCH_FINISHED = "batch.finished"
    ORDER_PAID = "order.paid"
    ORDER_REFUNDED = "order.refunded"
    MEMBERSHIP_STARTED = "membership.started"
    MEMBERSHIP_CHANGED = "membership.changed"
    MEMBERSHIP_PAST_DUE = "membership.past_due"
    MEMBERSHIP_ENDED = "membership.ended"
    UNLOCK_LINK_PROGRESS = "unlock_link.progress"
    UNLOCK_LINK_REWARDED = "unlock_link.rewarded"


TEST_EVENT: Final = "webhook.test"  # sent when the owner asks for it, whatever it is subscribed to


def write_body(event: str, data: Mapping[str, object], *, now: datetime) -> str:
    """The JSON that is signed and sent. Source: Standard Webhooks 1.0.0, "Payload structure"."""
    timestamp = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body = {"type": event, "timestamp": timestamp, "data": dict(data)}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), default=str)
