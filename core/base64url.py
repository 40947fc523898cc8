"""base64url without padding (RFC 7515 section 2; RFC 4648 section 5), as tokens and cursors are written."""

import base64


def encode(raw: bytes) -> str:
    """Letters, digits, "-" and "_"."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode(text: str) -> bytes:
    """What `encode` was given. Raises: ValueError for other letters, and where some are missing."""
    if "+" in text or "/" in text:  # plain base64 has them in the place of "-" and "_"
        raise ValueError("not base64url")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
