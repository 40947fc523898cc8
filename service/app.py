"""Ports to an app: routes, problems, the OpenAPI document. No logic."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from importlib.metadata import version
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.types import ASGIApp, Receive, Scope, Send

from core.settings import Settings
from service.http import (
    admission,
    auth,
    batch_bodies,
    batch_events,
    batches,
    campaigns,
    certificate_changes,
    certificates,
    certified_exports,
    checkouts,
    credits,
    events,
    generations,
    health,
    log,
    me,
    memberships,
    orders,
    photos,
    problems,
    referral_figures,
    referral_reviews,
    templates,
    unlock_events,
    unlock_links,
    verification,
    webhook_endpoints,
    webhook_events,
    webhooks,
    works,
)
from service.http.lanes import Lane
from service.http.middleware import Observed
from service.http.signposts import Signposts
from service.pages import routes as pages
from service.pages import unlocking

TITLE: Final = "Huajian"
DESCRIPTION: Final = (
    "Personalised cards, lyrics and images; credits by lot; errors are RFC 9457 problems with a stable "
    "`code`. See docs/api.md for a tour with curl."
)


class Application(FastAPI):
    """FastAPI inside our own outermost layer, which the framework's stack would otherwise wrap."""

    def __init__(self, *, max_body_bytes: int, uploads: dict[tuple[str, str], int], **options: Any) -> None:
        super().__init__(**options)
        self.lanes = [
            Lane(self, "POST", admission.PATH, admission.create_generation),
            Lane(self, "POST", unlock_links.HELPS, unlock_links.answer_help),
            Lane(self, "GET", unlock_links.LINK, unlock_links.answer_look),
            Lane(self, "GET", unlocking.PAGE, unlocking.answer_page),
        ]
        self._observed = Observed(
            super().__call__, lanes=self.lanes, max_body_bytes=max_body_bytes, uploads=uploads
        )

    def build_middleware_stack(self) -> ASGIApp:
        """As the framework's, before the first request; signposts are where it has its router."""
        router = self.router
        self.router = Signposts(router)  # type: ignore[assignment]
        try:
            return super().build_middleware_stack()
        finally:
            self.router = router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._observed(scope, receive, send)


def create_app(
    settings: Settings, *, lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]]
) -> Application:
    """The app; `lifespan` puts the opened `Services` on `app.state.services`."""
    app = Application(
        max_body_bytes=settings.limits.body_bytes,
        uploads={
            ("POST", photos.PATH): settings.limits.photo_bytes,
            ("POST", verification.PATH): settings.limits.verified_bytes,
            ("POST", batches.PATH): settings.limits.batch_bytes,
            ("POST", webhooks.PATH): webhooks.MAX_BYTES,
        },
        servers=[{"url": settings.public_url}] if settings.public_url else None,
        title=TITLE,
        description=DESCRIPTION,
        version=version("huajian"),
        lifespan=lifespan,
        redoc_url=None,
    )
    problems.install(app)
    for router in (
        auth.router,
        me.router,
        generations.router,
        events.router,
        templates.router,
        works.router,
        certified_exports.router,
        certificates.router,
        certificate_changes.router,
        log.router,
        photos.router,
        verification.router,
        batches.router,
        batch_events.router,
        credits.router,
        checkouts.router,
        orders.router,
        memberships.router,
        webhooks.router,
        webhook_endpoints.router,
        unlock_links.router,
        unlock_events.router,
        campaigns.router,
        referral_reviews.router,
        referral_figures.router,
        health.router,
        pages.router,
    ):
        app.include_router(router)
    pages.mount_static(app)
    app.openapi = lambda: _describe(app)  # type: ignore[method-assign]
    return app


def _describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the hot route, what receivers get and the problem schema added."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            servers=app.servers,
        )
        operation, components = admission.describe()
        schema["paths"][admission.PATH]["post"] = operation
        problems.document_outages(schema["paths"])
        batch_body, batch_components = batch_bodies.describe()
        schema["paths"][batches.PATH]["post"]["requestBody"] = batch_body
        schemas = schema["components"]["schemas"]
        schemas.update(batch_components)
        schemas.update(components)
        schema["webhooks"], event_components = webhook_events.describe()
        schemas.update(event_components)
        schemas["Problem"] = problems.schema()
        app.openapi_schema = schema
    return app.openapi_schema
