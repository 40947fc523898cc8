"""`/v1/me`: who I am, my settings, my data, my leaving."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from billing import lots
from billing import queries as credits
from service.dependencies import App, CurrentUser, Reading, Transaction, count_request
from service.flows.close_account import close_account
from service.http.auth import Body, Locale, Timezone
from service.http.problems import documented
from service.http.schemas import Moment, Schema, example
from service.identity import queries
from service.identity.errors import UnauthenticatedError
from service.limits.limiter import Policy
from service.works import exports

router = APIRouter(prefix="/v1/me", tags=["me"])


class ContactRead(Schema):
    channel: str
    address: str
    verified_at: Moment | None


class MeRead(Schema):
    model_config = example(
        {
            "id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f",
            "role": "user",
            "tier": "free",
            "locale": "zh",
            "timezone": "Asia/Shanghai",
            "is_guest": True,
            "contacts": [],
            "created_at": "2026-11-24T08:00:00.000Z",
        }
    )

    id: UUID
    role: str
    tier: str
    locale: str
    timezone: str
    is_guest: bool
    contacts: list[ContactRead]
    created_at: Moment


class MeUpdate(Body):
    locale: Annotated[Locale | None, Field(description="Language of texts and messages.")] = None
    timezone: Annotated[
        Timezone | None, Field(description="Rules the free month, from the next one on; once in 90 days.")
    ] = None


class ExportRead(Schema):
    model_config = example(
        {
            "id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f",
            "state": "ready",
            "created_at": "2026-11-24T08:00:00.000Z",
            "expires_at": "2026-12-01T08:00:00.000Z",
            "url": "/exports/0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f?expires=1796112000&signature=…",
        }
    )

    id: UUID
    state: str
    created_at: Moment
    expires_at: Moment | None
    url: str | None = None


async def count_copy(request: Request, services: App, user: CurrentUser) -> None:
    """A copy has every file again, and is kept for a week: they are limited by the day."""
    policy = Policy("copies", services.settings.limits.copies_per_user_day, 86_400)
    await count_request(request, services, str(user.user_id), policy)


@router.get("", responses=documented(401, 429))
async def get_me(session: Reading, user: CurrentUser) -> MeRead:
    """The signed-in person."""
    return await _read(session, user.user_id)


@router.patch("", responses=documented(400, 401, 409, 413, 422, 429, 503))
async def update_me(body: MeUpdate, services: App, session: Transaction, user: CurrentUser) -> MeRead:
    """Change language or billing time zone."""
    found = await queries.find_user(session, user.user_id)
    if found is None:
        raise UnauthenticatedError("This account is closed.")
    if body.locale is not None:
        found.locale = body.locale
    if body.timezone is not None:
        await lots.change_timezone(session, user.user_id, body.timezone, now=services.clock())
    await session.flush()
    return await _read(session, user.user_id)


@router.delete("", status_code=204, responses=documented(401, 429, 503))
async def delete_me(services: App, user: CurrentUser) -> Response:
    """Close the account for good: identity at once, works soon after. Credits are lost."""
    async with services.sessions.begin() as session:
        await close_account(session, services.risk, user.user_id, now=services.clock())
    services.unlocking.looks.forget_all()
    return Response(status_code=204)


@router.post(
    "/export", status_code=202, dependencies=[Depends(count_copy)], responses=documented(401, 429, 503)
)
async def request_export(session: Transaction, user: CurrentUser, response: Response) -> ExportRead:
    """Ask for a copy of my data (GDPR 15 and 20, PIPL 45); one request is open at a time."""
    if await queries.lock_user(session, user.user_id) is None:
        raise UnauthenticatedError("This account is closed.")
    export = await exports.request_export(session, user.user_id)
    response.headers["Location"] = f"/v1/me/exports/{export.id}"
    response.headers["Retry-After"] = "5"
    return ExportRead.model_validate(export, from_attributes=True)


@router.get("/exports/{export_id}", responses=documented(401, 404, 422, 429))
async def get_export(export_id: UUID, services: App, session: Reading, user: CurrentUser) -> ExportRead:
    """How far my copy is; once ready, a link that lives for an hour."""
    export = await exports.get_export(session, export_id, user_id=user.user_id)
    read = ExportRead.model_validate(export, from_attributes=True)
    if export.object_key is not None:
        read.url = services.links.sign("exports", export.id, now=services.clock())
    return read


async def _read(session: Reading, user_id: UUID) -> MeRead:
    user = await queries.find_user(session, user_id)
    account = await credits.find_account(session, user_id)
    if user is None or account is None:
        raise UnauthenticatedError("This account is closed.")
    contacts = await queries.list_contacts(session, user_id)
    return MeRead(
        id=user.id,
        role=user.role.value,
        tier=account.tier,
        locale=user.locale,
        timezone=account.billing_timezone,
        is_guest=await queries.find_password(session, user_id) is None,
        contacts=[ContactRead.model_validate(contact) for contact in contacts],
        created_at=user.created_at,
    )
