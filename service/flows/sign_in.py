"""Become somebody: a guest by device, a registered user by password, the same again by refresh token."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from billing import lots
from core.database import Sessions
from core.ids import new_id
from models.user import Password, Role, User
from service.identity import queries
from service.identity.addresses import canonical
from service.identity.errors import CredentialsError, SignInRequiredError
from service.identity.passwords import verify_password
from service.identity.signing_in import SignIn, SignInIssuer


async def add_user(session: AsyncSession, *, locale: str, timezone: str) -> User:
    """A new user with an empty credit account."""
    user = User(id=new_id(), role=Role.USER, locale=locale)
    session.add(user)
    await session.flush()
    lots.open_account(session, user_id=user.id, timezone=timezone)
    await session.flush()
    return user


async def sign_in_guest(
    session: AsyncSession,
    issuer: SignInIssuer,
    *,
    device_id: str,
    locale: str,
    timezone: str,
    now: datetime,
) -> tuple[SignIn, bool]:
    """Sign in by device: the same device is the same guest, so asking again brings no new quota.

    Returns: the sign-in, and whether the user is new.
    Raises: SignInRequiredError when the device's account has a password.
    """
    device_hash = issuer.keys.digest("device", device_id)
    device = await queries.find_device(session, device_hash)
    if device is None:
        async with session.begin_nested() as attempt:
            user = await add_user(session, locale=locale, timezone=timezone)
            if await queries.add_device(session, user_id=user.id, device_hash=device_hash):
                return issuer.open(session, user, now=now), True
            await attempt.rollback()  # the same device signed in at the same moment: become that guest
        device = await queries.find_device(session, device_hash)
    found = await queries.lock_user(session, device.user_id) if device else None
    if found is None or await queries.find_password(session, found.id) is not None:
        raise SignInRequiredError("This device belongs to a registered account.")
    return issuer.open(session, found, now=now), False


async def check_password(sessions: Sessions, *, email: str, password: str) -> Password:
    """The password of a verified address, if this is it. Raises: CredentialsError, the same for every reason.

    No connection is held while it is hashed: whoever guesses would keep everybody else from the database.
    """
    async with sessions() as session:
        contact = await queries.find_verified_contact(session, canonical(email))
        stored = await queries.find_password(session, contact.user_id) if contact else None
    matches = await verify_password(password, stored.password_hash if stored else None)
    if stored is None or not matches:
        raise CredentialsError("Address and password do not match.")
    return stored


async def sign_in_with_password(
    session: AsyncSession, issuer: SignInIssuer, checked: Password, *, now: datetime
) -> SignIn:
    """Sign in with a password that was checked a moment ago. Raises: CredentialsError, as the check does.

    Hashing takes its time, in which the account may have been closed, or the password replaced.
    """
    user = await queries.lock_user(session, checked.user_id)
    if user is None or not await queries.is_password(session, user.id, checked.password_hash):
        raise CredentialsError("Address and password do not match.")
    return issuer.open(session, user, now=now)
