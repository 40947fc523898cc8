"""Budgets: drawn from when a link gets its first help, given back when it ends without a reward.

So nobody helps in vain because others were faster: from the first help on, the link's reward is set aside.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from models.campaign import ProgrammeMonth

# A part of statements. `links`: those whose reward is set aside now (`is_drawn`), which their rows make
# happen once; `written`: one row, of whatever has to be written before the month is locked. Campaigns wait
# for the month, so that all lock in the same order.
DRAW: Final = """
need AS (
  SELECT coalesce(sum(reward_credits), 0)::int AS credits FROM links WHERE is_drawn
), drawn AS (
  INSERT INTO programme_months (month, used_credits)
  SELECT :month, credits FROM need, written WHERE credits BETWEEN 1 AND :budget_credits
  ON CONFLICT (month) DO UPDATE SET used_credits = programme_months.used_credits + excluded.used_credits
  WHERE programme_months.used_credits + excluded.used_credits <= :budget_credits
  RETURNING used_credits
), promised AS (
  SELECT campaign_id AS id, sum(reward_credits)::int AS credits FROM links
  WHERE is_drawn AND campaign_id IS NOT NULL GROUP BY campaign_id
), paying AS (
  UPDATE campaigns c SET used_credits = c.used_credits + promised.credits
  FROM promised, drawn
  WHERE c.id = promised.id AND c.state = 'running' AND c.used_credits + promised.credits <= c.budget_credits
  RETURNING c.id
)"""
HAS_DRAWN: Final = """(
  (SELECT credits FROM need) = 0 OR EXISTS (SELECT FROM drawn)
  AND (SELECT count(*) FROM promised) = (SELECT count(*) FROM paying)
)"""
RESERVE: Final = text(f"""
WITH links AS (
  UPDATE unlock_links SET reserved_at = :now, budget_month = :month
  WHERE id = :link_id AND reserved_at IS NULL AND state = 'open'
  RETURNING reward_credits, campaign_id, true AS is_drawn
), written AS (SELECT), {DRAW}
SELECT {HAS_DRAWN}
""")  # noqa: S608 - of the ones above
RELEASE: Final = text("""
WITH link AS (
  UPDATE unlock_links SET released_at = :now
  WHERE id = :link_id AND reserved_at IS NOT NULL AND released_at IS NULL AND state IN ('expired', 'revoked')
  RETURNING reward_credits, campaign_id, budget_month
), month AS (
  UPDATE programme_months m SET used_credits = m.used_credits - link.reward_credits
  FROM link WHERE m.month = link.budget_month
  RETURNING m.month
)
UPDATE campaigns c SET used_credits = c.used_credits - link.reward_credits
FROM link, month WHERE c.id = link.campaign_id
""")


@dataclass(slots=True)
class Left:
    """Credits that may still be promised as of a look, counted down while a batch is decided."""

    month: int
    campaigns: dict[UUID, int]

    def draw(self, credits: int, campaign_id: UUID | None) -> bool:
        """Set credits aside in memory; whether there were as many."""
        ours = self.month if campaign_id is None else min(self.month, self.campaigns[campaign_id])
        if credits > ours:
            return False
        self.month -= credits
        if campaign_id is not None:
            self.campaigns[campaign_id] -= credits
        return True


async def reserve(session: AsyncSession, link_id: UUID, *, budget_credits: int, now: datetime) -> bool:
    """Set the reward of a link aside, once; False when a budget is spent: the caller must roll back.

    Helps that come in do it themselves (`referral.taking`). Locks: the link, the month, the campaign.
    budget_credits: of the whole programme this month.
    """
    facts = {"link_id": link_id, "now": now, "month": month_of(now), "budget_credits": budget_credits}
    return bool(await session.scalar(RESERVE, facts))


def month_of(now: datetime) -> date:
    """The month whose budget is drawn from, by its first day in UTC."""
    return date(now.year, now.month, 1)


async def release(session: AsyncSession, link_id: UUID, *, now: datetime) -> None:
    """Give back what was set aside for a link that has ended without a reward, or lost it; once."""
    await session.execute(RELEASE, {"link_id": link_id, "now": now})


async def used_in_month(session: AsyncSession, now: datetime) -> int:
    """Credits that the programme has promised or paid this month, as it stands."""
    month = await session.get(ProgrammeMonth, month_of(now), populate_existing=True)
    return 0 if month is None else month.used_credits
