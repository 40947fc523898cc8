"""`/v1/membership`: what I have, what comes next, and how to change or end it."""

from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession

from billing.errors import NotSellingError
from billing.memberships import queries as memberships
from billing.memberships.joining import may_have_first_month
from billing.memberships.withdrawing import list_withdrawals
from core.errors import DomainError, ErrorKind
from service.dependencies import App, CurrentUser, Language, Reading
from service.flows import change_membership as changing
from service.flows.change_membership import Member
from service.flows.first_month import marks_of
from service.http.checkouts import base_url
from service.http.idempotency import KEY_PARAMETER, read_key
from service.http.membership_schemas import (
    ChangeCreate,
    ChangeRead,
    MembershipRead,
    PortalRead,
    Tier,
    WithdrawalCreate,
)
from service.http.membership_views import MOST_PAYMENTS, read_change, read_membership
from service.http.problems import documented
from service.identity.tokens import Principal
from service.wiring import Services

PATH: Final = "/v1/membership"
PREVIEW_LIFETIME: Final = timedelta(hours=1)

router = APIRouter(tags=["memberships"])


class PreviewExpiredError(DomainError):
    """The price was reckoned too long ago, or for a moment that is still to come."""

    code = "preview_expired"
    kind = ErrorKind.CONFLICT


@router.get(PATH, responses=documented(401, 429))
async def get_membership(
    services: App, session: Reading, user: CurrentUser, language: Language
) -> MembershipRead:
    """What I have, until when, what it costs next and what I have paid; the last one, when it has ended."""
    return await _read(services, session, user.user_id, language)


@router.get(PATH + "/change", responses=documented(401, 404, 409, 422, 429, 503))
async def preview_change(
    services: App, user: CurrentUser, language: Language, tier: Annotated[Tier, Query()]
) -> ChangeRead:
    """What another tier would cost now and later; nothing changes.

    Send `tier` and `at` back to change at this price, within an hour. The tier that one has undoes a planned
    change to a lower one.
    """
    member = _member(services, user)
    preview = await changing.preview_change(member, tier, now=services.clock())
    async with services.sessions() as session:
        live = await memberships.find_live(session, user.user_id)
    renews_at = preview.change.effective_at if live is None else live.paid_until
    return read_change(services, preview, renews_at, language)


@router.post(
    PATH + "/change",
    responses=documented(400, 401, 404, 409, 413, 422, 429, 503),
    openapi_extra={"parameters": [KEY_PARAMETER]},
)
async def change_membership(
    body: ChangeCreate, request: Request, services: App, user: CurrentUser, language: Language
) -> MembershipRead:
    """Change the tier: an upgrade is charged now and comes with its payment, a lower tier waits its turn.

    While `is_change_pending`, the payment is under way: ask again, or send the person to the portal.
    """
    key = read_key(request)
    now = services.clock()
    if not now - PREVIEW_LIFETIME <= body.at <= now:
        raise PreviewExpiredError("Ask for the price again.")
    await changing.change_membership(_member(services, user), body.tier, key=key, at=body.at, now=now)
    return await _read_anew(services, user, language)


@router.post(PATH + "/cancel", responses=documented(401, 404, 409, 429, 503))
async def cancel_membership(services: App, user: CurrentUser, language: Language) -> MembershipRead:
    """Stop it from renewing; what is paid stays until its end. Where a renewal is owed, it ends at once."""
    await changing.cancel_membership(_member(services, user), now=services.clock())
    return await _read_anew(services, user, language)


@router.post(PATH + "/resume", responses=documented(401, 404, 409, 429, 503))
async def resume_membership(services: App, user: CurrentUser, language: Language) -> MembershipRead:
    """Undo a cancellation before the period's end."""
    await changing.resume_membership(_member(services, user), now=services.clock())
    return await _read_anew(services, user, language)


@router.post(PATH + "/portal", responses=documented(401, 404, 409, 429, 503))
async def open_portal(request: Request, services: App, user: CurrentUser, language: Language) -> PortalRead:
    """Where the person changes the card, pays what is owed, and finds invoices."""
    return_url = f"{base_url(services, request)}/membership"
    url = await changing.open_portal(_member(services, user), return_url=return_url, language=language)
    return PortalRead(url=url)


@router.post(PATH + "/withdraw", responses=documented(400, 401, 409, 413, 422, 429, 503))
async def withdraw_membership(
    body: WithdrawalCreate, services: App, user: CurrentUser, language: Language
) -> MembershipRead:
    """Take a purchase back within 14 days: it ends at once, and what was not used of its price goes back.

    `withdrawals` say how much that is, and how much is kept for what; send `refund_minor` as it was shown.
    Where another amount would go back by now, this is 409 `withdrawal_changed` with the new one, and nothing
    is done. Again changes nothing.
    """
    await changing.withdraw_membership(
        _member(services, user), body.order_id, now=services.clock(), shown_minor=body.refund_minor
    )
    return await _read_anew(services, user, language)


def _member(services: Services, user: Principal) -> Member:
    """Raises: NotSellingError."""
    if services.payments is None:
        raise NotSellingError("No payment channel is configured.")
    return Member(services.sessions, services.payments, services.rules, user.user_id)


async def _read_anew(services: Services, user: Principal, language: str) -> MembershipRead:
    async with services.sessions() as session:
        return await _read(services, session, user.user_id, language)


async def _read(services: Services, session: AsyncSession, user_id: UUID, language: str) -> MembershipRead:
    now: datetime = services.clock()
    membership = await memberships.find_newest(session, user_id)
    payments = (
        []
        if membership is None
        else await memberships.list_payments(session, membership.id, limit=MOST_PAYMENTS)
    )
    return read_membership(
        services,
        membership,
        payments,
        await list_withdrawals(session, services.rules, user_id=user_id, now=now),
        has_first_month=await may_have_first_month(session, await marks_of(session, services.rules, user_id)),
        language=language,
        now=now,
    )
