"""`/test-payment/…`: where a rehearsal is paid, or not. There is no such page where real money moves."""

from datetime import datetime
from typing import Annotated, Final

from babel.dates import format_date
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from billing.money import LOCALES, format_money
from billing.payments import PaymentChannel
from service.dependencies import App, ByAddress
from service.flows.act_at_rehearsal import act, possible_acts
from service.flows.act_at_subscription import (
    act_on_subscription,
    period_end,
    possible_subscription_acts,
)
from service.pages.language import page_language
from service.pages.rendering import render
from service.pages.script_facts import script_facts
from service.rehearsal.api import PAGE, PORTAL
from service.rehearsal.objects import MissingObjectError, Objects
from service.rehearsal.server import Rehearsal
from service.wiring import Services

MEMBERSHIP: Final = "/membership"
DONE: Final = frozenset({"pay", "promise", "subscribe", "subscribe_shared"})

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
            "subscription": session.get("subscription"),
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
    is_done = session is not None and act_name in DONE
    target = session["success_url"] if session is not None and is_done else str(request.url.path)
    if session is not None and act_name == "expire":
        target = session["cancel_url"]
    return RedirectResponse(target, 303)


@router.get(PORTAL + "/{portal_id}")
async def show_test_portal(request: Request, services: App, portal_id: str) -> HTMLResponse:
    """A subscription as the bank and its member's wallet have it, and what may happen to it."""
    rehearsal, _ = require_rehearsal(services)
    language = page_language(request)
    try:
        subscription_id, return_url = _subscription_of(rehearsal.objects, portal_id)
        found, acts = possible_subscription_acts(rehearsal, subscription_id, notice=services.rules.notice)
    except MissingObjectError:
        raise HTTPException(404) from None
    price = found["items"]["data"][0]["price"]
    return await render(
        request,
        services,
        "test_portal.html",
        {
            "price": format_money(price["unit_amount"], price["currency"].upper(), language),
            "status": found["status"],
            "today": _day(services.clock(), language),
            "period_end": _day(period_end(found), language),
            "acts": acts,
            "return_url": return_url,
            "script": script_facts(services, language),
        },
    )


@router.post(PORTAL + "/{portal_id}")
async def act_on_test_portal(
    request: Request,
    services: App,
    portal_id: str,
    act_name: Annotated[str, Form(alias="act", max_length=20)],
) -> Response:
    """Do it, and show what came of it."""
    rehearsal, channel = require_rehearsal(services)
    try:
        subscription_id, _ = _subscription_of(rehearsal.objects, portal_id)
        await act_on_subscription(
            services.sessions,
            channel,
            rehearsal,
            subscription_id,
            act_name,
            rules=services.rules,
            clock=services.clock,
        )
    except MissingObjectError:
        raise HTTPException(404) from None
    return RedirectResponse(str(request.url.path), 303)


def _subscription_of(objects: Objects, portal_id: str) -> tuple[str, str]:
    """The subscription of a portal's customer, or of that very id; and where to go back to."""
    if not portal_id.startswith("bps"):
        return str(objects.get("subscription", portal_id)["id"]), MEMBERSHIP
    portal = objects.get("billing_portal.session", portal_id)
    for found in objects.all("subscription"):
        if found["customer"] == portal["customer"]:
            return str(found["id"]), str(portal["return_url"])
    raise MissingObjectError("No such subscription")


def _day(moment: datetime, language: str) -> str:
    return str(format_date(moment.date(), format="long", locale=LOCALES[language]))


def require_rehearsal(services: Services) -> tuple[Rehearsal, PaymentChannel]:
    """Raises: HTTPException: real money moves here, or none at all."""
    channel = services.payments
    if services.rehearsal is None or channel is None or not channel.is_test:
        raise HTTPException(404)
    return services.rehearsal, channel
