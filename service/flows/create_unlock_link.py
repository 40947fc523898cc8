"""Open an unlock link: one more of the owner's, under the campaign that is meant for them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing import queries as credits
from billing.errors import AccountClosedError
from models.campaign import ShareChannel
from models.referral import UnlockLink
from moderation import prompts
from referral import budgets, campaigns, caps, channels, links
from referral.campaigns import Offer
from referral.errors import BudgetSpentError, ProgrammeOffError
from referral.links import LinkWish
from referral.risk.attempts import Sender
from service.jobs.errors import IdempotencyKeyReusedError
from service.unlocking.desk import Desk
from service.works import queries as works


async def create_unlock_link(
    session: AsyncSession,
    desk: Desk,
    wish: LinkWish,
    *,
    owner_id: UUID,
    key: str,
    sender: Sender,
    language: str,
    now: datetime,
) -> tuple[UnlockLink, bool]:
    """Make a link, or find the one that the same key made.

    Returns: the link, and whether it was made before.
    Raises: ProgrammeOffError, PromptRejectedError, AccountClosedError, IdempotencyKeyReusedError,
        ChannelOffError, WorkNotFoundError, OwnerCapError, BudgetSpentError; nothing was written.
    """
    if not desk.is_open:
        raise ProgrammeOffError("Nobody can be asked for help here.")
    if wish.asker_name is not None:
        prompts.require_allowed([wish.asker_name])
    tier = await _lock_owner(session, owner_id)
    earlier = await links.find_by_key(session, owner_id, key)
    if earlier is not None:
        if earlier.request_hash != wish.digest():
            raise IdempotencyKeyReusedError("This Idempotency-Key was used for a different request.")
        return earlier, True
    await channels.require_on(session, desk.programme, wish.channel, language=language)
    if wish.work_id is not None:
        await works.get_work(session, wish.work_id, owner_id=owner_id)
    await caps.require_free_link(session, owner_id, desk.programme.caps, now=now)
    offer = await _find_offer(session, desk, wish.channel, owner_id=owner_id, tier=tier, now=now)
    link = await links.create_link(
        session, desk.keys, wish, offer, desk.programme.times, owner_id=owner_id, key=key, now=now
    )
    await desk.risk.note_owner(session, owner_id, sender, now=now)
    return link, False


async def preview_offer(
    session: AsyncSession,
    desk: Desk,
    usable: Sequence[ShareChannel],
    *,
    owner_id: UUID,
    tier: str,
    now: datetime,
) -> Offer:
    """What a link through the first of these channels would offer this owner; nothing is locked.

    Raises: ProgrammeOffError, OwnerCapError, BudgetSpentError.
    """
    if not desk.is_open or not usable:
        raise ProgrammeOffError("Nobody can be asked for help here.")
    await caps.require_free_link(session, owner_id, desk.programme.caps, now=now)
    return await _find_offer(session, desk, usable[0], owner_id=owner_id, tier=tier, now=now)


async def _find_offer(
    session: AsyncSession, desk: Desk, channel: ShareChannel, *, owner_id: UUID, tier: str, now: datetime
) -> Offer:
    """What a campaign offers, else the programme. Raises: BudgetSpentError: neither could pay it now."""
    offer = await campaigns.find_offer(
        session, desk.keys, owner_id=owner_id, tier=tier, channel=channel, now=now
    )
    offer = offer or Offer(None, "a", desk.programme.terms)
    used = await budgets.used_in_month(session, now)
    if used + offer.terms.reward_credits > desk.programme.caps.budget_credits_month:
        raise BudgetSpentError("This month's rewards are all given or promised.")
    return offer


async def _lock_owner(session: AsyncSession, owner_id: UUID) -> str:
    """The owner's tier. Two requests of one owner take turns, so that caps and keys cannot race."""
    accounts = await credits.lock_accounts(session, [owner_id])
    if not accounts or accounts[0].closed_at is not None:
        raise AccountClosedError("This account is closed.")
    return accounts[0].tier
