"""What must always be true of the credits, as queries that find the rows for which it is not."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

COUNTED: Final = "SELECT to_jsonb(b) AS row, count(*) OVER () AS rows FROM ({query}) b LIMIT 20"

INVARIANTS: Final[dict[str, str]] = {
    "lot_equals_journal": """
        SELECT l.id, l.remaining, coalesce(sum(e.quantity), 0) AS journal
        FROM credit_lots l LEFT JOIN credit_entries e ON e.lot_id = l.id
        GROUP BY l.id HAVING l.remaining <> coalesce(sum(e.quantity), 0)""",
    "hold_equals_lines": """
        SELECT h.id, h.amount_credits, coalesce(-sum(e.quantity), 0) AS lines
        FROM credit_holds h LEFT JOIN credit_entries e ON e.hold_id = h.id AND e.kind = 'hold'
        GROUP BY h.id HAVING h.amount_credits <> coalesce(-sum(e.quantity), 0)""",
    "released_hold_is_returned": """
        SELECT h.id, h.state, sum(e.quantity) AS outstanding
        FROM credit_holds h JOIN credit_entries e ON e.hold_id = h.id
        GROUP BY h.id HAVING (h.state = 'released') <> (sum(e.quantity) = 0)""",
    "hold_is_what_did_not_come_back": """
        SELECT h.id, h.state, h.amount_credits, h.returned_credits, -sum(e.quantity) AS outstanding
        FROM credit_holds h JOIN credit_entries e ON e.hold_id = h.id
        GROUP BY h.id
        HAVING -sum(e.quantity) <> CASE h.state WHEN 'released' THEN 0
                                   ELSE h.amount_credits - h.returned_credits END""",
    "one_monthly_lot_per_period": """
        SELECT user_id, effective_at, count(*) FROM credit_lots WHERE source = 'monthly'
        GROUP BY user_id, effective_at HAVING count(*) > 1""",
    "monthly_lots_do_not_overlap": """
        SELECT id, user_id FROM (
          SELECT id, user_id, effective_at,
                 lag(coalesce(grace_ends_at - interval '7 days', expires_at))
                   OVER (PARTITION BY user_id ORDER BY effective_at) AS previous_end
          FROM credit_lots WHERE source = 'monthly') AS ordered
        WHERE effective_at < previous_end""",
}


@dataclass(frozen=True, slots=True)
class Breach:
    invariant: str
    rows: int
    sample: list[dict[str, Any]]


async def find_breaches(session: AsyncSession, invariants: dict[str, str] = INVARIANTS) -> list[Breach]:
    """Prove every invariant in one snapshot; an empty list is the proof.

    The caller opens the transaction; REPEATABLE READ makes all queries see one moment.
    """
    breaches = []
    for name, query in invariants.items():
        found = (await session.execute(text(COUNTED.format(query=query)))).all()
        if found:
            breaches.append(Breach(name, found[0].rows, [row.row for row in found]))
    return breaches
