"""`/u/{code}`: a friend asks for help. A GET changes nothing, so crawlers may come as they like."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from referral.codes import code_of
from referral.errors import LinkNotFoundError
from referral.looks import ShownLink, ShownWork
from service.addresses import client_network
from service.dependencies import App, ByAddress, count_address, count_request, get_services
from service.http.link_codes import Code, read_code
from service.limits.limiter import Policy
from service.pages.kept_pages import KeptPages
from service.pages.language import page_language
from service.pages.rendering import answer, draw, render
from service.pages.script_facts import script_facts
from service.pages.unlock_facts import base_of, page_facts, picture_of
from service.posters.subjects import MEDIA_TYPE, Shape, Subject
from service.wiring import Services

PAGE: Final = "/u/{code}"
READ: Final = ["GET", "HEAD"]
DRAWN: Final = Policy("poster", 60, 3600)  # pictures that one network may have drawn; those kept cost nothing
KEPT: Final = {"cache-control": "public, max-age=3600"}  # a link says for a while how it looked

router = APIRouter(include_in_schema=False, dependencies=[ByAddress], default_response_class=HTMLResponse)
_kept: Final = KeptPages()


@router.api_route("/unlock-links", methods=READ)
async def show_own_links(request: Request, services: App) -> HTMLResponse:
    """Every link of one's own. The page is the same for everybody; its script asks as its reader."""
    facts = script_facts(services, page_language(request))
    return await render(request, services, "unlock_links.html", {"script": facts})


async def answer_page(request: Request) -> Response:
    """The lane of `show_link`, which the framework answers only to HEAD."""
    services = get_services(request)
    await count_address(request, services)
    return await show_link(request, services, read_code(request))


@router.api_route(PAGE, methods=READ)
async def show_link(request: Request, services: App, code: Code) -> HTMLResponse:
    """Who asks, for what, and how far it is; its script does what takes a press."""
    now = services.clock()
    try:
        look = await services.unlocking.looks.look(code, now=now)
    except LinkNotFoundError:
        facts = script_facts(services, page_language(request))
        page = await render(request, services, "unlock_gone.html", {"script": facts})
        page.status_code = 404
        return page
    language = page_language(request, look.link.asker_locale)  # what makes previews names none
    base = base_of(services, request)
    said = language, look.link.state_at(now), base
    html = _kept.get(look, said, lambda: _draw(services, look.link, language, base))
    return await answer(request, services, html, language)


def _draw(services: Services, link: ShownLink, language: str, base: str) -> str:
    """The page as everybody sees it in a language; what is named here is in `said`, or in the link."""
    code, is_open = code_of(services.keys, link.id), services.unlocking.desk.is_open
    facts = {
        **page_facts(services, link, language),
        "is_off": not (is_open and link.standing.is_on),
        "off_reason": link.standing.reason(language),
        "address": f"{base}/u/{code}",
        "script": script_facts(services, language) | {"code": code},
    }
    return draw("unlock.html", facts, language=language, path=f"/u/{code}")


@router.api_route(PAGE + "/poster.jpg", methods=READ, response_class=Response)
async def show_poster(request: Request, services: App, code: Code) -> Response:
    """The picture that the owner shares, with the link as a QR code."""
    return await _show(request, services, code, Shape.POSTER)


@router.api_route(PAGE + "/og.jpg", methods=READ, response_class=Response)
async def show_preview(request: Request, services: App, code: Code) -> Response:
    """The picture beside the link where previews are shown."""
    return await _show(request, services, code, Shape.PREVIEW)


async def _show(request: Request, services: Services, code: str, shape: Shape) -> Response:
    """From the store, or drawn now. Raises: LinkNotFoundError, RateLimitedError, PosterUnavailableError."""
    link = (await services.unlocking.looks.look(code, now=services.clock())).link
    subject = Subject(
        link_id=link.id,
        shape=shape,
        language=page_language(request, link.asker_locale),
        asker_name=link.asker_name,
        url=f"{base_of(services, request)}/u/{code_of(services.keys, link.id)}",
        work_id=link.work_id,
        is_model=link.work is not None and link.work.is_model,
        producer_code=services.settings.provenance.producer_code,
    )
    is_kept = services.settings.public_url is not None  # else the address is what this client called us
    jpeg = await services.posters.find(subject) if is_kept else None
    if jpeg is None:
        await count_request(request, services, client_network(request), DRAWN)
        jpeg = await services.posters.draw(subject, lambda: _read_work(services, link.work), is_kept=is_kept)
    return Response(jpeg, media_type=MEDIA_TYPE, headers=KEPT)


async def _read_work(services: Services, work: ShownWork | None) -> bytes:
    """The picture's file; nothing where there is none, or the store has it no more."""
    file = picture_of(work)
    if file is None:
        return b""
    try:
        return await services.store.read_whole(file.object_key)
    except FileNotFoundError:
        return b""
