"""Access tokens: short-lived JWTs (RFC 7519, HS256). Refresh tokens: opaque, kept as keyed hashes."""

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from core.clock import Clock
from core.keys import Keys
from models.user import Role
from service.identity.errors import TokenExpiredError, UnauthenticatedError

ISSUER: Final = "huajian"
ALGORITHM: Final = "HS256"
CACHED_TOKENS: Final = 20_000
MAX_TOKEN_CHARS: Final = 1024


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking. `family_id` names the sign-in that the token descends from."""

    user_id: UUID
    role: Role
    family_id: UUID


class AccessTokens:
    """Issue and verify. Verified tokens are remembered until they expire: 0.1 instead of 34 µs."""

    def __init__(self, keys: Keys, *, lifetime: timedelta, clock: Clock) -> None:
        self._key = OctKey.import_key(keys.derive("access-token"))
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
        return jwt.encode({"alg": ALGORITHM}, claims, self._key)

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
        if len(token) > MAX_TOKEN_CHARS:
            raise UnauthenticatedError("The access token is not valid.")
        try:
            claims = jwt.decode(token, self._key, algorithms=[ALGORITHM]).claims
            if claims["iss"] != ISSUER:
                raise UnauthenticatedError("The access token is not valid.")
            principal = Principal(UUID(claims["sub"]), Role(claims["role"]), UUID(claims["fam"]))
            return float(claims["exp"]), principal
        except (JoseError, KeyError, ValueError, TypeError) as error:
            raise UnauthenticatedError("The access token is not valid.") from error


def new_refresh_token() -> str:
    """256 random bits for the client to keep; we keep only their keyed hash."""
    return secrets.token_urlsafe(32)


def new_code() -> str:
    """Six digits for a person to type; short life and few attempts make up for the few bits."""
    return f"{secrets.randbelow(1_000_000):06d}"
