"""Asking friends, as the way out of having no credits: what a 402 says of it."""

from uuid import UUID

from pydantic import Field

from billing import queries as credits
from core.errors import DomainError
from models.campaign import ShareChannel
from referral import channels
from service.flows.create_unlock_link import preview_offer
from service.http.problems import TITLES
from service.http.schemas import Schema
from service.wiring import Services

CREATE_URL = "/v1/unlock-links"


class UnlockReason(Schema):
    code: str = Field(description="As the problem that creating a link would end in.")
    text: str


class UnlockOffer(Schema):
    available: bool
    create_url: str = CREATE_URL
    goal: int | None = None
    reward_credits: int | None = None
    channels: list[ShareChannel] = Field(description="That are on.")
    reason: UnlockReason | None = Field(default=None, description="Why it is not available.")


async def offer_unlock(services: Services, owner_id: UUID, language: str) -> UnlockOffer:
    """Whether this owner could ask friends now, and for what."""
    desk = services.unlocking.desk
    async with services.sessions() as session:
        standings = await channels.list_channels(session, desk.programme)
        account = await credits.find_account(session, owner_id)
        usable = [standing.channel for standing in standings if standing.is_on]
        try:
            offer = await preview_offer(
                session,
                desk,
                usable,
                owner_id=owner_id,
                tier=account.tier if account else "free",
                now=services.clock(),
            )
        except DomainError as error:
            reason = UnlockReason(code=error.code, text=TITLES[error.code][language])
            return UnlockOffer(available=False, channels=usable, reason=reason)
    terms = offer.terms
    return UnlockOffer(available=True, channels=usable, goal=terms.goal, reward_credits=terms.reward_credits)
