"""`/u/{code}`: a friend asks for help. A GET changes nothing, so crawlers may come as they like."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, Response

from referral.channels import find_channel
from referral.codes import MAX_TYPED_CHARS, code_of
from referral.errors import LinkNotFoundError
from referral.links import ShownLink, get_shown_link
from service.addresses import client_network
from service.dependencies import App, ByAddress, Reading, count_request
from service.limits.limiter import Policy
from service.pages.language import page_language
from service.pages.rendering import render
from service.pages.script_facts import script_facts
from service.pages.unlock_facts import Shown, address_of, find_shown, page_facts
from service.posters.subjects import MEDIA_TYPE, Shape, Subject
from service.wiring import Services

READ: Final = ["GET", "HEAD"]
DRAWN: Final = Policy("poster", 60, 3600)  # pictures that one network may have drawn; those kept cost nothing
KEPT: Final = {"cache-control": "public, max-age=3600"}  # a link says for a while how it looked

router = APIRouter(include_in_schema=False, dependencies=[ByAddress], default_response_class=HTMLResponse)
Code = Annotated[str, Path(max_length=MAX_TYPED_CHARS)]


@router.api_route("/unlock-links", methods=READ)
async def show_own_links(request: Request, services: App) -> HTMLResponse:
    """Every link of one's own. The page is the same for everybody; its script asks as its reader."""
    facts = script_facts(services, page_language(request))
    return await render(request, services, "unlock_links.html", {"script": facts})


@router.api_route("/u/{code}", methods=READ)
async def show_link(request: Request, services: App, session: Reading, code: Code) -> HTMLResponse:
    """Who asks, for what, and how far it is; its script does what takes a press."""
    language = page_language(request)
    facts = script_facts(services, language)
    try:
        link = await _get_link(services, session, code)
    except LinkNotFoundError:
        page = await render(request, services, "unlock_gone.html", {"script": facts})
        page.status_code = 404
        return page
    shown = await find_shown(session, link)
    desk = services.unlocking.desk
    standing = await find_channel(session, desk.programme, link.channel)
    return await render(
        request,
        services,
        "unlock.html",
        {
            **page_facts(services, link, shown, language),
            "is_off": not (desk.is_open and standing.is_on),
            "off_reason": standing.reason(language),
            "address": address_of(services, request, code_of(services.keys, link.id)),
            "script": facts | {"code": code_of(services.keys, link.id)},
        },
    )


@router.api_route("/u/{code}/poster.jpg", methods=READ, response_class=Response)
async def show_poster(request: Request, services: App, session: Reading, code: Code) -> Response:
    """The picture that the owner shares, with the link as a QR code."""
    return await _show(request, services, session, code, Shape.POSTER)


@router.api_route("/u/{code}/og.jpg", methods=READ, response_class=Response)
async def show_preview(request: Request, services: App, session: Reading, code: Code) -> Response:
    """The picture beside the link where previews are shown."""
    return await _show(request, services, session, code, Shape.PREVIEW)


async def _get_link(services: Services, session: Reading, code: str) -> ShownLink:
    times = services.unlocking.desk.programme.times
    return await get_shown_link(session, services.keys, code, times, now=services.clock())


async def _show(request: Request, services: Services, session: Reading, code: str, shape: Shape) -> Response:
    """From the store, or drawn now. Raises: LinkNotFoundError, RateLimitedError, PosterUnavailableError."""
    link = await _get_link(services, session, code)
    shown = await find_shown(session, link)
    subject = Subject(
        link_id=link.id,
        shape=shape,
        language=page_language(request),
        asker_name=link.asker_name,
        url=address_of(services, request, code_of(services.keys, link.id)),
        work_id=link.work_id,
        is_model=shown.is_model,
        producer_code=services.settings.provenance.producer_code,
    )
    is_kept = services.settings.public_url is not None  # else the address is what this client called us
    jpeg = await services.posters.find(subject) if is_kept else None
    if jpeg is None:
        await session.close()  # drawing takes a second, and no connection should wait for it
        await count_request(request, services, client_network(request), DRAWN)
        jpeg = await services.posters.draw(subject, lambda: _read_work(services, shown), is_kept=is_kept)
    return Response(jpeg, media_type=MEDIA_TYPE, headers=KEPT)


async def _read_work(services: Services, shown: Shown) -> bytes:
    """The picture's file; nothing where there is none, or the store has it no more."""
    if shown.file is None:
        return b""
    try:
        return await services.store.read_whole(shown.file.object_key)
    except FileNotFoundError:
        return b""
