"""Every statement about what certified pictures look like."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.fingerprint import PictureFingerprint
from provenance.looks import ALGORITHM, COARSE_BITS, Fingerprint

# Positions are drawn under this lock, so that they become visible in their order.
TAKE_TURN: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('picture_fingerprints', 0))")
_SIGN: Final = 1 << (COARSE_BITS - 1)


async def add(session: AsyncSession, certificate_id: UUID, found: Fingerprint) -> None:
    """Make a certified picture findable from the commit on.

    Call it late in the transaction: whoever adds another waits for its end.
    """
    await session.execute(TAKE_TURN)
    session.add(
        PictureFingerprint(
            certificate_id=certificate_id,
            algorithm=ALGORITHM,
            coarse=_signed(found.coarse),
            fine=found.fine,
        )
    )
    await session.flush()


async def forget(session: AsyncSession, certificate_ids: Collection[UUID]) -> None:
    """Make pictures unfindable, when their owner's data are erased."""
    await session.execute(
        delete(PictureFingerprint).where(PictureFingerprint.certificate_id.in_(certificate_ids))
    )


async def list_after(session: AsyncSession, position: int, *, limit: int) -> list[tuple[int, int, bytes]]:
    """(position, coarse as a signed integer, fine) of what was added after a position, in its order."""
    statement = (
        select(PictureFingerprint.position, PictureFingerprint.coarse, PictureFingerprint.fine)
        .where(PictureFingerprint.position > position, PictureFingerprint.algorithm == ALGORITHM)
        .order_by(PictureFingerprint.position)
        .limit(limit)
    )
    return [(at, coarse, fine) for at, coarse, fine in await session.execute(statement)]


async def list_certificates(session: AsyncSession, positions: Collection[int]) -> dict[int, UUID]:
    """The certificates of positions that are still there."""
    statement = select(PictureFingerprint.position, PictureFingerprint.certificate_id).where(
        PictureFingerprint.position.in_(positions)
    )
    return {row.position: row.certificate_id for row in await session.execute(statement)}


def _signed(coarse: int) -> int:
    return coarse - (coarse & _SIGN) * 2
