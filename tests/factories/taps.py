"""Many honest helpers and links at once, past HTTP: what races and benchmarks are made of."""

from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core.ids import new_id
from models.campaign import ShareChannel
from models.referral import UnlockLink
from models.user import Device
from referral.campaigns import Offer
from referral.codes import code_of, find_hash
from referral.links import LinkWish, create_link
from referral.proof_of_work import solve
from referral.risk.attempts import Sender
from referral.terms import Terms
from service.flows.help_unlock import HelpRequest
from service.wiring import Services
from tests.factories.credits import make_user
from tests.factories.helps import IPHONE


async def make_helper(services: Services, session: AsyncSession, *, is_proven: bool = True) -> UUID:
    """Somebody with a device of their own who has been here for a while."""
    helper_id = await make_user(session)
    session.add(Device(user_id=helper_id, device_hash=services.keys.digest("device", uuid4().hex)))
    await session.execute(
        text("UPDATE users SET created_at = now() - interval '90 days' WHERE id = :id"), {"id": helper_id}
    )
    if is_proven:
        await session.execute(
            text("""
                INSERT INTO contacts (id, user_id, channel, address, canonical_address, verified_at,
                                      code_attempts, created_at)
                VALUES (:id, :user_id, 'email', :address, :address, now(), 0, now())"""),
            {"id": new_id(), "user_id": helper_id, "address": f"{helper_id.hex}@example.org"},
        )
    await session.flush()
    return helper_id


async def make_open_link(
    services: Services,
    session: AsyncSession,
    *,
    owner_id: UUID | None = None,
    terms: Terms | None = None,
    campaign_id: UUID | None = None,
) -> UnlockLink:
    """A link as creating one makes it, without its caps."""
    desk = services.unlocking.desk
    return await create_link(
        session,
        services.keys,
        LinkWish(ShareChannel.LINK, None, None),
        Offer(campaign_id, "a", terms or desk.programme.terms),
        desk.programme.times,
        owner_id=owner_id or await make_user(session),
        key=str(new_id()),
        now=services.clock(),
    )


async def make_request(
    services: Services, session: AsyncSession, link_id: UUID, helper_id: UUID, *, address: str | None = None
) -> HelpRequest:
    """A page that was looked at now, with its proof, and the tap of one person."""
    code = code_of(services.keys, link_id)
    code_hash = find_hash(services.keys, code)
    if code_hash is None:
        raise ValueError("a code of ours is none")
    seen_at = (await session.execute(text("SELECT clock_timestamp()"))).scalar_one()
    page, token = services.unlocking.desk.pages.issue(code_hash, now=seen_at)
    return HelpRequest(
        code=code,
        helper_id=helper_id,
        page_token=page,
        proof=solve(token.salt, token.difficulty_bits),
        sender=Sender(address=address, user_agent=IPHONE, device_id=None),
        language="en",
    )
