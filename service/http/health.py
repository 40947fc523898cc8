"""Is the process alive, can it serve, and how is it doing."""

import asyncio
from typing import Final, Literal

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from service.dependencies import App
from service.http.schemas import Schema, example
from service.wiring import Services

router = APIRouter(tags=["operation"])

CHECK_SECONDS: Final = 2.0
Verdict = Literal["ok", "away"]


class Liveness(Schema):
    status: Literal["ok"] = "ok"


class Readiness(Schema):
    model_config = example({"status": "ok", "postgres": "ok", "redis": "ok"})

    status: Verdict
    postgres: Verdict
    redis: Verdict


@router.get("/health/live")
async def live() -> Liveness:
    """The process answers."""
    return Liveness()


@router.get("/health/ready", responses={503: {"model": Readiness, "description": "A dependency is away."}})
async def ready(services: App, response: Response) -> Readiness:
    """The process can serve: Postgres and Redis answer."""
    postgres, redis = await asyncio.gather(_check_postgres(services), _check_redis(services))
    status: Verdict = "ok" if postgres == redis == "ok" else "away"
    if status != "ok":
        response.status_code = 503
    return Readiness(status=status, postgres=postgres, redis=redis)


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics() -> Response:
    """Prometheus metrics of this process."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _check_postgres(services: Services) -> Verdict:
    try:
        async with asyncio.timeout(CHECK_SECONDS), services.sessions() as session:
            await session.execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError, TimeoutError):
        return "away"
    return "ok"


async def _check_redis(services: Services) -> Verdict:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await services.redis.ping()
    except (RedisError, OSError, TimeoutError):
        return "away"
    return "ok"
