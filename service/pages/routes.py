"""Pages for people: the studio, their works, and what a problem means. A GET changes nothing."""

from typing import Annotated, Final

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from generators.specs import Kind
from service.dependencies import App, ByAddress
from service.http import session
from service.http.offers import list_packs
from service.pages import assets, console, purchases, rehearsal, texts, unlocking, verifying
from service.pages.forms import kind_choices, studio_offers
from service.pages.language import page_language
from service.pages.rendering import render
from service.pages.script_facts import script_facts

READ: Final = ["GET", "HEAD"]

pages = APIRouter(include_in_schema=False, dependencies=[ByAddress], default_response_class=HTMLResponse)


@pages.api_route("/", methods=READ)
async def show_studio(
    request: Request, services: App, kind: Annotated[str | None, Query(max_length=20)] = None
) -> HTMLResponse:
    """Where works are made. `?kind=` opens one of the forms."""
    language = page_language(request)
    return await render(
        request,
        services,
        "studio.html",
        {
            "shown_kind": kind if kind in set(Kind) else Kind.CARD.value,
            "prices": services.catalog.prices,
            "packs": list_packs(services, language),
            "can_ask": services.unlocking.desk.is_open,
            "script": script_facts(services, language),
            **studio_offers(language),
        },
    )


@pages.api_route("/works", methods=READ)
async def show_works(request: Request, services: App) -> HTMLResponse:
    """Everything that one has made."""
    language = page_language(request)
    return await render(
        request,
        services,
        "works.html",
        {"kinds": kind_choices(language), "script": script_facts(services, language)},
    )


@pages.api_route("/problems/{slug}", methods=READ)
async def show_problem(request: Request, services: App, slug: str) -> HTMLResponse:
    """What the `type` of a problem points at. Raises: HTTPException: there is no such problem."""
    code = slug.replace("-", "_")
    if code not in texts.PROBLEM_TITLES or "_" in slug:
        raise HTTPException(404)
    language = page_language(request)
    return await render(
        request,
        services,
        "problem.html",
        {
            "code": code,
            "title": texts.PROBLEM_TITLES[code][language],
            "advice": texts.ADVICE.get(code, texts.GENERAL_ADVICE)[language],
            "script": script_facts(services, language),
        },
    )


router = APIRouter()
router.include_router(pages)
router.include_router(purchases.router)
router.include_router(rehearsal.router)
router.include_router(unlocking.router)
router.include_router(console.router)
router.include_router(verifying.router)
router.include_router(session.router)  # how these pages sign in, and nobody else does


def mount_static(app: FastAPI) -> None:
    """Serve what the pages load."""
    assets.mount(app)
