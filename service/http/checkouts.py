"""`POST /v1/checkouts`: buy something. The order first, then the page where it is paid."""

from typing import Annotated, Final

from fastapi import APIRouter, Request, Response
from pydantic import ConfigDict, Field

from billing.errors import NotSellingError
from billing.orders.placing import place_order
from billing.orders.terms import terms_of
from service.dependencies import App, CurrentUser, Language
from service.http.auth import Body
from service.http.idempotency import KEY_PARAMETER, read_key
from service.http.orders import PATH as ORDERS
from service.http.orders import OrderRead, read_order
from service.http.problems import documented

PATH: Final = "/v1/checkouts"
MAX_BASE_CHARS: Final = 300

router = APIRouter(tags=["payments"])


class CheckoutCreate(Body):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"item": "pack:small", "currency": "CNY"}]}
    )

    item: Annotated[str, Field(min_length=1, max_length=64, description="An `id` of the catalogue.")]
    currency: Annotated[
        str | None, Field(pattern="^[A-Z]{3}$", description="None: the one that suits the language.")
    ] = None


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

    Credits come with the money, never with the return from that page: poll the order.
    """
    key = read_key(request)
    if services.payments is None:
        raise NotSellingError("No payment channel is configured.")
    currency = body.currency or services.catalog.sale.preferred[language]
    order, is_replay = await place_order(
        services.sessions,
        services.payments,
        terms_of(services.catalog, body.item, currency),
        owner_id=user.user_id,
        key=key,
        language=language,
        base_url=(services.settings.public_url or str(request.base_url)).rstrip("/")[:MAX_BASE_CHARS],
        now=services.clock(),
    )
    response.headers["Location"] = f"{ORDERS}/{order.id}"
    response.headers["Idempotency-Replayed"] = "true" if is_replay else "false"
    return read_order(services, order, language)
