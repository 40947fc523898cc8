"""Every refusal as an RFC 9457 problem with a stable code; the one table from error kinds to statuses."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from core.database import DatabaseAwayError, was_interrupted
from core.errors import DomainError, ErrorKind
from service import metrics
from service.http.languages import preferred_language

log = structlog.get_logger()

MEDIA_TYPE: Final = "application/problem+json"
STATUSES: Final[Mapping[ErrorKind, int]] = {
    ErrorKind.INVALID: 400,
    ErrorKind.UNAUTHENTICATED: 401,
    ErrorKind.UNPAID: 402,
    ErrorKind.FORBIDDEN: 403,
    ErrorKind.NOT_FOUND: 404,
    ErrorKind.CONFLICT: 409,
    ErrorKind.UNPROCESSABLE: 422,
    ErrorKind.LIMITED: 429,
    ErrorKind.UNAVAILABLE: 503,
}
HTTP_CODES: Final = {
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
}
TITLES: Final[dict[str, dict[str, str]]] = tomllib.loads(
    Path(__file__).with_name("problems.toml").read_text("utf-8")
)
NEEDS_NOTHING: Final = frozenset({"/health/live", "/metrics"})
RETRYABLE: Final = frozenset({429, 503})


class FieldError(BaseModel):
    loc: list[str | int]
    msg: str


class Problem(BaseModel):
    """RFC 9457. Clients branch on `code`; further members depend on it."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": "/problems/insufficient-credits",
                    "title": "Not enough credits",
                    "status": 402,
                    "code": "insufficient_credits",
                    "detail": "This needs 1 credits; 0 are available.",
                    "request_id": "0199c3f2b7a07c4e8d1f6a5b4c3d2e1f",
                    "needed_credits": 1,
                    "available_credits": 0,
                    "next_reset_at": "2026-12-01T00:00:00Z",
                }
            ]
        },
    )

    type: str
    title: str
    status: int
    code: str
    detail: str | None = None
    request_id: str | None = None
    errors: list[FieldError] | None = Field(default=None, description="Where an input is wrong.")


def schema() -> dict[str, Any]:
    """The JSON schema of a problem, for the OpenAPI document."""
    inline: dict[str, Any] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    inline["properties"]["errors"]["anyOf"][0]["items"] = inline.pop("$defs")["FieldError"]
    return inline


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an endpoint that can refuse in these ways."""
    return {
        status: {"description": f"A problem with status {status}", "content": {MEDIA_TYPE: {"schema": _REF}}}
        for status in statuses
    }


def document_outages(paths: Mapping[str, Mapping[str, dict[str, Any]]]) -> None:
    """Add to every operation that Postgres or Redis may be away; only two answer without them."""
    for path, operations in paths.items():
        if path not in NEEDS_NOTHING:
            for operation in operations.values():
                operation["responses"].setdefault("503", documented(503)[503])


_REF: Final = {"$ref": "#/components/schemas/Problem"}


def problem_response(
    request: Request,
    status: int,
    code: str,
    *,
    detail: str | None = None,
    facts: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Build the answer; also the lean admission route uses it."""
    metrics.REFUSALS.labels(code).inc()
    body = {
        "type": f"/problems/{code.replace('_', '-')}",
        "title": TITLES[code][preferred_language(request.headers.get("accept-language"))],
        "status": status,
        "code": code,
        "request_id": request.scope.get("huajian.request_id"),
        **({"detail": detail} if detail else {}),
        **(facts or {}),
    }
    content = json.dumps(body, ensure_ascii=False, default=_plain)
    return Response(content.encode(), status, headers=_headers(status, headers), media_type=MEDIA_TYPE)


def refuse(request: Request, error: DomainError, *, offers: Mapping[str, object] | None = None) -> Response:
    """The problem of one of our own refusals; `offers` are ways out that its room does not know."""
    facts = {**error.facts(), **(offers or {})}
    status = STATUSES[error.kind]
    headers = {}
    if status in RETRYABLE:
        headers["retry-after"] = str(facts.get("retry_after_seconds", 1))
    return problem_response(request, status, error.code, detail=str(error), facts=facts, headers=headers)


def refuse_input(request: Request, errors: Sequence[Mapping[str, Any]], *, code: str) -> Response:
    """The problem of an input that does not fit its schema; never echoes the input."""
    if any(error["type"] == "json_invalid" for error in errors):
        return problem_response(request, 400, "malformed_json")
    found = [{"loc": list(error["loc"]), "msg": error["msg"]} for error in errors[:20]]
    return problem_response(request, 422, code, facts={"errors": found})


def refuse_http(request: Request, error: HTTPException) -> Response:
    """The problem of a refusal by the framework."""
    code = HTTP_CODES.get(error.status_code, "invalid_request")
    return problem_response(request, error.status_code, code, headers=error.headers)


def refuse_unexpected(request: Request, error: Exception) -> Response:
    """The problem of a bug: the log has the trace, the client an id to quote."""
    log.error("http.unexpected", exc_info=error)
    return problem_response(request, 500, "internal_error")


def refuse_any(request: Request, error: Exception) -> Response:
    """The problem of whatever went wrong."""
    match error:
        case DomainError():
            return refuse(request, error)
        case RequestValidationError():
            return refuse_input(request, error.errors(), code="invalid_request")
        case HTTPException():
            return refuse_http(request, error)
        case PoolTimeoutError():
            return _refuse_interrupted(request, error)
        case DBAPIError() if was_interrupted(error):
            return _refuse_interrupted(request, error)
        case _:
            return refuse_unexpected(request, error)


def _refuse_interrupted(request: Request, error: Exception) -> Response:
    log.warning("http.interrupted", error=type(error).__name__)
    return refuse(request, DatabaseAwayError("interrupted"))


def install(app: FastAPI) -> None:
    """Make every error that leaves the app a problem."""

    async def answer(request: Request, error: Exception) -> Response:
        return refuse_any(request, error)

    for kind in (
        DomainError,
        RequestValidationError,
        HTTPException,
        DBAPIError,
        PoolTimeoutError,
        Exception,
    ):
        app.add_exception_handler(kind, answer)


def _headers(status: int, headers: Mapping[str, str] | None) -> dict[str, str]:
    extra = {"cache-control": "no-store"}
    if status == 401:
        extra["www-authenticate"] = 'Bearer realm="huajian"'
    return {**extra, **(headers or {})}


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"cannot write {type(value).__name__} as JSON")
