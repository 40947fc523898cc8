"""Access tokens: short-lived JWTs (RFC 7519, HS256). Refresh tokens: opaque, kept as keyed hashes.

Only our own tokens are read, so there is one header and nothing to choose (RFC 8725 section 3.1): a token is
that header, claims, and their HMAC. A library that reads every JWT takes six times as long, for each new
person on the hot paths; tests hold the two against each other.
"""

import hmac
import json
import secrets
from collections import OrderedDict
from datetime import timedelta
from typing import Final, NamedTuple
from uuid import UUID

from core import base64url
from core.clock import Clock
from core.ids import read_id
from core.keys import Keys
from models.user import Role
from service.identity.errors import TokenExpiredError, UnauthenticatedError

ISSUER: Final = "huajian"
HEADER: Final = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9."  # {"typ":"JWT","alg":"HS256"}, and a full stop
CACHED_TOKENS: Final = 20_000
MAX_TOKEN_CHARS: Final = 1024


class Principal(NamedTuple):
    """Who is asking. `family_id` names the sign-in that the token descends from."""

    user_id: UUID
    role: Role
    family_id: UUID


class AccessTokens:
    """Issue and verify. Verified tokens are remembered until they expire."""

    def __init__(self, keys: Keys, *, lifetime: timedelta, clock: Clock) -> None:
        self._mac = keys.mac("access-token")
        self._clock = clock
        self._verified: OrderedDict[str, tuple[float, Principal]] = OrderedDict()
        self.lifetime = lifetime

    def issue(self, principal: Principal) -> str:
        """A token good for `lifetime` from now."""
        now = int(self._clock().timestamp())
        claims = {
            "iss": ISSUER,
            "sub": str(principal.user_id),
            "role": principal.role.value,
            "fam": str(principal.family_id),
            "iat": now,
            "exp": now + int(self.lifetime.total_seconds()),
        }
        signed = HEADER + base64url.encode(json.dumps(claims, separators=(",", ":")).encode())
        return f"{signed}.{self._sign(signed)}"

    def _sign(self, text: str) -> str:
        return base64url.encode(self._mac.digest(text.encode()))

    def verify(self, token: str) -> Principal:
        """Raises: TokenExpiredError, UnauthenticatedError."""
        now = self._clock().timestamp()
        known = self._verified.get(token)
        if known is not None and now < known[0]:
            return known[1]
        expires_at, principal = self._decode(token)
        if now >= expires_at:
            raise TokenExpiredError("The access token has expired.")
        self._verified[token] = (expires_at, principal)
        if len(self._verified) > CACHED_TOKENS:
            self._verified.popitem(last=False)
        return principal

    def _decode(self, token: str) -> tuple[float, Principal]:
        signed, _, signature = token.rpartition(".")
        if (
            len(token) > MAX_TOKEN_CHARS
            or not signed.startswith(HEADER)
            or not hmac.compare_digest(signature.encode(), self._sign(signed).encode())
        ):
            raise UnauthenticatedError("The access token is not valid.")
        try:
            claims = json.loads(base64url.decode(signed[len(HEADER) :]))
            if claims["iss"] != ISSUER:
                raise UnauthenticatedError("The access token is not valid.")
            principal = Principal(read_id(claims["sub"]), Role(claims["role"]), read_id(claims["fam"]))
            return float(claims["exp"]), principal
        except (KeyError, ValueError, TypeError) as error:
            raise UnauthenticatedError("The access token is not valid.") from error


def new_refresh_token() -> str:
    """256 random bits for the client to keep; we keep only their keyed hash."""
    return secrets.token_urlsafe(32)


def new_code() -> str:
    """Six digits for a person to type; short life and few attempts make up for the few bits."""
    return f"{secrets.randbelow(1_000_000):06d}"
