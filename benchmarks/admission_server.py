"""One of three servers for `benchmarks.admission`: group commit, a constant answer, or the plain ORM way.

All three are the same app with the same middleware; only what answers `POST /v1/generations` differs.
Usage: python -m benchmarks.admission_server {group,constant,orm} PORT DATABASE_URL REDIS_URL DATA_DIR
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import uvicorn
from fastapi import APIRouter, FastAPI, Header
from pydantic import SecretStr
from sqlalchemy import select

from benchmarks.admission_setup import SECRET, generous_catalog
from core import garbage
from core.ids import new_id
from core.settings import AuthSettings, LimitSettings, Settings
from models.credit import CreditAccount, CreditEntry, CreditHold, CreditLot, EntryKind, HoldState
from models.generation import Generation, JobState
from service.app import create_app
from service.dependencies import App, CurrentUser, Transaction
from service.engines.endpoints import Endpoints
from service.http import admission
from service.main.logs import configure_logs
from service.wiring import open_services

ANSWER = {
    "id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f",
    "kind": "card",
    "state": "queued",
    "price_credits": 1,
    "created_at": "2026-11-24T08:00:00.000Z",
}

constant = APIRouter()
orm = APIRouter()


@constant.post("/v1/generations", status_code=202)
async def answer_constant() -> dict[str, Any]:
    return ANSWER


@orm.post("/v1/generations", status_code=202)
async def create_with_orm(
    body: admission.GenerationCreate,
    services: App,
    session: Transaction,
    user: CurrentUser,
    idempotency_key: Annotated[str, Header()],
) -> dict[str, Any]:
    """What one would write at first: lock the account, look for the key, take from lots, add the rows."""
    account = await session.scalar(
        select(CreditAccount).where(CreditAccount.user_id == user.user_id).with_for_update()
    )
    assert account is not None  # noqa: S101 - the benchmark made it
    earlier = await session.scalar(
        select(Generation).where(
            Generation.owner_id == user.user_id, Generation.idempotency_key == idempotency_key
        )
    )
    if earlier is not None:
        return ANSWER
    lots = await session.scalars(
        select(CreditLot).where(CreditLot.user_id == user.user_id, CreditLot.remaining > 0).with_for_update()
    )
    lot = lots.first()
    assert lot is not None  # noqa: S101
    lot.remaining -= 1
    account.in_flight += 1
    now = services.clock()
    job = Generation(
        id=new_id(),
        owner_id=user.user_id,
        idempotency_key=idempotency_key,
        request_hash=b"",
        kind="card",
        spec=body.spec.model_dump(mode="json"),
        tier="studio",
        batch_key="card",
        price_credits=1,
        state=JobState.QUEUED,
        fair_time=now,
        attempts=0,
    )
    hold = CreditHold(
        id=job.id, user_id=user.user_id, purpose="generation", amount_credits=1, state=HoldState.HELD
    )
    session.add_all([job, hold])
    await session.flush()
    session.add(
        CreditEntry(user_id=user.user_id, lot_id=lot.id, hold_id=job.id, kind=EntryKind.HOLD, quantity=-1)
    )
    return ANSWER


def build(mode: str, endpoints: Endpoints, data_dir: Path) -> FastAPI:
    """The app with the chosen way of answering."""
    plenty = 2_000_000_000
    settings = Settings(
        data_dir=data_dir,
        auth=AuthSettings(secret=SecretStr(SECRET)),
        limits=LimitSettings(per_user_minute=plenty, per_address_minute=plenty),
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_services(settings, endpoints, catalog=generous_catalog()) as services:
            app.state.services = services
            garbage.settle()  # as the web process does
            writer = asyncio.create_task(services.admissions.run())
            yield
            writer.cancel()

    app = create_app(settings, lifespan=lifespan)
    if mode != "group":
        app.lanes.clear()
        app.include_router(constant if mode == "constant" else orm)
        app.router.routes.insert(0, app.router.routes.pop())  # looked up before all others
    return app


def main() -> None:
    mode, port, database_url, redis_url, data_dir = sys.argv[1:]
    configure_logs("json")
    app = build(mode, Endpoints(database_url, redis_url), Path(data_dir))
    uvicorn.run(app, port=int(port), log_config=None, access_log=False, loop="uvloop", http="httptools")


if __name__ == "__main__":
    main()
