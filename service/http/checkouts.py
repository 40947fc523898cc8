"""`POST /v1/checkouts`: buy something. The order first, then the page where it is paid."""

from collections.abc import Mapping
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import ConfigDict, Field

from billing.errors import NotSellingError, UnknownItemError
from billing.orders.placing import OrderWish, place_order
from billing.orders.terms import Terms
from core.errors import DomainError, ErrorKind
from models.order import ItemKind
from service.dependencies import App, CurrentUser, Language
from service.flows.first_month import find_terms
from service.http.auth import Body
from service.http.idempotency import KEY_PARAMETER, read_key
from service.http.orders import PATH as ORDERS
from service.http.orders import OrderRead, read_order
from service.http.problems import documented
from service.texts import CONSENT_VERSION
from service.wiring import Services

PATH: Final = "/v1/checkouts"
MAX_BASE_CHARS: Final = 300
STARTING_AT_ONCE: Final = frozenset({ItemKind.MEMBERSHIP, ItemKind.MONTHS})

router = APIRouter(tags=["payments"])


class CheckoutCreate(Body):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"item": "pack:small", "currency": "CNY"},
                {"item": "membership:gold", "currency": "CNY", "consent_version": CONSENT_VERSION},
            ]
        },
    )

    item: Annotated[str, Field(min_length=1, max_length=64, description="An `id` of the catalogue.")]
    currency: Annotated[
        str | None, Field(pattern="^[A-Z]{3}$", description="None: the one that suits the language.")
    ] = None
    consent_version: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=64,
            description="Of the catalogue's `consent` that the buyer agreed to; a membership needs it.",
        ),
    ] = None


class ConsentRequiredError(DomainError):
    """A membership starts at once, to which its buyer must agree in the words that we ask for now."""

    code = "consent_required"
    kind = ErrorKind.UNPROCESSABLE

    def facts(self) -> Mapping[str, object]:
        return {"consent_version": CONSENT_VERSION}


@router.post(
    PATH,
    status_code=201,
    responses=documented(400, 401, 403, 409, 413, 422, 429, 503),
    openapi_extra={"parameters": [KEY_PARAMETER]},
)
async def create_checkout(
    body: CheckoutCreate,
    request: Request,
    response: Response,
    services: App,
    user: CurrentUser,
    language: Language,
) -> OrderRead:
    """Order one item; `checkout_url` is where it is paid. The same key gives the same order.

    What was bought comes with the money, never with the return from that page: poll the order. A first month
    is cheaper once per person; where it turns out when paying that there was one, all of the money goes back.
    """
    key = read_key(request)
    if services.payments is None:
        raise NotSellingError("No payment channel is configured.")
    terms = await _find_terms(services, body, user.user_id, language)
    wish = OrderWish(
        terms,
        owner_id=user.user_id,
        key=key,
        language=language,
        base_url=base_url(services, request),
        consent_version=body.consent_version,
    )
    order, is_replay = await place_order(services.sessions, services.payments, wish, now=services.clock())
    response.headers["Location"] = f"{ORDERS}/{order.id}"
    response.headers["Idempotency-Replayed"] = "true" if is_replay else "false"
    return read_order(services, order, language)


def base_url(services: Services, request: Request) -> str:
    """Where our pages are, for who comes back from the channel's."""
    return (services.settings.public_url or str(request.base_url)).rstrip("/")[:MAX_BASE_CHARS]


async def _find_terms(services: Services, body: CheckoutCreate, user_id: UUID, language: str) -> Terms:
    """Raises: UnknownItemError, UnsoldCurrencyError, ConsentRequiredError."""
    currency = body.currency or services.catalog.sale.preferred[language]
    async with services.sessions() as session:
        terms = await find_terms(session, services.rules, user_id=user_id, item=body.item, currency=currency)
    if terms.kind is ItemKind.CERTIFICATION:
        raise UnknownItemError("A work is certified at POST /v1/works/{id}/certificate.")
    is_missing = body.consent_version is None and terms.kind in STARTING_AT_ONCE
    if is_missing or body.consent_version not in (None, CONSENT_VERSION):
        raise ConsentRequiredError(f"Agree to the catalogue's consent, version {CONSENT_VERSION}.")
    return terms
