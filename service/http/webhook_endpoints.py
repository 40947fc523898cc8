"""`/v1/webhook-endpoints`: where the user's own back end wants to be told of things."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from models.webhook import DeliveryState, EndpointState
from service.dependencies import (
    App,
    CurrentUser,
    Cursor,
    Language,
    Limit,
    Reading,
    Transaction,
    count_request,
)
from service.http.idempotency import KEY_PARAMETER, read_key
from service.http.problems import documented
from service.http.webhook_schemas import (
    DeliveryPage,
    DeliveryRead,
    EndpointCreate,
    EndpointCreated,
    EndpointPage,
    EndpointRead,
    EndpointUpdate,
    ReplayCreate,
    ReplayRead,
    SecretRead,
    read_delivery,
    read_endpoint,
)
from service.limits.limiter import Policy
from service.outbox import deliveries, endpoints
from service.outbox.addresses import check_url, rules_for
from service.outbox.endpoints import NewEndpoint

PATH: Final = "/v1/webhook-endpoints"
ONE: Final = PATH + "/{endpoint_id}"
KEYED: Final = {"parameters": [KEY_PARAMETER]}

router = APIRouter(tags=["webhooks"])


async def count_send(request: Request, services: App, user: CurrentUser) -> None:
    """What makes us send to somebody else is limited by the hour."""
    policy = Policy("webhooks", services.settings.limits.webhook_sends_per_user_hour, 3600)
    await count_request(request, services, str(user.user_id), policy)


@router.post(
    PATH,
    status_code=201,
    dependencies=[Depends(count_send)],
    responses=documented(400, 401, 403, 409, 413, 422, 429, 503),
    openapi_extra=KEYED,
)
async def create_endpoint(
    body: EndpointCreate,
    request: Request,
    response: Response,
    services: App,
    session: Transaction,
    user: CurrentUser,
    language: Language,
) -> EndpointCreated:
    """Be told of what happens, by POSTs that are signed as Standard Webhooks say.

    The secret is in this answer and never again. At most 5 endpoints. The host's addresses are looked at
    before each attempt: nothing is sent to private ones.
    """
    key = read_key(request)
    check_url(body.url, rules_for(services.settings))
    types = None if body.event_types is None else tuple(sorted(set(body.event_types)))
    endpoint, secret, is_replay = await endpoints.create(
        session,
        services.keys,
        owner_id=user.user_id,
        key=key,
        wanted=NewEndpoint(body.url, types),
        now=services.clock(),
    )
    response.headers["Location"] = f"{PATH}/{endpoint.id}"
    response.headers["Idempotency-Replayed"] = "true" if is_replay else "false"
    return EndpointCreated(**read_endpoint(endpoint, language).model_dump(), secret=secret)


@router.get(PATH, responses=documented(401, 422, 429))
async def list_endpoints(session: Reading, user: CurrentUser, language: Language) -> EndpointPage:
    """My endpoints, oldest first; all of them."""
    found = await endpoints.list_endpoints(session, user.user_id)
    return EndpointPage(items=[read_endpoint(endpoint, language) for endpoint in found])


@router.get(ONE, responses=documented(401, 404, 422, 429))
async def get_endpoint(
    endpoint_id: UUID, session: Reading, user: CurrentUser, language: Language
) -> EndpointRead:
    """One of my endpoints, and how it fares."""
    return read_endpoint(await endpoints.get(session, endpoint_id, owner_id=user.user_id), language)


@router.patch(ONE, responses=documented(400, 401, 404, 413, 422, 429, 503))
async def update_endpoint(
    endpoint_id: UUID,
    body: EndpointUpdate,
    services: App,
    session: Transaction,
    user: CurrentUser,
    language: Language,
) -> EndpointRead:
    """Change where it is or what it is told of; pause it, or let it go on with what was kept."""
    endpoint = await endpoints.lock(session, endpoint_id, owner_id=user.user_id)
    if body.url is not None:
        check_url(body.url, rules_for(services.settings))
        endpoint.url = body.url
    if "event_types" in body.model_fields_set:
        types = body.event_types
        endpoint.event_types = None if types is None else sorted({event.value for event in types})
    if body.state is EndpointState.PAUSED:
        endpoints.pause(endpoint)
    elif body.state is EndpointState.ENABLED:
        await endpoints.resume(session, endpoint, now=services.clock())
    return read_endpoint(endpoint, language)


@router.delete(ONE, status_code=204, responses=documented(401, 404, 422, 429, 503))
async def delete_endpoint(endpoint_id: UUID, session: Transaction, user: CurrentUser) -> Response:
    """Delete it with everything that waits for it."""
    await endpoints.remove(session, endpoint_id, owner_id=user.user_id)
    return Response(status_code=204)


@router.post(ONE + "/secret", responses=documented(400, 401, 404, 413, 422, 429, 503), openapi_extra=KEYED)
async def rotate_secret(
    endpoint_id: UUID, request: Request, services: App, session: Transaction, user: CurrentUser
) -> SecretRead:
    """Get a new secret. For 24 hours every request has a second signature, made with the old one."""
    endpoint = await endpoints.lock(session, endpoint_id, owner_id=user.user_id)
    secret = endpoints.rotate(services.keys, endpoint, key=read_key(request), now=services.clock())
    return SecretRead(secret=secret, previous_secret_expires_at=endpoint.previous_secret_expires_at)


@router.post(
    ONE + "/test",
    status_code=202,
    dependencies=[Depends(count_send)],
    responses=documented(400, 401, 404, 409, 413, 422, 429, 503),
    openapi_extra=KEYED,
)
async def send_test(
    endpoint_id: UUID,
    request: Request,
    services: App,
    session: Transaction,
    user: CurrentUser,
    language: Language,
) -> DeliveryRead:
    """Have a `webhook.test` sent; what became of it is in the deliveries."""
    endpoint = await endpoints.lock(session, endpoint_id, owner_id=user.user_id)
    test = await deliveries.send_test(session, endpoint, key=read_key(request), now=services.clock())
    return read_delivery(test, language)


@router.get(ONE + "/deliveries", responses=documented(400, 401, 404, 422, 429))
async def list_deliveries(
    endpoint_id: UUID,
    services: App,
    session: Reading,
    user: CurrentUser,
    language: Language,
    state: Annotated[DeliveryState | None, Query(description="Only such.")] = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> DeliveryPage:
    """What was sent to one of my endpoints, or waits to be: newest first, for 30 days."""
    await endpoints.get(session, endpoint_id, owner_id=user.user_id)
    list_name = f"webhook-deliveries:{endpoint_id}:{state}"
    before = int(services.cursors.open(list_name, cursor)) if cursor else None
    found = await deliveries.list_deliveries(
        session, endpoint_id, state=state, before_position=before, limit=limit
    )
    return DeliveryPage(
        items=[read_delivery(delivery, language) for delivery in found],
        next_cursor=services.cursors.seal(list_name, found[-1].position) if len(found) == limit else None,
    )


@router.post(
    ONE + "/replay",
    status_code=202,
    dependencies=[Depends(count_send)],
    responses=documented(400, 401, 404, 413, 422, 429, 503),
    openapi_extra=KEYED,
)
async def replay_since(
    endpoint_id: UUID,
    body: ReplayCreate,
    request: Request,
    services: App,
    session: Transaction,
    user: CurrentUser,
) -> ReplayRead:
    """Have everything sent again that happened at a time or later, in its order, under its `webhook-id`s."""
    endpoint = await endpoints.lock(session, endpoint_id, owner_id=user.user_id)
    key, now = read_key(request), services.clock()
    count = await deliveries.replay_since(session, endpoint, since=body.since, key=key, now=now)
    return ReplayRead(replayed=count)


@router.post(
    ONE + "/deliveries/{delivery_id}/replay",
    status_code=202,
    dependencies=[Depends(count_send)],
    responses=documented(400, 401, 404, 413, 422, 429, 503),
    openapi_extra=KEYED,
)
async def replay_delivery(
    endpoint_id: UUID,
    delivery_id: UUID,
    request: Request,
    services: App,
    session: Transaction,
    user: CurrentUser,
    language: Language,
) -> DeliveryRead:
    """Have one event sent again, under its `webhook-id`."""
    endpoint = await endpoints.lock(session, endpoint_id, owner_id=user.user_id)
    key, now = read_key(request), services.clock()
    return read_delivery(
        await deliveries.replay_one(session, endpoint, delivery_id, key=key, now=now), language
    )
