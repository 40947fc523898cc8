"""Page tokens: shown with a link's page, spent with one help. Signed, bound to the link, short-lived.

Spending is a unique column of the help (`page_nonce`): exactly as atomic as the help itself.
"""

import hmac
import os
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from core import base64url
from core.keys import Keys
from referral.errors import PageTokenError, PageTokenExpiredError

NONCE_BYTES: Final = 12
TIME_BYTES: Final = 6  # milliseconds since 1970
MAC_BYTES: Final = 16
BODY_BYTES: Final = NONCE_BYTES + TIME_BYTES + 1
TOKEN_CHARS: Final = -(-(BODY_BYTES + MAC_BYTES) * 8 // 6)
CLOCK_SKEW: Final = timedelta(seconds=5)  # between processes


class PageToken(NamedTuple):
    """difficulty_bits: of the proof of work that goes with it."""

    nonce: bytes
    issued_at: datetime
    difficulty_bits: int

    @property
    def salt(self) -> str:
        """What the proof of work is over."""
        return self.nonce.hex()


class PageTokens:
    """Issue and open. Times are the database's, so that they can be compared with those of accounts.

    A link is named by the keyed hash of its code, so a token is checked before anything is looked up.
    """

    def __init__(self, keys: Keys, *, lifetime: timedelta, difficulty_bits: int) -> None:
        self._signer = keys.mac("unlock-page-token")
        self.lifetime = lifetime
        self._difficulty_bits = difficulty_bits

    def issue(self, code_hash: bytes, *, now: datetime) -> tuple[str, PageToken]:
        """A token as text, and what it says."""
        milliseconds = int(now.timestamp() * 1000)
        nonce = os.urandom(NONCE_BYTES)
        body = nonce + milliseconds.to_bytes(TIME_BYTES) + bytes([self._difficulty_bits])
        text = base64url.encode(body + self._mac(code_hash, body))
        return text, self._read(body)

    def open(self, code_hash: bytes, text: str) -> PageToken:
        """What a token says; nothing is looked up. Raises: PageTokenError: not ours, or of another link."""
        raw = _decode(text)
        body, mac = raw[:BODY_BYTES], raw[BODY_BYTES:]
        if not hmac.compare_digest(mac, self._mac(code_hash, body)):
            raise PageTokenError("This page token is not valid for this link.")
        return self._read(body)

    def require_fresh(self, token: PageToken, *, now: datetime) -> None:
        """Raises: PageTokenExpiredError."""
        if token.issued_at > now + CLOCK_SKEW or now >= token.issued_at + self.lifetime:
            raise PageTokenExpiredError("This page token has expired: look at the link again.")

    @staticmethod
    def _read(body: bytes) -> PageToken:
        milliseconds = int.from_bytes(body[NONCE_BYTES : NONCE_BYTES + TIME_BYTES])
        issued_at = datetime.fromtimestamp(milliseconds / 1000, UTC)
        return PageToken(body[:NONCE_BYTES], issued_at, body[-1])

    def _mac(self, code_hash: bytes, body: bytes) -> bytes:
        return self._signer.digest(code_hash + body)[:MAC_BYTES]


def _decode(text: str) -> bytes:
    if len(text) != TOKEN_CHARS:
        raise PageTokenError("This page token is not valid for this link.")
    try:
        return base64url.decode(text)
    except ValueError as error:
        raise PageTokenError("This page token is not valid for this link.") from error
