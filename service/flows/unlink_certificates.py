"""Erase what links certificates to a person. The tree stays as it is: its leaves never named anybody."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing import holds
from core.database import Sessions
from models.certificate import Certificate, CertificateState, Payment
from provenance.similar import queries as similar
from service.certificates import exports, queries
from service.flows.bundle_export import LANGUAGES, paper_key
from service.flows.sell_certificate import return_money

ERASED: Final = "erased"  # why an export is not made


async def withdraw_certificates(sessions: Sessions, user_id: UUID, *, now: datetime) -> Sequence[str]:
    """Make nothing more for this owner; the keys of every exported file and printed page."""
    async with sessions.begin() as session:
        owned = await queries.list_owned(session, user_id)
        for certificate in owned:
            await _stop(session, certificate, now)
        ids = [certificate.id for certificate in owned]
        await exports.withdraw(session, ids, ERASED)  # before its keys are listed: none comes after
        papers = [paper_key(one, language) for one in ids for language in LANGUAGES]
        return [*papers, *await exports.list_object_keys(session, ids)]


async def _stop(session: AsyncSession, certificate: Certificate, now: datetime) -> None:
    """End one that was only ordered: its hold or its money goes back, as if it could not be made."""
    locked = await queries.lock(session, certificate.id)
    if locked.state is CertificateState.ORDERED:
        locked.state = CertificateState.FAILED
        if locked.paid_with is Payment.CREDITS:
            await holds.release(session, locked.id, now=now)
        elif locked.order_id is not None:
            await return_money(session, locked.order_id)


async def unlink_certificates(session: AsyncSession, user_id: UUID) -> None:
    """Forget owner, work, title, salt, exports and looks; their files are gone already.

    One that is logged and not signed yet stays so: nobody is left to show it to.
    """
    ids = [certificate.id for certificate in await queries.list_owned(session, user_id)]
    await similar.forget(session, ids)
    await queries.erase(session, ids)
