"""`/test-payment/…`: where a rehearsal is paid, or not. There is no such page where real money moves."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from billing.money import format_money
from billing.payments import PaymentChannel
from service.dependencies import App, ByAddress
from service.flows.act_at_rehearsal import BUYERS, act, possible_acts
from service.pages.language import page_language
from service.pages.rendering import render
from service.pages.script_facts import script_facts
from service.rehearsal.api import PAGE
from service.rehearsal.objects import MissingObjectError
from service.rehearsal.server import Rehearsal
from service.wiring import Services

router = APIRouter(include_in_schema=False, dependencies=[ByAddress], default_response_class=HTMLResponse)


@router.get(PAGE + "/{session_id}")
async def show_test_payment(request: Request, services: App, session_id: str) -> HTMLResponse:
    """What is to be paid, and everything that may happen instead."""
    rehearsal, _ = require_rehearsal(services)
    language = page_language(request)
    try:
        session, acts = possible_acts(rehearsal.objects, session_id)
    except MissingObjectError:
        raise HTTPException(404) from None
    return await render(
        request,
        services,
        "test_payment.html",
        {
            "product": session["_product"],
            "price": format_money(session["amount_total"], session["currency"].upper(), language),
            "acts": list(acts),
            "is_open": acts is BUYERS,
            "return_url": session["success_url"],
            "script": script_facts(services, language),
        },
    )


@router.post(PAGE + "/{session_id}")
async def act_on_test_payment(
    request: Request,
    services: App,
    session_id: str,
    act_name: Annotated[str, Form(alias="act", max_length=20)],
) -> Response:
    """Do it, and go back to where the buyer came from; or to this page, to see what came of it."""
    rehearsal, channel = require_rehearsal(services)
    try:
        session = await act(services.sessions, channel, rehearsal, session_id, act_name, now=services.clock())
    except MissingObjectError:
        raise HTTPException(404) from None
    is_done = session is not None and act_name in ("pay", "promise")
    target = session["success_url"] if session is not None and is_done else str(request.url.path)
    if session is not None and act_name == "expire":
        target = session["cancel_url"]
    return RedirectResponse(target, 303)


def require_rehearsal(services: Services) -> tuple[Rehearsal, PaymentChannel]:
    """Raises: HTTPException: real money moves here, or none at all."""
    channel = services.payments
    if services.rehearsal is None or channel is None or not channel.is_test:
        raise HTTPException(404)
    return services.rehearsal, channel
