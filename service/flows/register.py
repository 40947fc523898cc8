"""A guest, or a newcomer, gets a password and an address; codes prove the address."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from core.keys import Keys
from models.user import Contact, User
from service.flows.qualify_help import qualify_help
from service.flows.sign_in import add_user
from service.identity import queries
from service.identity.addresses import canonical
from service.identity.errors import (
    AlreadyRegisteredError,
    CodeError,
    ContactTakenError,
    UnauthenticatedError,
)
from service.identity.tokens import new_code

CODE_LIFETIME: Final = timedelta(minutes=10)
VERIFY: Final = "verify"
RESET: Final = "reset"


@dataclass(frozen=True, slots=True)
class Message:
    """A code to send, once the transaction is committed."""

    address: str
    code: str
    purpose: str


async def register(
    session: AsyncSession,
    keys: Keys,
    *,
    user_id: UUID | None,
    email: str,
    password_hash: str,
    locale: str,
    timezone: str,
    now: datetime,
) -> tuple[User, Message]:
    """Give a guest (or a new user) a password and an address to verify; works and credits stay.

    Raises: AlreadyRegisteredError.
    """
    user = await queries.lock_user(session, user_id) if user_id else None
    if user is None:
        user = await add_user(session, locale=locale, timezone=timezone)
    if not await queries.add_password(session, user.id, password_hash):
        raise AlreadyRegisteredError("This account has a password already.")
    return user, await add_contact(session, keys, user_id=user.id, email=email, now=now)


async def add_contact(
    session: AsyncSession, keys: Keys, *, user_id: UUID, email: str, now: datetime
) -> Message:
    """Add an address, or send its code again; the code before it stops working.

    Raises: UnauthenticatedError: the account is closed, and keeps nothing of anybody.
    """
    if await queries.lock_user(session, user_id) is None:
        raise UnauthenticatedError("This account is closed.")
    contact = await queries.add_contact(
        session, user_id=user_id, address=email, canonical_address=canonical(email)
    )
    return _set_code(keys, contact, VERIFY, now)


async def verify_contact(
    session: AsyncSession, keys: Keys, *, user_id: UUID, email: str, code: str, now: datetime
) -> bool:
    """Prove an address by its code.

    Returns: False when the code is wrong; the attempt is counted, so the caller must commit, then refuse.
    Raises: CodeError for an address that was never added, ContactTakenError.
    """
    contact = await queries.find_contact(session, user_id, canonical(email))
    if contact is None:
        raise CodeError("This code does not work.")
    if not await _spend_code(session, keys, contact, VERIFY, code, now):
        return False
    try:
        async with session.begin_nested():
            contact.verified_at = contact.verified_at or now
            await session.flush()
    except IntegrityError as error:
        raise ContactTakenError("Another account has verified this address.") from error
    await qualify_help(session, user_id, now=now)
    return True


async def ask_reset(session: AsyncSession, keys: Keys, *, email: str, now: datetime) -> Message | None:
    """A code to set a new password; None where nobody has verified the address. The caller tells neither."""
    known = await queries.find_verified_contact(session, canonical(email))
    if known is None:
        return None
    contact = await queries.find_contact(session, known.user_id, known.canonical_address)
    return _set_code(keys, contact, RESET, now) if contact else None


async def reset_password(
    session: AsyncSession, keys: Keys, *, email: str, code: str, password_hash: str, now: datetime
) -> bool:
    """Set a new password and end every sign-in; False when the code is wrong, with the attempt counted."""
    contact = await queries.find_verified_contact(session, canonical(email))
    if contact is None or contact.code_purpose != RESET:  # nothing is locked or written then, for either
        return False
    if await queries.lock_sign_ins(session, contact.user_id) is None:
        return False
    if not await _spend_code(session, keys, contact, RESET, code, now):
        return False
    await queries.set_password(session, contact.user_id, password_hash)
    await queries.revoke_all(session, contact.user_id, now)
    return True


def _set_code(keys: Keys, contact: Contact, purpose: str, now: datetime) -> Message:
    code = new_code()
    contact.code_purpose = purpose
    contact.code_hash = _code_hash(keys, contact.id, purpose, code)
    contact.code_expires_at = now + CODE_LIFETIME
    contact.code_attempts = 0
    return Message(contact.address, code, purpose)


async def _spend_code(
    session: AsyncSession, keys: Keys, contact: Contact, purpose: str, code: str, now: datetime
) -> bool:
    expected = await queries.count_code_attempt(session, contact.id, purpose=purpose, now=now)
    if expected is None or expected != _code_hash(keys, contact.id, purpose, code):
        return False
    contact.code_hash = contact.code_purpose = contact.code_expires_at = None
    return True


def _code_hash(keys: Keys, contact_id: UUID, purpose: str, code: str) -> bytes:
    return keys.digest("contact-code", str(contact_id), purpose, code)
