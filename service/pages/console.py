"""`/console`: figures, reviews and campaigns. The page is public and empty; its script asks as its reader."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from models.campaign import ShareChannel
from service.dependencies import App, ByAddress
from service.pages import texts
from service.pages.language import page_language
from service.pages.rendering import render
from service.pages.script_facts import script_facts
from service.wiring import Services

READ: Final = ["GET", "HEAD"]

router = APIRouter(include_in_schema=False, dependencies=[ByAddress], default_response_class=HTMLResponse)


@router.api_route("/console", methods=READ)
async def show_console(request: Request, services: App) -> HTMLResponse:
    """The same for everybody; what may be seen is decided where it is asked for."""
    language = page_language(request)
    facts = script_facts(services, language)
    said = {**texts.in_language(texts.SCRIPT, language), **texts.in_language(texts.CONSOLE_SCRIPT, language)}
    return await render(
        request,
        services,
        "console.html",
        {
            "channels": [channel.value for channel in ShareChannel],
            "terms": services.unlocking.desk.programme.terms.model_dump(),
            "script": {**facts, "texts": {**said, **_rules(services, language)}},
        },
    )


def _rules(services: Services, language: str) -> dict[str, str]:
    """What each rule of the risk score says, beside the other reasons of the texts."""
    weights = services.risk.weights
    return {f"reason_{code}": weights.explain(code, language) for code in weights.rules}
