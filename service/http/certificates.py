"""`/v1/works/{id}/certificate` and `/v1/certificates`: certify, look, prove, transfer, revoke."""

import asyncio
import contextlib
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from billing.errors import InsufficientCreditsError, NotSellingError
from billing.orders.placing import OrderWish, place_order
from billing.orders.terms import terms_of
from models.certificate import Certificate, CertificateState
from models.order import ItemKind
from provenance.errors import SigningUnavailableError
from provenance.keyring import CertificationUnavailableError
from provenance.log.proofs import MEDIA_TYPE as PROOF_TYPE
from service.certificates import queries
from service.certificates.errors import AlreadyCertifiedError, CertificationFailedError, NotIssuedError
from service.certificates.formats import original_of
from service.dependencies import App, ByAddress, CurrentUser, Language, OptionalUser, Reading
from service.flows.certification import Certification
from service.flows.order_certificate import order_with_credits
from service.http.certificate_schemas import (
    CertificateCheckout,
    CertificateCreate,
    CertificateRead,
)
from service.http.certificate_views import PDF_AREA, read_certificate
from service.http.checkouts import base_url
from service.http.idempotency import KEY_PARAMETER, read_key
from service.http.offers import ways_out
from service.http.orders import PATH as ORDERS
from service.http.orders import OrderRead, read_order
from service.http.problems import documented, refuse
from service.http.works import require_signed
from service.wiring import Services
from service.works import queries as works

router = APIRouter(tags=["provenance"])

PATH: Final = "/v1/certificates"
PATIENCE_SECONDS: Final = 8.0  # most certificates take a fraction of one
PDF: Final = "application/pdf"
Reference = Annotated[
    str, Path(pattern="^[0-9A-Za-z-]{12,40}$", description="The number on the certificate, or its id.")
]


def require_certification(services: Services) -> Certification:
    """Raises: CertificationUnavailableError."""
    if services.certification is None:
        raise CertificationUnavailableError("No keys are configured for certificates.")
    return services.certification


def require_sealing(services: Services) -> Certification:
    """Also somebody who signs claims: nothing is ordered that could not be made.

    Raises: CertificationUnavailableError, SigningUnavailableError.
    """
    certification = require_certification(services)
    if not services.signer.chain_pem:
        raise SigningUnavailableError("Nobody signs claims here.")
    return certification


async def wait_a_moment(task: "asyncio.Task[None]") -> None:
    """Let what was begun go on behind the reply when it takes longer; the keeper takes up what fails."""
    with contextlib.suppress(Exception):
        await asyncio.wait_for(asyncio.shield(task), PATIENCE_SECONDS)


@router.post(
    "/v1/works/{work_id}/certificate",
    status_code=201,
    response_model=CertificateRead,
    responses={
        202: {"description": "It is being made: look again.", "model": CertificateRead},
        **documented(400, 401, 402, 403, 404, 409, 422, 429, 503),
    },
    openapi_extra={"parameters": [KEY_PARAMETER]},
)
async def certify(
    work_id: UUID,
    body: CertificateCreate,
    request: Request,
    response: Response,
    services: App,
    user: CurrentUser,
    language: Language,
) -> Any:  # noqa: ANN401
    """Certify one of my works for credits, once: asking again gives the same certificate and costs nothing.

    For money, see `/v1/works/{id}/certificate/checkout`.
    """
    try:
        async with services.sessions.begin() as session:
            work = await works.get_work(session, work_id, owner_id=user.user_id)
            key, certification = read_key(request), require_sealing(services)
            certificate, is_replay = await order_with_credits(
                session,
                services.catalog,
                work,
                owner_id=user.user_id,
                key=key,
                language=language,
                mining=body.mining,
                shows_work=body.show_work,
                now=services.clock(),
            )
    except InsufficientCreditsError as error:
        accepted = request.headers.get("accept-language")
        return refuse(request, error, offers=await ways_out(services, accepted, owner_id=user.user_id))
    if certificate.state in queries.OPEN:
        await wait_a_moment(certification.begin(certification.certificates.bring_forward(certificate.id)))
    response.headers["Idempotency-Replayed"] = "true" if is_replay else "false"
    return await _answer(services, certificate.id, user.user_id, response)


