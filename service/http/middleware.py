"""What happens around every request: an id, a bound on the body, a log line, metrics, headers.

Plain ASGI: Starlette's BaseHTTPMiddleware costs a task and a queue per request.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Final

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.ids import new_id
from service import metrics
from service.http.lanes import Lane
from service.http.problems import problem_response

log = structlog.get_logger()

SECURITY_HEADERS: Final = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"x-frame-options", b"DENY"),
]
MOST_DIGITS: Final = 20  # of a length; Python reads no number of thousands, be they all zeros
QUIET_ROUTES: Final = frozenset({"/health/live", "/health/ready", "/metrics"})


class BodyTooLargeError(HTTPException):
    """More bytes arrived than are allowed; an HTTPException, because the framework lets only those pass."""

    def __init__(self) -> None:
        super().__init__(413)


class Observed:
    """Outermost: gives the request its id, and tells log and metrics how it ended.

    Args:
        lanes: hot paths that need nothing of the framework's stack.
        uploads: by (method, path), the most bytes where a body may be larger than elsewhere.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        lanes: Sequence[Lane],
        max_body_bytes: int,
        uploads: Mapping[tuple[str, str], int],
    ) -> None:
        self._app = app
        self._lanes = lanes
        self._max_body_bytes = max_body_bytes
        self._uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = new_id().hex
        scope["huajian.request_id"] = request_id
        status = 500
        answered_at = started

        async def observed_send(message: Message) -> None:
            nonlocal status, answered_at
            if message["type"] == "http.response.start":
                status, answered_at = message["status"], time.perf_counter()
                headers = message["headers"] = [*message["headers"], *SECURITY_HEADERS]
                headers.append((b"x-request-id", request_id.encode()))
                decision = scope.get("huajian.rate_limit")
                if decision is not None:
                    headers.extend(decision.headers())
            await send(message)

        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            await self._answer(scope, receive, observed_send)
        finally:
            structlog.contextvars.unbind_contextvars("request_id")
            _observe(scope, request_id, status, answered_at - started)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        most_bytes = self._uploads.get((scope["method"], scope["path"]), self._max_body_bytes)
        if not announced.isdigit() or len(announced) > MOST_DIGITS or int(announced) > most_bytes:
            response = problem_response(Request(scope), 413, "body_too_large")
            await response(scope, receive, send)
            return
        app = next((lane for lane in self._lanes if lane.fits(scope)), self._app)
        await app(scope, _bounded(receive, most_bytes), send)


def _bounded(receive: Receive, most_bytes: int) -> Receive:
    """Chunked bodies announce no length: count what arrives."""
    left = most_bytes

    async def bounded_receive() -> Message:
        nonlocal left
        message = await receive()
        if message["type"] == "http.request":
            left -= len(message.get("body", b""))
            if left < 0:
                raise BodyTooLargeError
        return message

    return bounded_receive


def _observe(scope: Scope, request_id: str, status: int, seconds: float) -> None:
    route = scope.get("route")
    path = getattr(route, "path", None) or scope.get(
        "huajian.route", "unmatched"
    )  # never the path: it has ids
    metrics.REQUESTS.labels(scope["method"], path, status).inc()
    metrics.REQUEST_SECONDS.labels(path).observe(seconds)
    if path not in QUIET_ROUTES:
        log.info(
            "http.request",
            method=scope["method"],
            route=path,
            status=status,
            ms=round(seconds * 1000, 1),
            request_id=request_id,
        )
