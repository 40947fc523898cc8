"""Ports to an app: routes, problems, the OpenAPI document. No logic."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from importlib.metadata import version
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from core.settings import Settings
from service.http import admission, auth, credits, events, generations, health, me, problems, templates, works
from service.http.middleware import Observed
from service.pages import routes as pages

TITLE: Final = "Huajian"
DESCRIPTION: Final = (
    "Personalised cards, lyrics and images; credits by lot; errors are RFC 9457 problems with a stable "
    "`code`. See docs/api.md for a tour with curl."
)


def create_app(
    settings: Settings, *, lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]]
) -> FastAPI:
    """The app; `lifespan` puts the opened `Services` on `app.state.services`."""
    app = FastAPI(
        title=TITLE, description=DESCRIPTION, version=version("huajian"), lifespan=lifespan, redoc_url=None
    )
    problems.install(app)
    for router in (
        auth.router,
        me.router,
        generations.router,
        events.router,
        templates.router,
        works.router,
        credits.router,
        health.router,
        pages.router,
    ):
        app.include_router(router)
    admission.install(app)
    pages.mount_static(app)
    app.add_middleware(Observed, max_body_bytes=settings.limits.body_bytes)
    app.openapi = lambda: _describe(app)  # type: ignore[method-assign]
    return app


def _describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the hot route and the problem schema added."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        operation, components = admission.describe()
        schema["paths"].setdefault(admission.PATH, {})["post"] = operation
        schemas = schema["components"]["schemas"]
        schemas.update(components)
        schemas["Problem"] = problems.schema()
        app.openapi_schema = schema
    return app.openapi_schema
