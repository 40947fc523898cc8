"""`/v1/batches`: one card for each row of a list. Quote, start, follow, cancel, fetch the ZIP."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import ValidationError

from billing.errors import InsufficientCreditsError
from models.batch import Batch, BatchState
from service.batches import archives
from service.batches import queries as batches
from service.dependencies import App, ByAddress, CurrentUser, Cursor, Limit, Reading, count_request
from service.flows.cancel_batch import cancel_batch, stop_running_rows
from service.flows.quote_batch import quote_batch
from service.flows.start_batch import start_batch
from service.http import batch_bodies
from service.http.batch_schemas import BatchPage, BatchRead, RowPage
from service.http.batch_views import AREA, read_batch, read_row, summarise
from service.http.idempotency import KEY_PARAMETER, read_key
from service.http.offers import ways_out
from service.http.problems import documented, refuse, refuse_input
from service.http.works import require_signed, stream
from service.limits.limiter import Policy
from service.works.errors import WorkNotFoundError

PATH: Final = "/v1/batches"
LIST: Final = "batches"

router = APIRouter(tags=["batches"])


async def count_order(request: Request, services: App, user: CurrentUser) -> None:
    """Checking hundreds of rows is dear: orders are limited by the hour, before the body is read."""
    policy = Policy("batches", services.settings.limits.batches_per_user_hour, 3600)
    await count_request(request, services, str(user.user_id), policy)


@router.post(
    PATH,
    status_code=201,
    response_model=BatchRead,
    dependencies=[Depends(count_order)],
    responses=documented(400, 401, 402, 403, 409, 413, 415, 422, 429, 503),
    openapi_extra={"parameters": [KEY_PARAMETER]},
)
async def create_batch(request: Request, response: Response, services: App, user: CurrentUser) -> Any:  # noqa: ANN401
    """Ask for the price of a batch: every row is checked, nothing is held yet.

    A bad row is reported with its line and spoils nothing. The quote can be started for a day; with
    `start` it is started at once, or nothing is kept.
    """
    key = read_key(request)
    try:
        order = await batch_bodies.read_order(request)
        async with services.sessions.begin() as session:
            batch, is_replay = await quote_batch(
                session, services.catalog, owner_id=user.user_id, key=key, order=order, now=services.clock()
            )
            read = await read_batch(services, session, batch)
    except ValidationError as error:
        return refuse_input(request, error.errors(include_url=False), code="invalid_spec")
    except InsufficientCreditsError as error:
        offers = await ways_out(services, request.headers.get("accept-language"), user.user_id)
        return refuse(request, error, offers=offers)
    if batch.state is BatchState.RUNNING and not is_replay:
        await services.events.wake_workers()
    _tell(response, batch, is_replay=is_replay)
    return read


@router.post(
    PATH + "/{batch_id}/start",
    status_code=202,
    response_model=BatchRead,
    responses=documented(400, 401, 402, 403, 404, 409, 422, 429, 503),
    openapi_extra={"parameters": [KEY_PARAMETER]},
)
async def start(
    batch_id: UUID, request: Request, response: Response, services: App, user: CurrentUser
) -> Any:  # noqa: ANN401
    """Hold the price of all good rows at once and queue their jobs; or hold and queue nothing."""
    try:
        async with services.sessions.begin() as session:
            await batches.get_batch(session, batch_id, owner_id=user.user_id)
            key = read_key(request)
            batch, is_replay = await start_batch(
                session, services.catalog, batch_id, owner_id=user.user_id, key=key, now=services.clock()
            )
            read = await read_batch(services, session, batch)
    except InsufficientCreditsError as error:
        offers = await ways_out(services, request.headers.get("accept-language"), user.user_id)
        return refuse(request, error, offers=offers)
    if not is_replay:
        await services.events.wake_workers()
    _tell(response, batch, is_replay=is_replay)
    return read


@router.post(PATH + "/{batch_id}/cancel", responses=documented(401, 404, 409, 422, 429, 503))
async def cancel(batch_id: UUID, services: App, user: CurrentUser, response: Response) -> BatchRead:
    """Withdraw a quote, or stop a running batch: what waits at once, what runs as soon as it can."""
    now = services.clock()
    async with services.sessions.begin() as session:
        batch = await cancel_batch(session, batch_id, owner_id=user.user_id, now=now)
    if batch.state is BatchState.RUNNING:
        await stop_running_rows(services.sessions, batch_id, owner_id=user.user_id, now=now)
    async with services.sessions() as session:
        batch = await batches.get_batch(session, batch_id, owner_id=user.user_id)
        read = await read_batch(services, session, batch)
    response.status_code = 202 if batch.state is BatchState.RUNNING else 200
    return read


@router.get(PATH, responses=documented(400, 401, 422, 429))
async def list_batches(
    services: App, session: Reading, user: CurrentUser, cursor: Cursor = None, limit: Limit = 20
) -> BatchPage:
    """My batches, newest first."""
    before_id = UUID(services.cursors.open(LIST, cursor)) if cursor else None
    found = await batches.list_batches(session, user.user_id, before_id=before_id, limit=limit)
    counts = await batches.count_jobs(session, [batch.id for batch in found])
    return BatchPage(
        items=[await summarise(services, session, batch, counts[batch.id]) for batch in found],
        next_cursor=services.cursors.seal(LIST, str(found[-1].id)) if len(found) == limit else None,
    )


@router.get(PATH + "/{batch_id}", responses=documented(401, 404, 422, 429))
async def get_batch(batch_id: UUID, services: App, session: Reading, user: CurrentUser) -> BatchRead:
    """One of my batches: how far it is, which rows are bad, and in the end the link to its ZIP."""
    batch = await batches.get_batch(session, batch_id, owner_id=user.user_id)
    return await read_batch(services, session, batch)


@router.get(PATH + "/{batch_id}/rows", responses=documented(400, 401, 404, 422, 429))
async def list_rows(
    batch_id: UUID,
    services: App,
    session: Reading,
    user: CurrentUser,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> RowPage:
    """The rows in the order in which they were sent, each with its work or its problem."""
    await batches.get_batch(session, batch_id, owner_id=user.user_id)
    list_name = f"{LIST}:{batch_id}"
    after = int(services.cursors.open(list_name, cursor)) if cursor else 0
    rows = await batches.list_rows(session, batch_id, after=after, limit=limit)
    return RowPage(
        items=[read_row(*row) for row in rows],
        next_cursor=services.cursors.seal(list_name, rows[-1][0].position) if len(rows) == limit else None,
    )


@router.get(
    "/archives/{batch_id}",
    dependencies=[ByAddress],
    response_class=Response,
    responses={
        200: {"description": "The ZIP.", "content": {"application/zip": {}}},
        307: {"description": "The file is at the object store, under a signed URL."},
        **documented(403, 404, 422, 429),
    },
)
async def get_archive(
    batch_id: UUID,
    services: App,
    session: Reading,
    expires: Annotated[int, Query(ge=0, le=2**40)],
    signature: Annotated[str, Query(pattern="^[0-9a-f]{64}$")],
) -> Response:
    """The cards of a batch in one ZIP, by its signed link; as often as wanted."""
    require_signed(services, AREA, batch_id, expires, signature)
    found = await archives.find_ready(session, batch_id)
    if found is None:
        raise WorkNotFoundError("This file is gone.")
    key, created_at = found
    return await stream(services, key, "application/zip", name=f"huajian-cards-{created_at:%Y%m%d}.zip")


def _tell(response: Response, batch: Batch, *, is_replay: bool) -> None:
    response.headers["Location"] = f"{PATH}/{batch.id}"
    response.headers["Idempotency-Replayed"] = "true" if is_replay else "false"
