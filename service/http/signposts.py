"""Which routes may fit a path, by its first two segments, so that a request is not tried against all of them.

The choice stays the framework's: it walks the few that are left, in their order. What was left out could not
have fitted the path, with or without a slash at its end, so leaving it out changes no choice.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Final

from fastapi import APIRouter
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

Key = tuple[str | None, str | None]  # None: any segment, or none
ANY: Final[Key] = (None, None)
ENDINGS: Final = "/\n"  # a pattern's `$` also fits before a last line feed


class Signposts:
    """Stands before a router whose routes are all there."""

    def __init__(self, router: APIRouter) -> None:
        self._router = router
        self._ways: Mapping[Key, ASGIApp] = {
            key: _with_routes(router, routes) for key, routes in few_by_key(router.routes).items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope.get("root_path"):
            await self._router(scope, receive, send)
            return
        scope.setdefault("router", self._router)
        await self._ways[find_key(self._ways, scope["path"])](scope, receive, send)


def few_by_key(routes: Sequence[BaseRoute]) -> dict[Key, list[BaseRoute]]:
    """By every beginning that a route has, the routes that may fit a path with it, in their order."""
    keys_of = [_keys_of(route) for route in routes]
    every: set[Key] = {ANY}.union(*keys_of)
    every |= {(first, None) for first, _ in every}
    return {
        key: [
            route
            for route, own in zip(routes, keys_of, strict=True)
            if not own.isdisjoint({key, (key[0], None), ANY})
        ]
        for key in every
    }


def find_key(known: Mapping[Key, object], path: str) -> Key:
    """The longest beginning of a path that is known; a slash at the end is none."""
    first, second = _beginning(path)
    return next((key for key in ((first, second), (first, None)) if key in known), ANY)


def _keys_of(route: BaseRoute) -> set[Key]:
    """Beginnings of the paths that a route answers, which may be a router with routes of its own."""
    paths = [getattr(context, "path", None) for context in iter_route_contexts([route])]
    return {ANY if path is None else _beginning(path) for path in paths} or {ANY}


def _beginning(path: str) -> Key:
    """The first two segments, as far as they are the same in all paths of a route."""
    segments = path.rstrip(ENDINGS).split("/")[1:] or [""]
    first, second = segments[0], segments[1] if len(segments) > 1 else "{"
    if "{" in first:
        return ANY
    return first, None if "{" in second else second


def _with_routes(router: APIRouter, routes: list[BaseRoute]) -> ASGIApp:
    """The same router with fewer routes."""
    few = copy.copy(router)
    few.routes = routes
    few.middleware_stack = few.app
    return few
