"""Signposts choose no route: with them the framework chooses what it would have chosen among all."""

import contextlib
import itertools
import re
from collections.abc import AsyncIterator, Sequence

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import BaseRoute, Match

from core.settings import Settings
from service.app import Application, create_app
from service.http.signposts import few_by_key, find_key

METHODS = ("GET", "POST", "BREW")
ENDS = ("", "/", "//", "/x", "\n", "\n/", ".json")
MOST_TRIED = 4


@contextlib.asynccontextmanager
async def nothing_opened(_: FastAPI) -> AsyncIterator[None]:
    yield


APP: Application = create_app(Settings(), lifespan=nothing_opened)
ROUTES = APP.router.routes
FEW = few_by_key(ROUTES)
PATHS = sorted({str(getattr(context, "path", "/")) for context in iter_route_contexts(ROUTES)})
SEGMENTS = sorted({segment for path in PATHS for segment in path.split("/")})


def choice(routes: Sequence[BaseRoute], method: str, path: str) -> tuple[BaseRoute | None, Match, bool]:
    """What the framework's router does: (route, how well it fits, whether only after a redirect)."""
    redirected = path.rstrip("/") if path.endswith("/") else path + "/"
    for tried, is_redirect in ((path, False), (redirected, True)):
        found = [(route, route.matches(scope_of(method, tried))[0]) for route in routes]
        for wanted in (Match.FULL, Match.PARTIAL):
            for route, match in found:
                if match is wanted:
                    return route, match, is_redirect
    return None, Match.NONE, False


def scope_of(method: str, path: str) -> dict[str, object]:
    return {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}


def filled(path: str) -> list[str]:
    """A path with its parameters filled in, also by what is the name of something else."""
    return [re.sub(r"\{[^}]*\}", value, path) for value in ("keys", "a\n")]


def test_every_route_method_and_ending_is_chosen_alike() -> None:
    tried = 0
    for path, end, method in itertools.product(PATHS, ENDS, METHODS):
        for asked in filled(path) if "{" in path else [path]:
            few = FEW[find_key(FEW, asked + end)]
            assert choice(few, method, asked + end) == choice(ROUTES, method, asked + end)
            tried += 1
    assert tried > 2_000


@given(st.lists(st.sampled_from([*SEGMENTS, "", "x", "%2e", "\n"]), max_size=5), st.sampled_from(METHODS))
def test_any_other_path_is(segments: list[str], method: str) -> None:
    path = "/" + "/".join(segments)
    assert choice(FEW[find_key(FEW, path)], method, path) == choice(ROUTES, method, path)


@pytest.mark.parametrize("path", [path for path in PATHS if path.startswith("/v1/")])
def test_few_are_tried(path: str) -> None:
    assert 1 <= len(FEW[find_key(FEW, path)]) <= MOST_TRIED < len(ROUTES)
