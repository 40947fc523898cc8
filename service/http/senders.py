"""What a request says of where it comes from, as the risk score of helps takes it."""

import re
from typing import Final

from starlette.requests import Request

from referral.risk.attempts import MAX_AGENT_CHARS, Sender

DEVICE_HEADER: Final = "huajian-device"  # the device_id with which the client signs in as a guest
_DEVICE: Final = re.compile(r"[A-Za-z0-9_.:-]{16,128}")


def sender_of(request: Request) -> Sender:
    """Bounded and unchecked: whoever sends nothing, or something else, loses nothing by it but trust."""
    device_id = request.headers.get(DEVICE_HEADER, "")
    return Sender(
        address=request.client.host if request.client else None,
        user_agent=request.headers.get("user-agent", "")[:MAX_AGENT_CHARS] or None,
        device_id=device_id if _DEVICE.fullmatch(device_id) else None,
    )
