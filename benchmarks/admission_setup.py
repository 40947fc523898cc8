"""Users with plenty of credits, their tokens, and a catalogue that stands in nobody's way."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text

from billing import lots
from billing.catalog import Catalog, load_catalog
from core.clock import utc_now
from core.database import Sessions
from core.ids import new_id
from core.keys import Keys
from models.credit import LotSource
from models.user import Role, User
from service.identity.tokens import AccessTokens, Principal

SECRET: Final = "benchmark-benchmark-benchmark-benchmark"  # noqa: S105 - guards nothing
PLENTY: Final = 1_000_000_000


def generous_catalog() -> Catalog:
    """Our catalogue without a cap on jobs in flight."""
    catalog = load_catalog()
    tiers = {name: tier.model_copy(update={"in_flight": PLENTY}) for name, tier in catalog.tiers.items()}
    return catalog.model_copy(update={"tiers": tiers})


async def make_users(sessions: Sessions, count: int, *, credits: int = 1_000_000) -> list[UUID]:
    """So many users, each with one lot and no free month to come."""
    ids = []
    async with sessions.begin() as session:
        for _ in range(count):
            user = User(id=new_id(), role=Role.USER, locale="zh")
            session.add(user)
            await session.flush()
            lots.open_account(session, user_id=user.id, timezone="UTC").tier = "studio"
            await session.flush()
            ids.append(user.id)
        await session.execute(
            text("UPDATE credit_accounts SET period_start = now(), period_end = :end"),
            {"end": datetime(2100, 1, 1, tzinfo=UTC)},
        )
        for user_id in ids:
            await lots.grant(
                session,
                user_id=user_id,
                source=LotSource.GOODWILL,
                source_key=f"benchmark:{user_id}",
                quantity=credits,
                now=utc_now(),
                expires_at=None,
            )
    return ids


def make_tokens(user_ids: list[UUID]) -> list[str]:
    """An access token for each, good for the whole run."""
    tokens = AccessTokens(Keys(SECRET.encode()), lifetime=timedelta(hours=2), clock=utc_now)
    return [tokens.issue(Principal(user_id, Role.USER, new_id())) for user_id in user_ids]
