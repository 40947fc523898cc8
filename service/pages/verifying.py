"""`/verify` and `/c/{reference}`: is a file intact, and what a certificate says. A GET changes nothing."""

from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from models.certificate import Certificate, CertificateState
from provenance.certificates import CertificateDocument, read_document, write_document
from provenance.labels import ALGORITHMIC, COMPOSITE, COMPOSITE_TRAINED, TRAINED
from service.certificates import queries
from service.certificates.errors import CertificateNotFoundError
from service.dependencies import App, ByAddress, Reading
from service.pages import texts
from service.pages.forms import kind_choices
from service.pages.language import page_language
from service.pages.rendering import LANGUAGE_TAGS, render
from service.pages.script_facts import script_facts
from service.pages.structured_data import describe_certificate
from service.verification import queries as own
from service.wiring import Services

READ: Final = ["GET", "HEAD"]
MEGABYTE: Final = 1024 * 1024
SOURCES: Final = {
    TRAINED: "cert_source_trained",
    ALGORITHMIC: "cert_source_algorithmic",
    COMPOSITE_TRAINED: "cert_source_composite",
    COMPOSITE: "cert_source_collage",
}

router = APIRouter(include_in_schema=False, dependencies=[ByAddress], default_response_class=HTMLResponse)
Reference = Annotated[str, Path(max_length=64, description="The number on the certificate, or its id.")]


@router.api_route("/verify", methods=READ)
async def show_verify(request: Request, services: App) -> HTMLResponse:
    """Where anybody may put a file, and be told."""
    most_bytes, keyring = services.settings.limits.verified_bytes, services.keyring
    keys = None
    if keyring is not None:
        keys = {
            "certificates": keyring.certificates.verifier.vkey,
            "log": keyring.log.verifier.vkey,
            "is_development": keyring.is_development,
        }
    facts = script_facts(services, page_language(request)) | {"verified_bytes": most_bytes}
    shown = {"keys": keys, "most_megabytes": most_bytes // MEGABYTE, "script": facts}
    return await render(request, services, "verify.html", shown)


@router.api_route("/c/{reference}", methods=READ)
async def show_certificate(
    request: Request, services: App, session: Reading, reference: Reference
) -> HTMLResponse:
    """A certificate for everybody who was given its number; title and picture where the owner shows them."""
    language = page_language(request)
    script = script_facts(services, language)
    try:
        certificate = await queries.get_public(session, reference)
    except CertificateNotFoundError:
        page = await render(request, services, "certificate_gone.html", {"script": script})
        page.status_code = 404
        return page
    document = _document(certificate)
    has_picture = await own.find_picture(session, certificate) is not None
    address = _address(services, request, certificate)
    kinds = {kind.id: kind.name for kind in kind_choices(language)}
    return await render(
        request,
        services,
        "certificate.html",
        {
            "certificate": _public(certificate),
            "title_language": LANGUAGE_TAGS.get(certificate.language, certificate.language),
            "state": _state(certificate),
            "notices": [notice async for notice in _notices(session, certificate, document, language)],
            "facts": document and document.facts,
            "issuer": document and document.issuer,
            "origin": document and document.origin,
            "index": document and document.index,
            "kind_name": kinds.get(certificate.kind, certificate.kind),
            "source_name": _source_name(document, language),
            "has_picture": has_picture,
            "address": address,
            "structured": describe_certificate(certificate, document, address, has_picture=has_picture),
            "script": script | {"certificate": _script(services, certificate)},
        },
    )


@router.api_route("/c/{reference}/picture", methods=READ, response_class=Response)
async def show_picture(services: App, session: Reading, reference: Reference) -> Response:
    """The work's small picture, with its visible label, while the owner shows it.

    Raises: CertificateNotFoundError; HTTPException: there is none to show.
    """
    certificate = await queries.get_public(session, reference)
    file = await own.find_picture(session, certificate)
    if file is None:
        raise HTTPException(404)
    await session.close()  # the store may be slow, and no connection should wait for it
    try:
        content = await services.store.read_whole(file.object_key)
    except FileNotFoundError as error:
        raise HTTPException(404) from error
    return Response(content, media_type=file.media_type, headers={"cache-control": "public, max-age=600"})


def _public(certificate: Certificate) -> dict[str, str | None]:
    title = certificate.title if certificate.shows_work else None
    return {"number": certificate.number, "title": title}


def _state(certificate: Certificate) -> str:
    if certificate.state in queries.OPEN:
        return "pending"
    return certificate.state.value


def _document(certificate: Certificate) -> CertificateDocument | None:
    """None of one that is not signed yet."""
    if certificate.statement is None or certificate.signature is None or certificate.key_id is None:
        return None
    return read_document(write_document(certificate.statement, certificate.signature, certificate.key_id))


async def _notices(
    session: Reading, certificate: Certificate, document: CertificateDocument | None, language: str
) -> AsyncIterator[str]:
    words = texts.in_language(texts.PAGE, language)
    if certificate.state is CertificateState.REVOKED and certificate.revoked_at is not None:
        yield words["cert_revoked_on"].replace("{day}", f"{certificate.revoked_at:%Y-%m-%d}")
    transferred_at = await own.find_transfer(session, certificate.id)
    if transferred_at is not None:
        yield words["cert_transferred_on"].replace("{day}", f"{transferred_at:%Y-%m-%d}")
    if certificate.erased_at is not None:
        yield words["cert_erased"]
    if document is not None and document.is_development:
        yield words["cert_development"]


def _source_name(document: CertificateDocument | None, language: str) -> str | None:
    if document is None:
        return None
    key = SOURCES.get(document.facts.source_type)
    return texts.in_language(texts.PAGE, language)[key] if key else document.facts.source_type


def _address(services: Services, request: Request, certificate: Certificate) -> str:
    """The page's own address: where the operator says that we are, else where we were asked."""
    base = services.settings.public_url or str(request.base_url)
    return f"{base.rstrip('/')}/c/{certificate.number}"


def _script(services: Services, certificate: Certificate) -> dict[str, str | None]:
    """What the page's script checks by itself, and whom it believes."""
    keyring = services.keyring
    return {
        "number": certificate.number,
        "certificate_key": None if keyring is None else keyring.certificates.verifier.vkey,
        "log_key": None if keyring is None else keyring.log.verifier.vkey,
    }
