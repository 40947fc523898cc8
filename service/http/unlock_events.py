"""`GET /v1/unlock-links/{code}/events`: an owner's link as server-sent events, resumable without loss.

Nothing is stored: an event is a look at the database, numbered by what only grows. A word on Redis makes us
look at once; without it we look every few seconds.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Header, Response
from fastapi.responses import StreamingResponse

from models.referral import LinkState
from referral import links
from service.dependencies import App, CurrentUser
from service.http.events import PING_SECONDS, RETRY_MS, STREAM_HEADERS
from service.http.link_codes import Code
from service.http.problems import documented
from service.http.unlock_links import PATH
from service.unlocking.news import channel_of
from service.wiring import Services

router = APIRouter(tags=["referral"])

LOOK_SECONDS: Final = 3.0
MAX_DIGITS: Final = 16
DESCRIPTION: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "`progress` events while friends help, and a last `state` event; `id` only grows.",
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": 'id: 3\nevent: progress\ndata: {"state": "open", "progress": 2, "missing": 1}\n\n',
            }
        },
    },
    204: {"description": "Nothing will follow: the link has ended and its end was received."},
}


@router.get(
    PATH + "/{code}/events",
    response_class=StreamingResponse,
    responses={**DESCRIPTION, **documented(401, 404, 422, 429)},
)
async def follow_link(
    code: Code,
    services: App,
    user: CurrentUser,
    last_event_id: Annotated[str | None, Header(description="Resume after this event.")] = None,
) -> Response:
    """Follow my link live. Send Last-Event-ID to go on where a connection broke."""
    number, _, is_final, link_id = await _look(services, code, user.user_id)
    seen = 0
    if last_event_id and last_event_id.isdecimal() and len(last_event_id) < MAX_DIGITS:
        seen = int(last_event_id)
    if is_final and seen >= number:
        return Response(status_code=204)
    return StreamingResponse(
        _stream(services, code, user.user_id, link_id, seen),
        media_type="text/event-stream",
        headers=STREAM_HEADERS,
    )


async def _stream(
    services: Services, code: str, owner_id: UUID, link_id: UUID, seen: int
) -> AsyncIterator[str]:
    yield f"retry: {RETRY_MS}\n\n"
    quiet_seconds = 0.0
    with services.hub.listen(channel_of(link_id)) as heard:
        while not services.stopping.is_set():
            heard.clear()
            number, data, is_final, _ = await _look(services, code, owner_id)
            if number > seen:
                seen, quiet_seconds = number, 0.0
                event = "state" if is_final else "progress"
                yield f"id: {number}\nevent: {event}\ndata: {json.dumps(data)}\n\n"
            if is_final:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await heard.wait()
                continue
            quiet_seconds += LOOK_SECONDS
            if quiet_seconds >= PING_SECONDS:
                quiet_seconds = 0.0
                yield ": still here\n\n"


async def _look(services: Services, code: str, owner_id: UUID) -> tuple[int, dict[str, Any], bool, UUID]:
    """(number, data, whether it is the end, the link's id). The number counts changes and helps taken.

    A link whose time is over is expired to friends; to its owner it ends when the keeper has ended it: it may
    be waiting for a reviewer, and bring the reward yet.
    """
    async with services.sessions() as session:
        link = await links.get_own_link(session, services.keys, code, owner_id=owner_id)
        taken = await links.count_taken(session, link.id)
        pending, held = await links.count_waiting(session, link.id)
    state = links.state_at(link.state, link.expires_at, services.clock())
    is_final = link.state is not LinkState.OPEN
    data = {
        "state": state.value,
        "goal": link.goal,
        "progress": link.progress,
        "missing": max(0, link.goal - link.progress),
        "pending_helps": pending,
        "held_helps": held,
        "reward_credits": link.reward_credits,
    }
    return 1 + link.version + taken + is_final, data, is_final, link.id
