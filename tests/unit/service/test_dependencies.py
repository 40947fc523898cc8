"""What endpoints ask for is asked on the event loop: the framework hands a plain function to a thread."""

import contextlib
import inspect
from collections.abc import AsyncIterator, Iterator

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from core.settings import Settings
from service.app import create_app


@contextlib.asynccontextmanager
async def nothing_opened(_: FastAPI) -> AsyncIterator[None]:
    yield


def below(dependant: Dependant) -> Iterator[Dependant]:
    for each in dependant.dependencies:
        yield each
        yield from below(each)


def is_async(call: object) -> bool:
    asked = call if inspect.isroutine(call) else type(call).__call__
    return inspect.iscoroutinefunction(asked) or inspect.isasyncgenfunction(asked)


def test_no_dependency_needs_a_thread() -> None:
    routes = create_app(Settings(), lifespan=nothing_opened).routes
    dependants = [getattr(context, "dependant", None) for context in iter_route_contexts(routes)]
    calls = {each.call for dependant in dependants if dependant is not None for each in below(dependant)}
    assert len(calls) > 10
    assert {call for call in calls if not is_async(call)} == set()
