"""Every statement about who someone is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.user import Channel, Contact, Device, Password, RefreshToken, Role, User

CODE_ATTEMPTS: Final = 5


async def find_user(session: AsyncSession, user_id: UUID) -> User | None:
    """An open account's user."""
    return await session.scalar(select(User).where(User.id == user_id, User.closed_at.is_(None)))


async def lock_user(session: AsyncSession, user_id: UUID) -> User | None:
    """An open account's user, who cannot leave before this transaction ends."""
    statement = select(User).where(User.id == user_id, User.closed_at.is_(None)).with_for_update(read=True)
    return await session.scalar(statement)


async def lock_sign_ins(session: AsyncSession, user_id: UUID) -> User | None:
    """An open account's user, none of whose sign-ins begins, goes on or ends before this transaction does.

    Without it, whoever ends sign-ins would not see the token that is being made of the one they end.
    """
    statement = (
        select(User).where(User.id == user_id, User.closed_at.is_(None)).with_for_update(key_share=True)
    )
    return await session.scalar(statement)


async def set_role(session: AsyncSession, user_id: UUID, role: Role) -> None:
    await session.execute(update(User).where(User.id == user_id).values(role=role))


async def find_device(session: AsyncSession, device_hash: bytes) -> Device | None:
    return await session.scalar(select(Device).where(Device.device_hash == device_hash))


async def add_device(session: AsyncSession, *, user_id: UUID, device_hash: bytes) -> bool:
    """Remember the device as this user's; False when it became somebody's meanwhile."""
    statement = (
        insert(Device)
        .values(user_id=user_id, device_hash=device_hash)
        .on_conflict_do_nothing(index_elements=[Device.device_hash])
        .returning(Device.id)
    )
    return await session.scalar(statement) is not None


async def find_password(session: AsyncSession, user_id: UUID) -> Password | None:
    return await session.get(Password, user_id)


async def is_password(session: AsyncSession, user_id: UUID, password_hash: str) -> bool:
    """Whether this is the hash that is kept now."""
    statement = select(Password.user_id).where(
        Password.user_id == user_id, Password.password_hash == password_hash
    )
    return await session.scalar(statement) is not None


async def set_password(session: AsyncSession, user_id: UUID, password_hash: str) -> None:
    """Set or replace the password."""
    statement = insert(Password).values(user_id=user_id, password_hash=password_hash)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[Password.user_id], set_={"password_hash": password_hash}
        )
    )


async def add_password(session: AsyncSession, user_id: UUID, password_hash: str) -> bool:
    """Set the first password; False when there is one."""
    statement = (
        insert(Password)
        .values(user_id=user_id, password_hash=password_hash)
        .on_conflict_do_nothing()
        .returning(Password.user_id)
    )
    return await session.scalar(statement) is not None


async def find_verified_contact(session: AsyncSession, canonical_address: str) -> Contact | None:
    statement = select(Contact).where(
        Contact.channel == Channel.EMAIL,
        Contact.canonical_address == canonical_address,
        Contact.verified_at.is_not(None),
    )
    return await session.scalar(statement)


async def list_contacts(session: AsyncSession, user_id: UUID) -> Sequence[Contact]:
    return (await session.scalars(select(Contact).where(Contact.user_id == user_id))).all()


async def list_verified_contacts(session: AsyncSession, user_id: UUID) -> Sequence[Contact]:
    """The contacts that a user has shown to be theirs."""
    statement = select(Contact).where(Contact.user_id == user_id, Contact.verified_at.is_not(None))
    return (await session.scalars(statement)).all()


async def find_contact(session: AsyncSession, user_id: UUID, canonical_address: str) -> Contact | None:
    """This user's contact, locked: a code is checked and spent under the lock."""
    statement = (
        select(Contact)
        .where(Contact.user_id == user_id, Contact.canonical_address == canonical_address)
        .with_for_update()
    )
    return await session.scalar(statement)


