"""Helps as the risk score is told of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core.ids import new_id
from core.keys import Keys
from models.generation import Generation, JobState
from models.user import Channel, Contact, Device
from referral.risk.assessor import Assessor
from referral.risk.attempts import HelpAttempt, Sender
from referral.risk.verdicts import Verdict
from tests.factories.credits import make_user

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/26.0 Mobile/15E148 Safari/604.1"
)
ANDROID = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Mobile Safari/537.36"
)
SIGN_UP = timedelta(seconds=1)  # before the tap, where somebody is new


@dataclass(frozen=True)
class Player:
    """Somebody with an account, a device and a place."""

    user_id: UUID
    created_at: datetime
    sender: Sender


def a_device() -> str:
    return uuid4().hex


async def make_player(
    session: AsyncSession,
    keys: Keys,
    *,
    created_at: datetime,
    address: str | None = "5.6.7.8",
    user_agent: str | None = IPHONE,
    device_id: str | None = None,
    is_guest: bool = True,
) -> Player:
    """A user; a guest's device is kept as signing in keeps it."""
    user_id = await make_user(session)
    await session.execute(
        text("UPDATE users SET created_at = :at WHERE id = :id"), {"at": created_at, "id": user_id}
    )
    device_id = device_id or a_device()
    if is_guest:
        session.add(Device(user_id=user_id, device_hash=keys.digest("device", device_id)))
        await session.flush()
    return Player(user_id, created_at, Sender(address, user_agent, device_id))


def attempt_of(
    owner: Player,
    helper: Player,
    *,
    now: datetime,
    is_new: bool = True,
    after: timedelta = timedelta(seconds=9),
) -> HelpAttempt:
    """A tap of `helper` for `owner`, `after` the page was shown."""
    return HelpAttempt(
        help_id=new_id(),
        link_id=new_id(),
        owner_id=owner.user_id,
        helper_id=helper.user_id,
        is_new=is_new,
        helper_created_at=now - SIGN_UP if is_new else helper.created_at,
        page_issued_at=now - after,
        tapped_at=now,
        sender=helper.sender,
    )


async def tap(
    session: AsyncSession,
    assessor: Assessor,
    owner: Player,
    helper: Player,
    *,
    now: datetime,
    is_new: bool = True,
    after: timedelta = timedelta(seconds=9),
) -> tuple[UUID, Verdict]:
    """One help of `helper` for `owner`, weighed and kept."""
    attempt = attempt_of(owner, helper, now=now, is_new=is_new, after=after)
    return attempt.help_id, await assessor.weigh_help(session, attempt, now=now)


async def make_works(session: AsyncSession, user_id: UUID, count: int, *, now: datetime) -> None:
    """Works that somebody finished."""
    for _ in range(count):
        session.add(
            Generation(
                owner_id=user_id,
                idempotency_key=uuid4().hex,
                request_hash=b"",
                kind="card",
                spec={},
                tier="free",
                batch_key="card",
                price_credits=1,
                state=JobState.SUCCEEDED,
                fair_time=now,
                finished_at=now,
            )
        )
    await session.flush()


async def prove_contact(session: AsyncSession, user_id: UUID, address: str, *, now: datetime) -> None:
    """A verified contact whose canonical form is the address itself."""
    session.add(
        Contact(
            user_id=user_id,
            channel=Channel.EMAIL,
            address=address,
            canonical_address=address,
            verified_at=now,
        )
    )
    await session.flush()
