"""`GET /v1/batches/{id}/events`: a batch's counts as server-sent events, resumable without loss.

Nothing is stored: an event is a look at the database, numbered by what can only grow. So a client that
comes back with the last number it saw hears of everything that has happened since, in one event.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Header, Response
from fastapi.responses import StreamingResponse

from models.batch import BATCH_ENDS, BatchState
from models.generation import ENDS
from service.batches import queries as batches
from service.dependencies import App, CurrentUser
from service.http.batch_views import count_by_state, state_at
from service.http.batches import PATH
from service.http.events import PING_SECONDS, RETRY_MS, STREAM_HEADERS
from service.http.problems import documented
from service.wiring import Services

router = APIRouter(tags=["batches"])

LOOK_SECONDS: Final = 1.0
DESCRIPTION: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "`state` and `progress` events with the counts; `id` only grows; the last is the end.",
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": 'id: 3\nevent: progress\ndata: {"state": "running", "progress": 0.5}\n\n',
            }
        },
    },
    204: {"description": "Nothing will follow: the batch has ended and its end was received."},
}


@router.get(
    PATH + "/{batch_id}/events",
    response_class=StreamingResponse,
    responses={**DESCRIPTION, **documented(401, 404, 422, 429)},
)
async def follow_batch(
    batch_id: UUID,
    services: App,
    user: CurrentUser,
    last_event_id: Annotated[str | None, Header(description="Resume after this event.")] = None,
) -> Response:
    """Follow a batch live. Send Last-Event-ID to go on where a connection broke."""
    number, _, is_final = await _look(services, batch_id, user.user_id)
    seen = int(last_event_id) if last_event_id and last_event_id.isdecimal() and len(last_event_id) < 9 else 0
    if is_final and seen >= number:
        return Response(status_code=204)
    return StreamingResponse(
        _stream(services, batch_id, user.user_id, seen),
        media_type="text/event-stream",
        headers=STREAM_HEADERS,
    )


async def _stream(services: Services, batch_id: UUID, owner_id: UUID, seen: int) -> AsyncIterator[str]:
    yield f"retry: {RETRY_MS}\n\n"
    quiet_seconds, state = 0.0, ""
    while not services.stopping.is_set():
        number, data, is_final = await _look(services, batch_id, owner_id)
        if number > seen:
            event = "progress" if data["state"] == state else "state"
            seen, state, quiet_seconds = number, data["state"], 0.0
            yield f"id: {number}\nevent: {event}\ndata: {json.dumps(data)}\n\n"
        if is_final:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await services.stopping.wait()
        quiet_seconds += LOOK_SECONDS
        if quiet_seconds >= PING_SECONDS:
            quiet_seconds = 0.0
            yield ": still here\n\n"


async def _look(services: Services, batch_id: UUID, owner_id: UUID) -> tuple[int, dict[str, Any], bool]:
    """(number, data, whether it is the end). The number counts the steps taken: start, jobs' ends, end."""
    async with services.sessions() as session:
        batch = await batches.get_batch(session, batch_id, owner_id=owner_id)
        counts = (await batches.count_jobs(session, [batch_id]))[batch_id]
    state = state_at(services, batch)
    ended = sum(counts[end] for end in ENDS)
    is_final = state in BATCH_ENDS
    number = 1 + (state is not BatchState.QUOTED) + ended + is_final
    progress = round(ended / batch.rows_good, 3) if batch.rows_good else 0.0
    data = {"state": state.value, "progress": progress, "counts": count_by_state(counts).model_dump()}
    return number, data, is_final