async def add_contact(
    session: AsyncSession, *, user_id: UUID, address: str, canonical_address: str
) -> Contact:
    """This user's contact, made if it is not there, and locked."""
    statement = (
        insert(Contact)
        .values(
            user_id=user_id,
            channel=Channel.EMAIL,
            address=address,
            canonical_address=canonical_address,
            code_attempts=0,
        )
        .on_conflict_do_update(
            index_elements=[Contact.user_id, Contact.channel, Contact.canonical_address],
            set_={"canonical_address": canonical_address},  # as it is: so that the row is locked and returned
        )
        .returning(Contact)
    )
    return (await session.scalars(statement, execution_options={"populate_existing": True})).one()


async def count_code_attempt(
    session: AsyncSession, contact_id: UUID, *, purpose: str, now: datetime
) -> bytes | None:
    """Use up one attempt at a live code; its hash, or None when there is none or no attempt is left."""
    statement = (
        update(Contact)
        .where(
            Contact.id == contact_id,
            Contact.code_purpose == purpose,
            Contact.code_expires_at > now,
            Contact.code_attempts < CODE_ATTEMPTS,
        )
        .values(code_attempts=Contact.code_attempts + 1)
        .returning(Contact.code_hash)
    )
    return await session.scalar(statement)


async def spend_refresh_token(session: AsyncSession, token_hash: bytes, now: datetime) -> RefreshToken | None:
    """Mark an unused, unexpired, unrevoked token as used; None when it is not one."""
    statement = (
        update(RefreshToken)
        .where(
            RefreshToken.token_hash == token_hash,
            RefreshToken.used_at.is_(None),
            RefreshToken.revoked_at.is_(None),
            RefreshToken.expires_at > now,
        )
        .values(used_at=now)
        .returning(RefreshToken)
    )
    return await session.scalar(statement)


async def find_refresh_token(session: AsyncSession, token_hash: bytes) -> RefreshToken | None:
    """As it is now, also when it was read before."""
    statement = select(RefreshToken).where(RefreshToken.token_hash == token_hash)
    return await session.scalar(statement, execution_options={"populate_existing": True})


async def revoke_family(session: AsyncSession, token: RefreshToken, now: datetime) -> None:
    """End the sign-in of a token: no token of it can be refreshed again."""
    await lock_sign_ins(session, token.user_id)
    await session.execute(
        update(RefreshToken)
        .where(RefreshToken.family_id == token.family_id, RefreshToken.revoked_at.is_(None))
        .values(revoked_at=now)
    )


async def revoke_all(session: AsyncSession, user_id: UUID, now: datetime) -> None:
    """End every sign-in of the user."""
    await lock_sign_ins(session, user_id)
    await session.execute(
        update(RefreshToken)
        .where(RefreshToken.user_id == user_id, RefreshToken.revoked_at.is_(None))
        .values(revoked_at=now)
    )


async def purge_refresh_tokens(session: AsyncSession, *, before: datetime, limit: int) -> int:
    """Delete tokens that expired before that moment; how many."""
    expired = select(RefreshToken.id).where(RefreshToken.expires_at < before).limit(limit)
    result = await session.execute(
        delete(RefreshToken).where(RefreshToken.id.in_(expired)).returning(RefreshToken.id)
    )
    return len(result.all())


async def erase_identity(session: AsyncSession, user_id: UUID) -> None:
    """Delete everything that tells who the user was; the ledger keeps a bare id."""
    for table in (Contact, Device, Password, RefreshToken):
        await session.execute(delete(table).where(table.user_id == user_id))


async def list_to_erase(session: AsyncSession, *, limit: int) -> Sequence[UUID]:
    """Closed accounts whose works are still there, oldest first."""
    statement = (
        select(User.id)
        .where(User.closed_at.is_not(None), User.erased_at.is_(None))
        .order_by(User.closed_at)
        .limit(limit)
    )
    return (await session.scalars(statement)).all()


async def mark_erased(session: AsyncSession, user_id: UUID) -> None:
    await session.execute(update(User).where(User.id == user_id).values(erased_at=func.now()))


async def close_user(session: AsyncSession, user_id: UUID) -> bool:
    """Close the account for good; False when it was closed before."""
    statement = (
        update(User)
        .where(User.id == user_id, User.closed_at.is_(None))
        .values(closed_at=func.now())
        .returning(User.id)
    )
    return await session.scalar(statement) is not None
