"""`GET /v1/generations/{id}/events`: a job's news as server-sent events, resumable without loss.

Source: WHATWG HTML, server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Header, Response
from fastapi.responses import StreamingResponse
from redis.exceptions import RedisError

from models.generation import ENDS, Generation, JobState
from service.dependencies import App, CurrentUser
from service.http.problems import documented
from service.jobs import queries as jobs
from service.jobs.events import FIRST_STORED, JobEvent, channel_of
from service.wiring import Services

router = APIRouter(prefix="/v1/generations", tags=["generation"])

RETRY_MS: Final = 1000
LOOK_SECONDS: Final = 1.0  # how long news that Redis lost may stay unknown
PING_SECONDS: Final = 15.0
STREAM_HEADERS: Final = {"cache-control": "no-store", "x-accel-buffering": "no"}
DESCRIPTION: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "`state`, `progress` and `section` events (`section` has the text of a part); "
        "`id` counts from 1; the last event names the work.",
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": 'id: 3\nevent: progress\ndata: {"state":"running","progress":0.4}\n\n',
            }
        },
    },
    204: {"description": "Nothing will follow: the job ended and every event was received."},
}


@router.get(
    "/{generation_id}/events",
    response_class=StreamingResponse,
    responses={**DESCRIPTION, **documented(401, 404, 422, 429)},
)
async def follow_generation(
    generation_id: UUID,
    services: App,
    user: CurrentUser,
    last_event_id: Annotated[str | None, Header(description="Resume after this event.")] = None,
) -> Response:
    """Follow a job live. Send Last-Event-ID to go on where a connection broke."""
    async with services.sessions() as session:
        job = await jobs.get_job(session, generation_id, owner_id=user.user_id)
    seen = int(last_event_id) if last_event_id and last_event_id.isdecimal() and len(last_event_id) < 9 else 0
    if seen and job.state in ENDS and await _has_seen_all(services, job.id, seen):
        return Response(status_code=204)
    return StreamingResponse(
        _stream(services, job.id, user.user_id, seen), media_type="text/event-stream", headers=STREAM_HEADERS
    )


async def _has_seen_all(services: Services, job_id: UUID, seen: int) -> bool:
    try:
        return not await services.events.read_after(job_id, seen)
    except (RedisError, OSError):
        return False


async def _stream(services: Services, job_id: UUID, owner_id: UUID, seen: int) -> AsyncIterator[str]:
    yield f"retry: {RETRY_MS}\n\n"
    if seen == 0:
        seen = 1
        yield _format(1, "state", {"state": JobState.QUEUED.value, "progress": 0.0})
    with services.hub.listen(channel_of(job_id)) as heard:
        quiet_seconds = 0.0
        while not services.stopping.is_set():
            heard.clear()
            for event in await _read(services, job_id, owner_id, seen):
                seen, quiet_seconds = event.number, 0.0
                yield _format(event.number, event.event, event.data)
                if event.is_final:
                    return
            if not await _hears(heard):
                quiet_seconds += LOOK_SECONDS
            if quiet_seconds >= PING_SECONDS:
                quiet_seconds = 0.0
                yield ": still here\n\n"


async def _hears(heard: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            await heard.wait()
    except TimeoutError:
        return False
    return True


async def _read(services: Services, job_id: UUID, owner_id: UUID, seen: int) -> list[JobEvent]:
    """What is new: from Redis, or from the row when Redis does not know of the end."""
    try:
        events = list(await services.events.read_after(job_id, seen))
        if events:
            return events
        end = await _find_end(services, job_id, owner_id)
        if end is None:
            return []
        await services.events.append(
            job_id, "state", end, is_final=True, least_number=max(seen + 1, FIRST_STORED)
        )
        return list(await services.events.read_after(job_id, seen))
    except (RedisError, OSError):
        end = await _find_end(services, job_id, owner_id)
        return [JobEvent(seen + 1, "state", end, is_final=True)] if end else []


async def _find_end(services: Services, job_id: UUID, owner_id: UUID) -> Mapping[str, Any] | None:
    """The last event as the database tells it; None while the job lives."""
    async with services.sessions() as session:
        job: Generation = await jobs.get_job(session, job_id, owner_id=owner_id)
        if job.state not in ENDS:
            return None
        work_ids = await jobs.find_work_ids(session, [job_id])
    is_made = job.state is JobState.SUCCEEDED
    end: dict[str, Any] = {"state": job.state.value, "progress": 1.0 if is_made else 0.0}
    if job_id in work_ids:
        end["work"] = {"id": str(work_ids[job_id]), "kind": job.kind}
    if job.problem:
        end["problem"] = job.problem
    return end


def _format(number: int, event: str, data: Mapping[str, Any]) -> str:
    return f"id: {number}\nevent: {event}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
