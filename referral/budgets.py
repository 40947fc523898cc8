"""Budgets: drawn from when a link gets its first help, given back when it ends without a reward.

So nobody helps in vain because others were faster: from the first help on, the link's reward is set aside.
"""

from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from models.campaign import ProgrammeMonth

# One statement, one decision: the link's row makes it happen once, the month's and the campaign's rows keep
# it within the budgets. The campaign waits for the month, so that all lock in the same order.
RESERVE: Final = text("""
WITH link AS (
  UPDATE unlock_links SET reserved_at = :now, budget_month = :month
  WHERE id = :link_id AND reserved_at IS NULL AND state = 'open'
  RETURNING reward_credits, campaign_id
), month AS (
  INSERT INTO programme_months (month, used_credits)
  SELECT :month, reward_credits FROM link WHERE reward_credits <= :budget_credits
  ON CONFLICT (month) DO UPDATE SET used_credits = programme_months.used_credits + excluded.used_credits
  WHERE programme_months.used_credits + excluded.used_credits <= :budget_credits
  RETURNING used_credits
), campaign AS (
  UPDATE campaigns c SET used_credits = c.used_credits + link.reward_credits
  FROM link, month
  WHERE c.id = link.campaign_id AND c.state = 'running'
    AND c.used_credits + link.reward_credits <= c.budget_credits
  RETURNING c.id
)
SELECT EXISTS (SELECT FROM link) AS was_free,
       EXISTS (SELECT FROM month)
       AND ((SELECT campaign_id FROM link) IS NULL OR EXISTS (SELECT FROM campaign)) AS is_drawn
""")
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


async def reserve(session: AsyncSession, link_id: UUID, *, budget_credits: int, now: datetime) -> bool:
    """Set a link's reward aside, once; False when a budget is spent: the caller must roll back.

    Args:
        budget_credits: of the whole programme in this month.
    """
    month = date(now.year, now.month, 1)
    values = {"link_id": link_id, "month": month, "budget_credits": budget_credits, "now": now}
    drawn = (await session.execute(RESERVE, values)).one()
    return not drawn.was_free or drawn.is_drawn


async def release(session: AsyncSession, link_id: UUID, *, now: datetime) -> None:
    """Give back what was set aside for a link that has ended without a reward, or lost it; once."""
    await session.execute(RELEASE, {"link_id": link_id, "now": now})


async def used_in_month(session: AsyncSession, now: datetime) -> int:
    """Credits that the programme has promised or paid this month, as it stands."""
    month = await session.get(ProgrammeMonth, date(now.year, now.month, 1), populate_existing=True)
    return 0 if month is None else month.used_credits
