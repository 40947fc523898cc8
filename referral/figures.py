"""What asking for help brings and costs: counts over links that were opened in some days, set by set.

A figure belongs to the links of its days: what became of them later counts for the day they were opened.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

MOST_REASONS: Final = 12

# One pass over the links and one over their helps; `GROUPING` tells a day's row from a variant's and the sum.
# Nobody is new twice (`uq_helps_new`), so helps of new people are as many as the people.
_CHOSEN: Final = """
WITH chosen AS MATERIALIZED (
    SELECT id, owner_id, variant, views, (created_at AT TIME ZONE 'UTC')::date AS day
    FROM unlock_links
    WHERE created_at >= :since AND created_at < :until
      AND (CAST(:campaign_id AS uuid) IS NULL OR campaign_id = :campaign_id)
)
"""
_LINKS: Final = text(
    _CHOSEN
    + """
SELECT GROUPING(day, variant) AS grouped, day, variant,
       count(*) AS links,
       count(DISTINCT chosen.owner_id) AS askers,
       coalesce(sum(views), 0)::bigint AS views,
       count(reward.link_id) AS rewards,
       coalesce(sum(reward.credits), 0)::bigint AS reward_credits
FROM chosen
LEFT JOIN link_rewards AS reward ON reward.link_id = chosen.id AND reward.revoked_at IS NULL
GROUP BY GROUPING SETS ((day), (variant), ())
"""
)
_HELPS: Final = text(
    _CHOSEN  # noqa: S608 - constants alone
    + """
, taps AS MATERIALIZED (
    SELECT chosen.day, chosen.variant, help.is_new, help.state,
           help.qualified_at IS NOT NULL AS is_qualified,
           help.state = 'held' OR (help.decided_at IS NOT NULL AND help.state <> 'revoked') AS was_held,
           help.is_new AND EXISTS (
               SELECT FROM works WHERE works.owner_id = help.helper_id AND works.created_at >= help.created_at
           ) AS has_made,
           help.is_new AND EXISTS (
               SELECT FROM orders
               WHERE orders.owner_id = help.helper_id AND orders.paid_at >= help.created_at
           ) AS has_bought
    FROM chosen JOIN helps AS help ON help.link_id = chosen.id
)
SELECT GROUPING(day, variant) AS grouped, day, variant,
       count(*) AS taps,
       count(*) FILTER (WHERE is_new) AS new_taps,
       count(*) FILTER (WHERE is_qualified) AS qualified,
       count(*) FILTER (WHERE is_qualified AND is_new) AS qualified_new,
       count(*) FILTER (WHERE was_held) AS held,
       count(*) FILTER (WHERE state = 'denied') AS denied,
       count(*) FILTER (WHERE state = 'revoked') AS revoked,
       count(*) FILTER (WHERE has_made) AS first_works,
       count(*) FILTER (WHERE has_bought) AS buyers
FROM taps
GROUP BY GROUPING SETS ((day), (variant), ())
"""
)
_REASONS: Final = text(
    _CHOSEN  # noqa: S608 - constants alone
    + """
