"""The app for `benchmarks.unlock_links`, and the same app with a constant answer to taps: to anybody, or to
whoever is signed in and within the limit of requests, which every endpoint for users asks first.

Usage: python -m benchmarks.unlock_server {helps,constant,signed-in} PORT DATABASE_URL REDIS_URL DATA_DIR
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import uvicorn
from fastapi import APIRouter, FastAPI
from pydantic import SecretStr

from benchmarks.admission_setup import SECRET
from core import garbage
from core.settings import AuthSettings, LimitSettings, ReferralSettings, Settings
from core.tasks import background
from service.app import create_app
from service.dependencies import CurrentUser
from service.engines.endpoints import Endpoints
from service.main.logs import configure_logs
from service.wiring import open_services

PLENTY: Final = 2_000_000_000
PROOF_BITS: Final = 4  # checking one is the same work however hard it was to find
ANSWER: Final[dict[str, Any]] = {
    "state": "qualified",
    "weight": 1,
    "goal": 3,
    "progress": 1,
    "missing": 2,
    "link_state": "open",
}

constant = APIRouter()


@constant.post("/v1/unlock-links/{code}/helps", status_code=201)
async def answer_constant(code: str) -> dict[str, Any]:
    return ANSWER


signed_in = APIRouter()


@signed_in.post("/v1/unlock-links/{code}/helps", status_code=201)
async def answer_signed_in(code: str, user: CurrentUser) -> dict[str, Any]:
    return ANSWER


CONSTANTS: Final = {"constant": constant, "signed-in": signed_in}


def settings_for(data_dir: Path) -> Settings:
    """Nobody is limited: one address makes all requests."""
    return Settings(
        data_dir=data_dir,
        auth=AuthSettings(secret=SecretStr(SECRET)),
        limits=LimitSettings(per_user_minute=PLENTY, per_address_minute=PLENTY),
        referral=ReferralSettings(
            proof_bits=PROOF_BITS,
            helps_per_user_minute=PLENTY,
            views_per_address_minute=PLENTY,
            wrong_codes_per_address_hour=PLENTY,
        ),
    )


def build(mode: str, endpoints: Endpoints, data_dir: Path) -> FastAPI:
    settings = settings_for(data_dir)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with (
            open_services(settings, endpoints) as services,
            background(services.hub.run()),
            background(services.unlocking.helps.run()),
        ):
            app.state.services = services
            garbage.settle()  # as the web process does
            yield

    app = create_app(settings, lifespan=lifespan)
    if mode in CONSTANTS:
        app.lanes.clear()
        app.include_router(CONSTANTS[mode])
        app.router.routes.insert(0, app.router.routes.pop())  # looked up before all others
    return app


def main() -> None:
    mode, port, database_url, redis_url, data_dir = sys.argv[1:]
    configure_logs("json")
    app = build(mode, Endpoints(database_url, redis_url), Path(data_dir))
    uvicorn.run(app, port=int(port), log_config=None, access_log=False, loop="uvloop", http="httptools")


if __name__ == "__main__":
    main()
