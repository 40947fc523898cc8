"""A sign-in is a family of refresh tokens, each of which is good for one rotation."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from core.ids import new_id
from core.keys import Keys
from models.user import RefreshToken, User
from service.identity import queries
from service.identity.errors import CredentialsError
from service.identity.tokens import AccessTokens, Principal, new_refresh_token


@dataclass(frozen=True, slots=True)
class SignIn:
    """What the client keeps: both tokens, and whom they stand for."""

    user: User
    family_id: UUID
    access_token: str
    expires_in_seconds: int
    refresh_token: str


@dataclass(frozen=True, slots=True)
class SignInIssuer:
    """Opens and rotates sign-ins. It writes rows, and the caller owns the transaction."""

    keys: Keys
    access_tokens: AccessTokens
    refresh_lifetime: timedelta
    grace: timedelta

    def open(self, session: AsyncSession, user: User, *, now: datetime) -> SignIn:
        """Begin a new family for this user, who is new or locked."""
        return self._issue(session, user, new_id(), now)

    async def rotate(self, session: AsyncSession, refresh_token: str, *, now: datetime) -> SignIn:
        """Spend a refresh token for a new pair.

        A token that was spent within the grace is answered again, because phones lose replies; one that
        was spent earlier was copied, so its whole family is revoked (RFC 9700 section 4.14.2).
        Raises: CredentialsError. The revocation must be committed all the same: see `revoke_if_reused`.
        """
        token_hash = self._hash(refresh_token)
        token = await queries.find_refresh_token(session, token_hash)
        user = await queries.lock_sign_ins(session, token.user_id) if token else None
        token = await queries.spend_refresh_token(session, token_hash, now)
        if token is None:
            token = await self._find_in_grace(session, token_hash, now)
        if token is None or user is None:
            raise CredentialsError("This refresh token cannot be used.")
        return self._issue(session, user, token.family_id, now)

    async def revoke_if_reused(self, session: AsyncSession, refresh_token: str, *, now: datetime) -> bool:
        """Revoke the family of a token that had been spent before; whether it was."""
        token = await queries.find_refresh_token(session, self._hash(refresh_token))
        if token is None or token.used_at is None:
            return False
        await queries.revoke_family(session, token, now)
        return True

    async def end(self, session: AsyncSession, refresh_token: str, *, now: datetime) -> None:
        """Sign out: revoke the token's family. An unknown token is no error."""
        token = await queries.find_refresh_token(session, self._hash(refresh_token))
        if token is not None:
            await queries.revoke_family(session, token, now)

    async def _find_in_grace(
        self, session: AsyncSession, token_hash: bytes, now: datetime
    ) -> RefreshToken | None:
        token = await queries.find_refresh_token(session, token_hash)
        if token is None or token.used_at is None or token.revoked_at is not None:
            return None
        return token if now <= token.used_at + self.grace and now < token.expires_at else None

    def _issue(self, session: AsyncSession, user: User, family_id: UUID, now: datetime) -> SignIn:
        refresh_token = new_refresh_token()
        session.add(
            RefreshToken(
                family_id=family_id,
                user_id=user.id,
                token_hash=self._hash(refresh_token),
                expires_at=now + self.refresh_lifetime,
            )
        )
        return SignIn(
            user=user,
            family_id=family_id,
            access_token=self.access_tokens.issue(Principal(user.id, user.role, family_id)),
            expires_in_seconds=int(self.access_tokens.lifetime.total_seconds()),
            refresh_token=refresh_token,
        )

    def _hash(self, refresh_token: str) -> bytes:
        return self.keys.digest("refresh-token", refresh_token)
