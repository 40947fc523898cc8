"""What owners do with their certificates: show or hide the work, transfer, revoke."""

from fastapi import APIRouter, Request

from service.certificates import queries
from service.dependencies import App, CurrentUser, Transaction
from service.flows.change_certificate import revoke, transfer
from service.http.certificate_schemas import (
    CertificateRead,
    CertificateUpdate,
    RevocationCreate,
    TransferCreate,
)
from service.http.certificate_views import read_certificate
from service.http.certificates import PATH, Reference
from service.http.idempotency import KEY_PARAMETER, read_key
from service.http.problems import documented

router = APIRouter(tags=["provenance"])


@router.patch(PATH + "/{reference}", responses=documented(400, 401, 404, 422, 429))
async def change_certificate(
    reference: Reference, body: CertificateUpdate, user: CurrentUser, services: App, session: Transaction
) -> CertificateRead:
    """Show my work on the certificate's public page, or show it no longer."""
    found = await queries.get_own(session, reference, user.user_id)
    await queries.lock(session, found.id)  # it may be given away meanwhile
    certificate = await queries.get_own(session, reference, user.user_id)
    certificate.shows_work = body.show_work
    await session.flush()
    return await read_certificate(services, session, certificate, user.user_id)


@router.post(
    PATH + "/{reference}/transfer",
    responses=documented(400, 401, 404, 409, 422, 429),
    openapi_extra={"parameters": [KEY_PARAMETER]},
)
async def transfer_certificate(
    reference: Reference,
    body: TransferCreate,
    request: Request,
    services: App,
    user: CurrentUser,
    session: Transaction,
) -> CertificateRead:
    """Give my certificate, and its exports, to another account. A new leaf says so, without names."""
    sent = read_key(request) if "idempotency-key" in request.headers else None
    certificate = await queries.get_owned_or_given(session, reference, user.user_id, sent)
    key = read_key(request)
    await transfer(
        session,
        certificate.id,
        owner_id=user.user_id,
        recipient_id=body.recipient_id,
        key=key,
        now=services.clock(),
    )
    changed = await queries.get(session, certificate.id)
    return await read_certificate(services, session, changed, user.user_id)


@router.post(
    PATH + "/{reference}/revocation",
    responses=documented(400, 401, 404, 409, 422, 429),
    openapi_extra={"parameters": [KEY_PARAMETER]},
)
async def revoke_certificate(
    reference: Reference,
    body: RevocationCreate,
    request: Request,
    services: App,
    user: CurrentUser,
    session: Transaction,
) -> CertificateRead:
    """Take my certificate back, for ever. A new leaf says so; nothing is deleted and nothing refunded."""
    certificate = await queries.get_own(session, reference, user.user_id)
    key = read_key(request)
    await revoke(
        session, certificate.id, reason=body.reason, key=key, now=services.clock(), owner_id=user.user_id
    )
    changed = await queries.get(session, certificate.id)
    return await read_certificate(services, session, changed, user.user_id)
