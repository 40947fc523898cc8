"""Pages about buying: what there is and what it costs, and what became of an order. A GET changes nothing."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from billing.catalog import FREE
from service.dependencies import App, ByAddress
from service.http.membership_offers import asked_consent, list_memberships, offer_certification
from service.http.offers import list_packs
from service.pages.language import page_language
from service.pages.rendering import render
from service.pages.script_facts import script_facts

READ: Final = ["GET", "HEAD"]

router = APIRouter(include_in_schema=False, dependencies=[ByAddress], default_response_class=HTMLResponse)


@router.api_route("/plans", methods=READ)
async def show_plans(
    request: Request,
    services: App,
    currency: Annotated[str | None, Query(max_length=8)] = None,
) -> HTMLResponse:
    """What is free, what memberships and packs cost, and what one has bought."""
    language = page_language(request)
    sale = services.catalog.sale
    chosen = currency if currency in sale.currencies else sale.preferred[language]
    return await render(
        request,
        services,
        "plans.html",
        {
            "free_credits": services.catalog.tier(FREE).monthly_credits,
            "packs": list_packs(services, language, chosen),
            "memberships": list_memberships(services, language, chosen),
            "certification": offer_certification(services, language, chosen),
            "consent": asked_consent(language),
            "currencies": sale.currencies,
            "currency": chosen,
            "is_test": services.payments is not None and services.payments.is_test,
            "script": {
                **script_facts(services, language),
                "now": services.clock().isoformat(timespec="milliseconds"),
            },
        },
    )


@router.api_route("/membership", methods=READ)
async def show_membership(request: Request, services: App) -> HTMLResponse:
    """One's own membership. The page is the same for everybody; its script asks as its reader."""
    facts = script_facts(services, page_language(request))
    return await render(request, services, "membership.html", {"script": facts})


@router.api_route("/orders/{order_id}", methods=READ)
async def show_order(request: Request, services: App, order_id: UUID) -> HTMLResponse:
    """Where a buyer comes back to. The page is the same for everybody; its script asks as its reader."""
    language = page_language(request)
    facts = {**script_facts(services, language), "order_id": str(order_id)}
    return await render(request, services, "order.html", {"script": facts})
