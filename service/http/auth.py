"""`/v1/auth`: guest sign-in, registration, tokens, contacts, passwords."""

from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import available_timezones

from fastapi import APIRouter, BackgroundTasks, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from billing import queries as credits
from service.dependencies import App, BySecret, BySignUp, CurrentUser, Language, OptionalUser, Transaction
from service.flows import register as registering
from service.flows import sign_in
from service.flows.register import RESET, VERIFY
from service.http.code_letters import count_letter, send_code, send_code_later
from service.http.problems import documented
from service.http.schemas import Schema, example
from service.identity.addresses import EmailAddress
from service.identity.errors import CodeError, CredentialsError
from service.identity.passwords import hash_password
from service.identity.signing_in import SignIn

router = APIRouter(prefix="/v1/auth", tags=["auth"])


def _known_timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("is not an IANA time zone")
    return name


Timezone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_known_timezone)]
Locale = Literal["zh", "en"]
DeviceId = Annotated[str, StringConstraints(min_length=16, max_length=128, pattern=r"^[A-Za-z0-9_.:-]+$")]
Password = Annotated[SecretStr, Field(min_length=8, max_length=200)]
Code = Annotated[str, StringConstraints(pattern=r"^\d{6}$")]
DEFAULT_TIMEZONES = {"zh": "Asia/Shanghai", "en": "UTC"}


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class GuestCreate(Body):
    """`device_id`: at least 16 random characters that the app keeps; they are the guest's key."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"device_id": "3f9c1f0e7a5b4c2d8e6f1a2b3c4d5e6f"}]}
    )

    device_id: DeviceId
    locale: Locale | None = None
    timezone: Timezone | None = None


class RegisterCreate(Body):
    email: EmailAddress
    password: Password
    locale: Locale | None = None
    timezone: Timezone | None = None


class PasswordGrant(Body):
    grant_type: Literal["password"]
    email: EmailAddress
    password: Annotated[SecretStr, Field(max_length=200)]


class RefreshGrant(Body):
    grant_type: Literal["refresh_token"]
    refresh_token: Annotated[str, StringConstraints(max_length=200)]


class RefreshTokenBody(Body):
    refresh_token: Annotated[str, StringConstraints(max_length=200)]


class ContactCreate(Body):
    email: EmailAddress


class ContactVerify(Body):
    email: EmailAddress
    code: Code


class PasswordReset(Body):
    email: EmailAddress
    code: Code
    password: Password


class SignedInUser(Schema):
    id: UUID
    tier: str
    locale: str


class Tokens(Schema):
    model_config = example(
        {
            "access_token": "eyJhbGciOiJIUzI1NiJ9…",
            "token_type": "bearer",
            "expires_in": 900,
            "refresh_token": "b64url…",
            "user": {"id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f", "tier": "free", "locale": "zh"},
        }
    )

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - a scheme, not a secret
    expires_in: int = Field(description="Seconds that the access token lives.")
    refresh_token: str
    user: SignedInUser


@router.post(
    "/guest", status_code=201, dependencies=[BySignUp], responses=documented(400, 403, 413, 422, 429, 503)
)
async def create_guest(body: GuestCreate, services: App, session: Transaction, language: Language) -> Tokens:
    """Sign in without an account, in one call. The same device is the same guest."""
    locale = body.locale or language
    signed_in, _ = await sign_in.sign_in_guest(
        session,
        services.issuer,
        device_id=body.device_id,
        locale=locale,
        timezone=body.timezone or DEFAULT_TIMEZONES[locale],
        now=services.clock(),
    )
    return await to_tokens(session, signed_in)


@router.post(
    "/register",
    status_code=201,
    dependencies=[BySignUp],
    responses=documented(400, 401, 409, 413, 422, 429, 503),
)
async def register(
    body: RegisterCreate,
    request: Request,
    services: App,
    session: Transaction,
    principal: OptionalUser,
    language: Language,
    background: BackgroundTasks,
) -> Tokens:
    """Give a guest (send its token) or a newcomer a password, and send a code to the address."""
    await count_letter(request, services, body.email, VERIFY)
    locale = body.locale or language
    user, message = await registering.register(
        session,
        services.keys,
        user_id=principal.user_id if principal else None,
        email=body.email,
        password_hash=await hash_password(body.password.get_secret_value()),
        locale=locale,
        timezone=body.timezone or DEFAULT_TIMEZONES[locale],
        now=services.clock(),
    )
    signed_in = services.issuer.open(session, user, now=services.clock())
    tokens = await to_tokens(session, signed_in)
    background.add_task(send_code_later, services, message, user.locale)
    return tokens


@router.post("/token", dependencies=[BySecret], responses=documented(400, 401, 413, 422, 429, 503))
async def create_token(body: PasswordGrant | RefreshGrant, services: App, session: Transaction) -> Tokens:
    """Sign in by password, or rotate a refresh token. A copied refresh token ends the whole sign-in."""
    now = services.clock()
    if isinstance(body, PasswordGrant):
        password = body.password.get_secret_value()
        checked = await sign_in.check_password(services.sessions, email=body.email, password=password)
        signed_in = await sign_in.sign_in_with_password(session, services.issuer, checked, now=now)
        return await to_tokens(session, signed_in)
    try:
        signed_in = await services.issuer.rotate(session, body.refresh_token, now=now)
    except CredentialsError:
        await services.issuer.revoke_if_reused(session, body.refresh_token, now=now)
        await session.commit()
        raise
    return await to_tokens(session, signed_in)


@router.post(
    "/sign-out", status_code=204, dependencies=[BySecret], responses=documented(400, 413, 422, 429, 503)
)
async def sign_out(body: RefreshTokenBody, services: App, session: Transaction) -> Response:
    """End the sign-in that this refresh token belongs to."""
    await services.issuer.end(session, body.refresh_token, now=services.clock())
    return Response(status_code=204)


@router.post(
    "/contact", status_code=202, dependencies=[BySecret], responses=documented(400, 401, 413, 422, 429, 503)
)
async def add_contact(
    body: ContactCreate,
    request: Request,
    services: App,
    session: Transaction,
    user: CurrentUser,
    language: Language,
) -> Response:
    """Add an address, or send its code again."""
    await count_letter(request, services, body.email, VERIFY)
    message = await registering.add_contact(
        session, services.keys, user_id=user.user_id, email=body.email, now=services.clock()
    )
    await session.commit()
    await send_code(services, message, language)
    return Response(status_code=202)


@router.post(
    "/contact/verify",
    status_code=204,
    dependencies=[BySecret],
    responses=documented(400, 401, 409, 413, 422, 429, 503),
)
async def verify_contact(
    body: ContactVerify, services: App, session: Transaction, user: CurrentUser
) -> Response:
    """Prove an address with the code that was sent to it: ten minutes, five attempts."""
    proved = await registering.verify_contact(
        session, services.keys, user_id=user.user_id, email=body.email, code=body.code, now=services.clock()
    )
    await session.commit()
    if not proved:
        raise CodeError("This code does not work.")
    return Response(status_code=204)


@router.post(
    "/password/forgot",
    status_code=202,
    dependencies=[BySecret],
    responses=documented(400, 413, 422, 429, 503),
)
async def forgot_password(
    body: ContactCreate,
    request: Request,
    services: App,
    session: Transaction,
    language: Language,
    background: BackgroundTasks,
) -> Response:
    """Send a code to set a new password; the answer is the same for an address nobody has, and as soon."""
    await count_letter(request, services, body.email, RESET)
    message = await registering.ask_reset(session, services.keys, email=body.email, now=services.clock())
    if message is not None:
        background.add_task(send_code_later, services, message, language)
    return Response(status_code=202)


@router.post(
    "/password/reset", status_code=204, dependencies=[BySecret], responses=documented(400, 413, 422, 429, 503)
)
async def reset_password(body: PasswordReset, services: App, session: Transaction) -> Response:
    """Set a new password with the code; every sign-in of the account ends."""
    done = await registering.reset_password(
        session,
        services.keys,
        email=body.email,
        code=body.code,
        password_hash=await hash_password(body.password.get_secret_value()),
        now=services.clock(),
    )
    await session.commit()
    if not done:
        raise CodeError("This code does not work.")
    return Response(status_code=204)


async def to_tokens(session: Transaction, signed_in: SignIn) -> Tokens:
    """The wire shape of a sign-in."""
    await session.flush()
    user = signed_in.user
    account = await credits.find_account(session, user.id)
    return Tokens(
        access_token=signed_in.access_token,
        expires_in=signed_in.expires_in_seconds,
        refresh_token=signed_in.refresh_token,
        user=SignedInUser(id=user.id, tier=account.tier if account else "free", locale=user.locale),
    )
