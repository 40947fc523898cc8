"""Links, helps and rewards written down as they end up, for figures and pages that only read."""

import hashlib
import os
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from core.ids import new_id
from core.keys import Keys
from models.campaign import ShareChannel
from models.credit import LotSource
from models.generation import Generation, JobState
from models.referral import Help, HelpState, LinkReward, LinkState, UnlockLink
from models.work import Work, WorkFile
from referral.codes import code_of, hash_of
from tests.factories.credits import give, make_user

_QUALIFIED = (HelpState.QUALIFIED, HelpState.REWARDED)


async def make_link(
    session: AsyncSession,
    owner_id: UUID,
    *,
    at: datetime,
    variant: str = "a",
    views: int = 0,
    state: LinkState = LinkState.OPEN,
    progress: int = 0,
    campaign_id: UUID | None = None,
    keys: Keys | None = None,
    asker_name: str | None = None,
    work_id: UUID | None = None,
) -> UnlockLink:
    """A link under the usual terms, opened at a time; with `keys` it can be found by its code."""
    link_id = new_id()
    is_open, is_paid = state is LinkState.OPEN, state is LinkState.REWARDED
    link = UnlockLink(
        id=link_id,
        created_at=at,
        owner_id=owner_id,
        idempotency_key=str(new_id()),
        request_hash=b"",
        code_hash=os.urandom(32) if keys is None else hash_of(keys, code_of(keys, link_id)),
        asker_name=asker_name,
        work_id=work_id,
        campaign_id=campaign_id,
        variant=variant,
        channel=ShareChannel.LINK,
        goal=3,
        weight_new=2,
        weight_existing=1,
        reward_credits=1,
        reward_days=30,
        seats=20,
        state=state,
        progress=progress,
        views=views,
        expires_at=at + timedelta(hours=72),
        ended_at=None if is_open else at,
        reserved_at=at if is_paid else None,
        budget_month=at.date().replace(day=1) if is_paid else None,
    )
    session.add(link)
    await session.flush()
    return link


async def make_help(
    session: AsyncSession,
    link: UnlockLink,
    helper_id: UUID | None = None,
    *,
    state: HelpState = HelpState.PENDING,
    is_new: bool = True,
    reason: str | None = None,
    reviewed_by: UUID | None = None,
) -> Help:
    """A help at the time its link was opened; by somebody new unless a helper is named."""
    helper_id = helper_id or await make_user(session)
    at = link.created_at
    row = Help(
        id=new_id(),
        created_at=at,
        link_id=link.id,
        owner_id=link.owner_id,
        helper_id=helper_id,
        is_new=is_new,
        weight=2 if is_new else 1,
        device_key=os.urandom(32),
        page_nonce=os.urandom(16),
        page_issued_at=at,
        seat=0,
        state=state,
        qualified_at=at if state in _QUALIFIED else None,
        counted_at=at if state in _QUALIFIED else None,
        reason=reason,
        decided_by=reviewed_by,
        decided_at=at if reviewed_by else None,
    )
    session.add(row)
    await session.flush()
    return row


async def make_reward(session: AsyncSession, link: UnlockLink, *, revoked_at: datetime | None = None) -> None:
    """What the link brought."""
    lot_id = await give(session, link.owner_id, 1, now=link.created_at, source=LotSource.REFERRAL)
    session.add(
        LinkReward(
            link_id=link.id,
            owner_id=link.owner_id,
            lot_id=lot_id,
            credits=1,
            revoked_at=revoked_at,
            created_at=link.created_at,
        )
    )
    await session.flush()


async def make_work(session: AsyncSession, owner_id: UUID, *, at: datetime) -> Work:
    """A finished card of somebody's, without its files."""
    job = Generation(
        id=new_id(),
        owner_id=owner_id,
        idempotency_key=str(new_id()),
        request_hash=b"",
        kind="card",
        spec={},
        tier="free",
        batch_key="card",
        price_credits=1,
        state=JobState.SUCCEEDED,
        fair_time=at,
        finished_at=at,
    )
    session.add(job)
    await session.flush()
    work = Work(
        id=new_id(),
        created_at=at,
        owner_id=owner_id,
        generation_id=job.id,
        kind="card",
        title="中秋快乐",
        text="月色如水，愿你心安。",
        language="zh",
        provenance={"ai": False},
        details={},
    )
    session.add(work)
    await session.flush()
    return work


async def add_picture(
    session: AsyncSession, work: Work, content: bytes, key: str, *, role: str = "preview"
) -> WorkFile:
    """A PNG of the work's; the caller has put it into the store."""
    file = WorkFile(
        id=new_id(),
        work_id=work.id,
        role=role,
        media_type="image/png",
        width_px=1080,
        height_px=1440,
        size_bytes=len(content),
        sha256=hashlib.sha256(content).digest(),
        object_key=key,
    )
    session.add(file)
    await session.flush()
    return file