SELECT coalesce(rule.code, help.reason) AS code, help.state AS state, count(*) AS helps
FROM chosen JOIN helps AS help ON help.link_id = chosen.id
LEFT JOIN LATERAL (
    SELECT reasons -> 'reasons' AS reasons FROM risk_verdicts
    WHERE help_id = help.id AND help.reason = 'risk' ORDER BY created_at DESC LIMIT 1
) AS verdict ON true
LEFT JOIN LATERAL (
    SELECT spoken ->> 'code' AS code FROM jsonb_array_elements(verdict.reasons) AS rules (spoken)
    WHERE (spoken ->> 'points')::int > 0
) AS rule ON true
WHERE help.reason IS NOT NULL AND help.state IN ('held', 'denied', 'lapsed', 'revoked')
GROUP BY 1, 2
ORDER BY helps DESC, code, state
LIMIT :most
"""
)
_OF_VARIANT: Final = 2  # GROUPING(day, variant): one bit for each column that a row is summed over
_OF_DAY: Final = 1


@dataclass(frozen=True, slots=True)
class Counts:
    """Of some links: what they got.

    links: links opened. askers: people who opened them.
    views: times that a person's browser showed a link's page (crawlers that run no script do not count).
    taps: helps that were sent, whatever became of them; new_taps: of people without an account before.
    qualified: helps by people who proved real; qualified_new: new people among them, each once.
    held: helps that waited or wait for a reviewer. denied, revoked: helps that do not count.
    rewards: links that brought their reward and kept it; reward_credits: what that was, in credits.
    first_works: new people who finished a work after helping. buyers: new people who paid for something.
    """

    links: int = 0
    askers: int = 0
    views: int = 0
    taps: int = 0
    new_taps: int = 0
    qualified: int = 0
    qualified_new: int = 0
    held: int = 0
    denied: int = 0
    revoked: int = 0
    rewards: int = 0
    reward_credits: int = 0
    first_works: int = 0
    buyers: int = 0

    @property
    def k_factor(self) -> float | None:
        """New people who qualified, for each person who asked: `qualified_new / askers`. Above 1 it grows."""
        return _ratio(self.qualified_new, self.askers)

    @property
    def cost_per_qualified(self) -> float | None:
        """Credits given for each help that qualified: `reward_credits / qualified`."""
        return _ratio(self.reward_credits, self.qualified)

    @property
    def tap_rate(self) -> float | None:
        """Helps for each view: `taps / views`."""
        return _ratio(self.taps, self.views)

    @property
    def qualified_rate(self) -> float | None:
        """`qualified / taps`."""
        return _ratio(self.qualified, self.taps)

    @property
    def reward_rate(self) -> float | None:
        """Links that reached their goal: `rewards / links`."""
        return _ratio(self.rewards, self.links)

    @property
    def held_share(self) -> float | None:
        """`held / taps`."""
        return _ratio(self.held, self.taps)

    @property
    def denied_share(self) -> float | None:
        """`denied / taps`."""
        return _ratio(self.denied, self.taps)


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How many helps are in a state for a reason; of the risk score each rule that spoke counts by itself."""

    code: str
    state: str
    helps: int


@dataclass(frozen=True, slots=True)
class Figures:
    """`days`: every day of the range, also empty ones. `variants`: "a" and "b" where there are any."""

    total: Counts
    days: Mapping[date, Counts]
    variants: Mapping[str, Counts] = field(default_factory=dict)
    reasons: Sequence[ReasonCount] = ()


async def read_figures(
    session: AsyncSession, *, first: date, last: date, campaign_id: UUID | None = None
) -> Figures:
    """Count what became of the links opened from `first` to `last` (UTC, both included).

    campaign_id: None counts all links, those of no campaign included.
    """
    facts: dict[str, Any] = {
        "since": datetime.combine(first, time(), UTC),
        "until": datetime.combine(last + timedelta(days=1), time(), UTC),
        "campaign_id": campaign_id,
    }
    counted: dict[object, dict[str, int]] = {}
    for statement in (_LINKS, _HELPS):
        for row in (await session.execute(statement, facts)).mappings():
            found = dict(row)
            grouped, day, variant = found.pop("grouped"), found.pop("day"), found.pop("variant")
            key: object = {_OF_DAY: day, _OF_VARIANT: variant}.get(grouped)
            counted.setdefault(key, {}).update(found)
    reasons = await session.execute(_REASONS, {**facts, "most": MOST_REASONS})
    span = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return Figures(
        total=Counts(**counted.get(None, {})),
        days={day: Counts(**counted.get(day, {})) for day in span},
        variants={key: Counts(**counts) for key, counts in sorted(_variants(counted))},
        reasons=[ReasonCount(row.code, row.state, row.helps) for row in reasons],
    )


def _variants(counted: Mapping[object, dict[str, int]]) -> list[tuple[str, dict[str, int]]]:
    return [(key, counts) for key, counts in counted.items() if isinstance(key, str)]


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