@router.post(
    "/v1/works/{work_id}/certificate/checkout",
    status_code=201,
    responses=documented(400, 401, 403, 404, 409, 422, 429, 503),
    openapi_extra={"parameters": [KEY_PARAMETER]},
)
async def buy_certificate(
    work_id: UUID,
    body: CertificateCheckout,
    request: Request,
    response: Response,
    services: App,
    user: CurrentUser,
    language: Language,
) -> OrderRead:
    """Order a certificate for money; it is made when the money comes. The same key gives the same order."""
    async with services.sessions() as session:
        original_of(await works.get_work(session, work_id, owner_id=user.user_id))
        if await queries.find_of_work(session, work_id) is not None:
            raise AlreadyCertifiedError("This work has a certificate; look at it instead.")
    key = read_key(request)
    require_sealing(services)
    if services.payments is None:
        raise NotSellingError("No payment channel is configured.")
    currency = body.currency or services.catalog.sale.preferred[language]
    wish = OrderWish(
        terms_of(services.catalog, ItemKind.CERTIFICATION.value, currency),
        owner_id=user.user_id,
        key=key,
        language=language,
        base_url=base_url(services, request),
        subject_id=work_id,
    )
    order, is_replay = await place_order(services.sessions, services.payments, wish, now=services.clock())
    response.headers["Location"] = f"{ORDERS}/{order.id}"
    response.headers["Idempotency-Replayed"] = "true" if is_replay else "false"
    return read_order(services, order, language)


async def _answer(
    services: Services, certificate_id: UUID, owner_id: UUID, response: Response
) -> CertificateRead:
    """Raises: CertificationFailedError."""
    async with services.sessions() as session:
        certificate = await queries.get(session, certificate_id)
        read = await read_certificate(services, session, certificate, owner_id)
    if certificate.state is CertificateState.FAILED:
        raise CertificationFailedError("The work could not be certified. Nothing was charged.")
    response.headers["Location"] = f"{PATH}/{certificate.id}"
    if certificate.state in queries.OPEN:
        response.status_code = 202
        response.headers["Retry-After"] = "1"
    return read


@router.get("/v1/works/{work_id}/certificate", responses=documented(401, 404, 422, 429))
async def get_certificate_of_work(
    work_id: UUID, services: App, session: Reading, user: CurrentUser
) -> CertificateRead:
    """The certificate of one of my works."""
    await works.get_work(session, work_id, owner_id=user.user_id)
    found = await queries.find_of_work(session, work_id)
    certificate = await queries.get_own(session, str(found.id if found else work_id), user.user_id)
    return await read_certificate(services, session, certificate, user.user_id)


@router.get(
    PATH + "/{reference}/proof",
    dependencies=[ByAddress],
    response_class=Response,
    responses={
        200: {"description": "A `.tlog-proof`.", "content": {"text/plain": {}}},
        **documented(404, 409, 422, 429),
    },
)
async def get_proof(reference: Reference, services: App) -> Response:
    """The proof that the certificate is in the log: the leaf's place, its path, the signed checkpoint."""
    async with services.sessions() as session:  # given back first: the tiles' shelf takes one of its own
        certificate = await queries.get_public(session, reference)
    if certificate.leaf is None:
        raise NotIssuedError("This certificate is being made.")
    proof = await require_certification(services).papers.prove(certificate.leaf)
    disposition = {"content-disposition": f'attachment; filename="{certificate.number}.tlog-proof"'}
    return Response(proof, media_type=PROOF_TYPE, headers={**disposition, "cache-control": "no-cache"})


@router.get(
    PATH + "/{reference}.pdf",
    response_class=Response,
    responses={
        200: {"description": "The certificate on paper.", "content": {PDF: {}}},
        **documented(401, 404, 409, 422, 429, 503),
    },
)
async def get_pdf(reference: Reference, services: App, user: CurrentUser, language: Language) -> Response:
    """My certificate as a page to print and frame, in my language."""
    async with services.sessions() as session:
        certificate = await queries.get_own(session, reference, user.user_id)
    return await _pdf(services, certificate, language)


@router.get(
    "/certificates/{certificate_id}",
    dependencies=[ByAddress],
    response_class=Response,
    responses={
        200: {"description": "The certificate on paper.", "content": {PDF: {}}},
        **documented(403, 404, 409, 422, 429, 503),
    },
)
async def get_signed_pdf(
    certificate_id: UUID,
    services: App,
    language: Language,
    expires: Annotated[int, Query(ge=0, le=2**40)],
    signature: Annotated[str, Query(pattern="^[0-9a-f]{64}$")],
) -> Response:
    """The same by its signed link, for pages."""
    require_signed(services, PDF_AREA, certificate_id, expires, signature)
    async with services.sessions() as session:
        certificate = await queries.get(session, certificate_id)
    return await _pdf(services, certificate, language)


async def _pdf(services: Services, certificate: Certificate, language: str) -> Response:
    content = await require_certification(services).papers.print(certificate, language)
    disposition = f'inline; filename="{certificate.number}.pdf"'
    headers = {"content-disposition": disposition, "cache-control": "private, max-age=300"}
    return Response(content, media_type=PDF, headers=headers)


@router.get(PATH + "/{reference}", dependencies=[ByAddress], responses=documented(401, 404, 422, 429))
async def get_certificate(
    reference: Reference, services: App, session: Reading, viewer: OptionalUser
) -> CertificateRead:
    """Any certificate, by its number or id; its owner sees more of it."""
    certificate = await queries.get_public(session, reference)
    return await read_certificate(services, session, certificate, viewer.user_id if viewer else None)
