"""Every invariant: of credits, of money, and those that join rooms: jobs, works, the credits held."""

from typing import Final

from billing.invariants import INVARIANTS
from billing.ledger.invariants import LEDGER_INVARIANTS
from billing.memberships.invariants import MEMBERSHIP_INVARIANTS
from provenance.invariants import PROVENANCE_INVARIANTS
from referral.invariants import REFERRAL_INVARIANTS

JOB_INVARIANTS: Final[dict[str, str]] = {
    **INVARIANTS,
    **LEDGER_INVARIANTS,
    **MEMBERSHIP_INVARIANTS,
    **REFERRAL_INVARIANTS,
    **PROVENANCE_INVARIANTS,
    "live_job_has_open_hold": """
        SELECT g.id, g.state, h.state AS hold_state
        FROM generations g LEFT JOIN credit_holds h ON h.id = coalesce(g.batch_id, g.id)
        WHERE h.id IS NULL OR (g.state IN ('queued', 'running') AND h.state <> 'held')
           OR (g.batch_id IS NULL AND g.state NOT IN ('queued', 'running') AND h.state = 'held')""",
    "hold_has_its_job": """
        SELECT h.id FROM credit_holds h LEFT JOIN generations g ON g.id = h.id
        WHERE h.purpose = 'generation' AND g.id IS NULL""",
    "batch_hold_is_its_unfinished_jobs": """
        SELECT h.id, h.amount_credits - h.spent_credits - h.returned_credits AS open_credits,
               coalesce(sum(g.price_credits) FILTER (WHERE g.state IN ('queued', 'running')), 0) AS unfinished
        FROM credit_holds h LEFT JOIN generations g ON g.batch_id = h.id
        WHERE h.purpose = 'batch'
        GROUP BY h.id
        HAVING h.amount_credits <> coalesce(sum(g.price_credits), 0)
            OR h.amount_credits - h.spent_credits - h.returned_credits
               <> coalesce(sum(g.price_credits) FILTER (WHERE g.state IN ('queued', 'running')), 0)
            OR h.spent_credits < coalesce(sum(g.price_credits) FILTER (WHERE g.state = 'succeeded'), 0)
            OR h.returned_credits < coalesce(sum(g.price_credits) FILTER (WHERE g.state = 'failed'), 0)""",
    "batch_runs_while_its_hold_is_open": """
        SELECT b.id, b.state, h.state AS hold_state
        FROM batches b LEFT JOIN credit_holds h ON h.id = b.id
        WHERE (b.state = 'running') <> coalesce(h.state = 'held', false)
           OR (b.started_at IS NULL) <> (h.id IS NULL)""",
    "success_has_one_work_and_is_paid": """
        SELECT g.id, g.state, h.state AS hold_state, w.id AS work_id
        FROM generations g LEFT JOIN credit_holds h ON h.id = g.id LEFT JOIN works w ON w.generation_id = g.id
        WHERE (g.state = 'succeeded') <> (w.id IS NOT NULL)
           OR (g.batch_id IS NULL AND g.state = 'succeeded' AND h.state IS DISTINCT FROM 'settled')
           OR (g.batch_id IS NULL AND g.state = 'failed' AND h.state IS DISTINCT FROM 'released')""",
    "in_flight_is_counted": """
        SELECT a.user_id, a.in_flight, count(g.id) AS live
        FROM credit_accounts a
        LEFT JOIN generations g ON g.owner_id = a.user_id AND g.state IN ('queued', 'running')
          AND g.batch_id IS NULL
        GROUP BY a.user_id HAVING a.in_flight <> count(g.id)""",
}
