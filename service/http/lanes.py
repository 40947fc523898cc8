"""Lanes: hot endpoints as plain ASGI apps inside the same app, described in the same OpenAPI document.

The framework's stack, parsing and dependency solving cost more than the database does there
(docs/decisions/hot-lane.md).
"""

from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import Receive, Scope, Send

from service.http import problems

JSON_TYPES: Final = ("application/json", "")

Endpoint = Callable[[Request], Awaitable[Response]]


class Lane:
    """One endpoint that bypasses the framework's stack, so it answers every error itself."""

    def __init__(self, app: FastAPI, method: str, path: str, endpoint: Endpoint) -> None:
        """path: may have parameters, as a route's."""
        self._app = app
        self._method = method
        self._path = path
        self._pattern, _, _ = compile_path(path)
        self._endpoint = endpoint

    def fits(self, scope: Scope) -> bool:
        """Whether a request is this endpoint's; then its path parameters are in the scope."""
        if scope["method"] != self._method or (found := self._pattern.match(scope["path"])) is None:
            return False
        scope["path_params"] = found.groupdict()
        return True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self._app
        scope["huajian.route"] = self._path
        request = Request(scope, receive)
        try:
            response = await self._endpoint(request)
        except Exception as error:
            response = problems.refuse_any(request, error)
        await response(scope, receive, send)


async def read_json(request: Request) -> bytes:
    """The body of a request that says JSON, or nothing, of it. Raises: HTTPException (415)."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in JSON_TYPES:
        raise HTTPException(415)
    return await request.body()
