"""Order a work's certificate, for credits or for money that has come. Making it is another matter."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing import holds
from billing.catalog import Catalog
from core.ids import new_id
from models.certificate import Certificate, CertificateState, Payment
from models.work import Work
from provenance.certificates import new_number
from provenance.facts import MiningChoice
from service.certificates import queries
from service.certificates.formats import original_of
from service.jobs.errors import IdempotencyKeyReusedError
from service.works.errors import WorkNotFoundError

PURPOSE: Final = "certification"


async def order_with_credits(
    session: AsyncSession,
    catalog: Catalog,
    work: Work,
    *,
    owner_id: UUID,
    key: str,
    language: str,
    mining: MiningChoice,
    shows_work: bool,
    now: datetime,
) -> tuple[Certificate, bool]:
    """Hold the price and order the work's certificate; and whether it had one before.

    Raises: IdempotencyKeyReusedError, UnknownExportError; InsufficientCreditsError, AccountClosedError: the
        caller rolls back, and nothing is held or ordered.
    """
    original_of(work)
    values = _ordered(work, owner_id, key, language, now) | {
        "mining": mining.value,
        "shows_work": shows_work,
        "paid_with": Payment.CREDITS,
    }
    certificate = await queries.insert_once(session, values)
    if certificate is None:
        return await _find_ordered(session, work.id, owner_id, key), True
    await holds.hold(
        session,
        user_id=owner_id,
        hold_id=certificate.id,
        amount_credits=catalog.certification.credits,
        purpose=PURPOSE,
        now=now,
        catalog=catalog,
    )
    return certificate, False


async def order_with_money(
    session: AsyncSession, work: Work, *, order_id: UUID, owner_id: UUID, language: str, now: datetime
) -> Certificate | None:
    """Order the certificate that this order paid for; None when the work has one already."""
    values = _ordered(work, owner_id, f"order:{order_id}", language, now) | {
        "mining": MiningChoice.NOT_ALLOWED.value,
        "shows_work": False,
        "paid_with": Payment.MONEY,
        "order_id": order_id,
    }
    return await queries.insert_once(session, values)


def _ordered(work: Work, owner_id: UUID, key: str, language: str, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "number": new_number(),
        "owner_id": owner_id,
        "work_id": work.id,
        "idempotency_key": key,
        "state": CertificateState.ORDERED,
        "kind": work.kind,
        "language": work.language or language,
        "title": work.title,
        "attempts": 0,
        "next_attempt_at": now,
        "created_at": now,
    }


async def _find_ordered(session: AsyncSession, work_id: UUID, owner_id: UUID, key: str) -> Certificate:
    of_key = await queries.find_by_key(session, owner_id, key)
    if of_key is not None and of_key.work_id != work_id:
        raise IdempotencyKeyReusedError("This key was used to certify another work.")
    found = await queries.find_of_work(session, work_id) or of_key
    if found is None:
        raise WorkNotFoundError("This work was certified and erased at this very moment.")
    return found
