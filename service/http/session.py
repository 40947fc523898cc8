"""`/session`: sign-in for browsers. The refresh token lies in a cookie that no script can read.

A foreign site can reach these endpoints neither with the cookie (SameSite=Strict) nor with the header
that they insist on: a browser asks before it sends such a header across sites, and nobody answers yes.
"""

import secrets
from typing import Annotated, Final, Literal
from zoneinfo import available_timezones

from fastapi import APIRouter, Cookie, Depends, Header, Request, Response
from pydantic import ConfigDict, Field, StringConstraints

from service.dependencies import App, BySecret, BySignUp, Language, Transaction
from service.flows import sign_in
from service.http.auth import DEFAULT_TIMEZONES, Body, DeviceId, Locale, SignedInUser, to_tokens
from service.http.problems import documented, refuse
from service.http.schemas import Schema, example
from service.identity.errors import CredentialsError, ForbiddenError
from service.identity.signing_in import SignIn
from service.wiring import Services

COOKIE: Final = "huajian_session"
PATH: Final = "/session"
OWN_PAGES: Final = "huajian"  # what our pages send as X-Requested-With
DEVICE_BYTES: Final = 32
SECONDS_A_DAY: Final = 86_400


async def require_own_page(
    x_requested_with: Annotated[str | None, Header(description='"huajian": sent by our own pages.')] = None,
) -> None:
    """Raises: ForbiddenError unless a page of ours asks."""
    if x_requested_with != OWN_PAGES:
        raise ForbiddenError("Send X-Requested-With: huajian.")


router = APIRouter(prefix=PATH, tags=["auth"], dependencies=[Depends(require_own_page)])
SessionCookie = Annotated[str, Cookie(alias=COOKIE)]


class SessionCreate(Body):
    """`device_id` null makes a guest whom only the cookie knows."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"device_id": "3f9c1f0e7a5b4c2d8e6f1a2b3c4d5e6f", "timezone": "Asia/Shanghai"}]
        },
    )

    device_id: DeviceId | None = None
    locale: Locale | None = None
    timezone: Annotated[
        Annotated[str, StringConstraints(max_length=64)] | None,
        Field(description="IANA name; one that we do not know counts as none: browsers learn them earlier."),
    ] = None


class SessionRead(Schema):
    """The refresh token is missing on purpose."""

    model_config = example(
        {
            "access_token": "eyJhbGciOiJIUzI1NiJ9…",
            "token_type": "bearer",
            "expires_in": 900,
            "user": {"id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f", "tier": "free", "locale": "zh"},
        }
    )

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - a scheme, not a secret
    expires_in: int = Field(description="Seconds that the access token lives.")
    user: SignedInUser


@router.post(
    "",
    status_code=201,
    response_model=SessionRead,
    dependencies=[BySignUp],
    responses=documented(400, 403, 413, 422, 429, 503),
)
async def create_session(
    body: SessionCreate,
    request: Request,
    response: Response,
    services: App,
    session: Transaction,
    language: Language,
) -> SessionRead:
    """Sign in as this browser's guest, and keep the refresh token in a cookie."""
    locale = body.locale or language
    timezone = body.timezone if body.timezone in available_timezones() else None
    signed_in, _ = await sign_in.sign_in_guest(
        session,
        services.issuer,
        device_id=body.device_id or secrets.token_urlsafe(DEVICE_BYTES),
        locale=locale,
        timezone=timezone or DEFAULT_TIMEZONES[locale],
        now=services.clock(),
    )
    _keep(request, response, services, signed_in)
    return await _read(session, signed_in)


@router.post(
    "/refresh",
    response_model=SessionRead,
    dependencies=[BySecret],
    responses=documented(401, 403, 413, 422, 429, 503),
)
async def refresh_session(
    request: Request,
    response: Response,
    services: App,
    session: Transaction,
    refresh_token: SessionCookie = "",
) -> SessionRead | Response:
    """A new access token for the cookie's sign-in; the cookie is replaced. 401 takes the cookie away."""
    now = services.clock()
    try:
        signed_in = await services.issuer.rotate(session, refresh_token, now=now)
    except CredentialsError as error:
        await services.issuer.revoke_if_reused(session, refresh_token, now=now)
        refusal = refuse(request, error)  # returned, not raised: the revocation must be committed
        _forget(refusal)
        return refusal
    _keep(request, response, services, signed_in)
    return await _read(session, signed_in)


@router.delete("", status_code=204, dependencies=[BySecret], responses=documented(403, 413, 422, 429, 503))
async def end_session(services: App, session: Transaction, refresh_token: SessionCookie = "") -> Response:
    """Sign this browser out; without a session it is no error."""
    await services.issuer.end(session, refresh_token, now=services.clock())
    response = Response(status_code=204)
    _forget(response)
    return response


async def _read(session: Transaction, signed_in: SignIn) -> SessionRead:
    tokens = await to_tokens(session, signed_in)
    return SessionRead(access_token=tokens.access_token, expires_in=tokens.expires_in, user=tokens.user)


def _keep(request: Request, response: Response, services: Services, signed_in: SignIn) -> None:
    response.headers["cache-control"] = "no-store"
    response.set_cookie(
        COOKIE,
        signed_in.refresh_token,
        max_age=int(services.settings.auth.refresh_token_days * SECONDS_A_DAY),
        path=PATH,
        secure=_is_https(request, services),
        httponly=True,
        samesite="strict",
    )


def _forget(response: Response) -> None:
    response.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="strict")


def _is_https(request: Request, services: Services) -> bool:
    """Also where a proxy that we were not told to trust keeps it from us, but our address says so."""
    return "https" in (request.url.scheme, (services.settings.public_url or "").partition(":")[0])
