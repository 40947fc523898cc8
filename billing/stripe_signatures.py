"""Whether a message was signed by who shares our secret, now.

Source: https://docs.stripe.com/webhooks#verify-manually. The SDK's own check lets messages from the future
pass, which would keep a recorded one good for as long as its writer likes.
"""

import hashlib
import hmac
from datetime import datetime
from typing import Final

from billing.payments import SignatureError

TOLERANCE_SECONDS: Final = 300
MAX_HEADER_CHARS: Final = 2000
SCHEME: Final = "v1"


def require_signed(body: bytes, header: str, secret: str, now: datetime) -> None:
    """Raises: SignatureError."""
    signed_at, signatures = _parse(header)
    expected = hmac.new(secret.encode(), f"{signed_at}.".encode() + body, hashlib.sha256).hexdigest()
    if not any(hmac.compare_digest(expected.encode(), found.encode()) for found in signatures):
        raise SignatureError("The signature does not fit the body.")
    if abs(now.timestamp() - signed_at) > TOLERANCE_SECONDS:
        raise SignatureError("Signed too long ago, or in the future.")


def sign(body: bytes, secret: str, now: datetime) -> str:
    """The header that `require_signed` accepts."""
    signed_at = int(now.timestamp())
    digest = hmac.new(secret.encode(), f"{signed_at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={signed_at},{SCHEME}={digest}"


def _parse(header: str) -> tuple[int, list[str]]:
    """When it was signed, and every signature of the scheme: there are two while a secret is replaced."""
    pairs = [part.strip().partition("=") for part in header[:MAX_HEADER_CHARS].split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    signatures = [value for name, _, value in pairs if name == SCHEME]
    if len(times) != 1 or not times[0].isascii() or not times[0].isdigit() or len(times[0]) > 12:
        raise SignatureError("The signature header has no time.")
    return int(times[0]), signatures
