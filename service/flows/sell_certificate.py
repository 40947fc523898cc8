"""A certificate that is paid with money: ordered when the money has come, given back with it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from core.ids import new_id
from models.certificate import Certificate, CertificateState
from models.order import ItemKind, Order, OrderState, ReturnReason
from service.certificates import queries
from service.certificates.errors import UnknownExportError
from service.flows.change_certificate import revoke
from service.flows.order_certificate import order_with_money
from service.works import queries as works
from service.works.errors import WorkNotFoundError

REFUNDED: Final = "refunded"


async def deliver_certificate(session: AsyncSession, order: Order, *, now: datetime) -> None:
    """Order the certificate that a paid order bought, once; money that buys nothing goes back.

    Also money that comes back to us, of a refund that failed or a dispute that was won after all, when the
    certificate was taken back with it. The caller has locked the order, whose sale is in the books.
    """
    if order.kind is not ItemKind.CERTIFICATION or order.state is not OrderState.PAID:
        return
    if order.return_reason is not None:
        return
    certificate = await queries.find_by_order(session, order.id) or await _order(session, order, now)
    if certificate is None or await _was_taken_back(session, certificate):
        order.return_reason = ReturnReason.UNDELIVERED
        await session.flush()


async def _was_taken_back(session: AsyncSession, certificate: Certificate) -> bool:
    """Whether it ended with its money; one that its owner revoked was delivered."""
    if certificate.state is not CertificateState.REVOKED:
        return certificate.state is CertificateState.FAILED
    changes = await queries.list_changes(session, certificate.id)
    return any(change.reason == REFUNDED for change in changes)


async def _order(session: AsyncSession, order: Order, now: datetime) -> Certificate | None:
    """None: the work is gone, cannot be certified, or has a certificate already."""
    if order.subject_id is None:
        return None
    try:
        work = await works.get_work(session, order.subject_id, owner_id=order.owner_id)
        return await order_with_money(
            session, work, order_id=order.id, owner_id=order.owner_id, language=order.language, now=now
        )
    except (WorkNotFoundError, UnknownExportError):
        return None


async def return_money(session: AsyncSession, order_id: UUID) -> None:
    """Have the money of a certificate that is not made go back the way it came."""
    order = await session.get_one(Order, order_id, with_for_update=True)
    order.return_reason = order.return_reason or ReturnReason.UNDELIVERED


async def take_back_refunded(session: AsyncSession, *, now: datetime, limit: int) -> Sequence[UUID]:
    """End certificates whose money went back, or was lost to a dispute; those that were revoked.

    One that is about to be signed is revoked when it is; one that was only ordered is not made.
    """
    revoked = []
    for certificate in await queries.list_refunded(session, limit=limit):
        if certificate.state is CertificateState.ISSUED:
            key = f"refund:{new_id()}"  # that no client can have used before; the state says that it is once
            await revoke(session, certificate.id, reason=REFUNDED, key=key, now=now)
            revoked.append(certificate.id)
        else:
            certificate.state = CertificateState.FAILED
    return revoked
