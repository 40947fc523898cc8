"""`/webhooks/stripe`: verify, keep once, answer. What it means is found out later, by the keeper."""

from typing import Annotated, Final

from fastapi import APIRouter, Header, Request

from billing.errors import NotSellingError
from service.dependencies import App, Transaction
from service.flows.receive_event import receive_event
from service.http.problems import documented

PATH: Final = "/webhooks/stripe"
MAX_BYTES: Final = 1024 * 1024  # Stripe sends a few kilobytes

router = APIRouter(tags=["payments"])


@router.post(PATH, status_code=202, response_model=None, responses=documented(400, 409, 413, 422, 503))
async def receive_stripe_event(
    request: Request,
    services: App,
    session: Transaction,
    stripe_signature: Annotated[str, Header(max_length=2000)] = "",
) -> None:
    """For Stripe only: an event, signed with our secret. Repeating it changes nothing."""
    if services.payments is None:
        raise NotSellingError("No payment channel is configured.")
    body = await request.body()
    await receive_event(session, services.payments, body, stripe_signature, now=services.clock())
