"""Invariants that join rooms: jobs, works and the credits held for them."""

from typing import Final

from billing.invariants import INVARIANTS

JOB_INVARIANTS: Final[dict[str, str]] = {
    **INVARIANTS,
    "live_job_has_open_hold": """
        SELECT g.id, g.state, h.state AS hold_state
        FROM generations g LEFT JOIN credit_holds h ON h.id = g.id
        WHERE h.id IS NULL OR (g.state IN ('queued', 'running')) <> (h.state = 'held')""",
    "hold_has_its_job": """
        SELECT h.id FROM credit_holds h LEFT JOIN generations g ON g.id = h.id
        WHERE h.purpose = 'generation' AND g.id IS NULL""",
    "success_has_one_work_and_is_paid": """
        SELECT g.id, g.state, h.state AS hold_state, w.id AS work_id
        FROM generations g JOIN credit_holds h ON h.id = g.id LEFT JOIN works w ON w.generation_id = g.id
        WHERE (g.state = 'succeeded') <> (w.id IS NOT NULL)
           OR (g.state = 'succeeded' AND h.state <> 'settled')
           OR (g.state = 'failed' AND h.state <> 'released')""",
    "in_flight_is_counted": """
        SELECT a.user_id, a.in_flight, count(g.id) AS live
        FROM credit_accounts a
        LEFT JOIN generations g ON g.owner_id = a.user_id AND g.state IN ('queued', 'running')
        GROUP BY a.user_id HAVING a.in_flight <> count(g.id)""",
}
