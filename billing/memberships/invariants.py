"""What must always be true of memberships, as queries that find the rows for which it is not."""

from typing import Final

MEMBERSHIP_INVARIANTS: Final[dict[str, str]] = {
    "paid_membership_order_has_its_term": """
        SELECT o.id, o.item, o.payment_id, t.term_key
        FROM (SELECT * FROM orders WHERE paid_at IS NOT NULL AND item ~ '^(membership|months)') o
        FULL JOIN (SELECT * FROM membership_terms WHERE term_key LIKE '%:payment:%') t
          ON t.term_key = o.channel || ':payment:' || o.payment_id
        WHERE o.id IS NULL OR t.term_key IS NULL OR t.user_id <> o.owner_id
           OR t.price_minor <> o.amount_minor - o.tax_minor""",
    "paid_membership_order_is_served_or_returned": """
        SELECT o.id, o.state, o.return_reason, p.id AS period_id
        FROM orders o LEFT JOIN membership_periods p ON p.order_id = o.id
        WHERE o.paid_at IS NOT NULL AND o.item ~ '^(membership|months)'
          AND ((p.id IS NULL AND o.return_reason IS NULL) OR (p.id IS NOT NULL
               AND o.return_reason IS NOT NULL AND o.return_reason <> 'withdrawn'))""",
    "account_has_the_tier_that_is_paid": """
        SELECT m.id, m.tier, a.tier AS account_tier
        FROM memberships m JOIN credit_accounts a USING (user_id)
        WHERE m.state IN ('active', 'past_due') AND a.tier_until > m.period_start AND a.tier <> m.tier
          AND a.closed_at IS NULL""",
    "membership_lot_belongs_to_a_paid_period": """
        SELECT l.id, l.source_key FROM credit_lots l
        LEFT JOIN membership_periods p ON p.id::text = split_part(l.source_key, ':', 2)
        LEFT JOIN memberships m ON m.id = p.membership_id
        WHERE l.source = 'membership' AND l.source_key LIKE 'period:%'
          AND m.user_id IS DISTINCT FROM l.user_id""",
    "money_that_went_back_took_its_time_along": """
        SELECT p.id, o.state, p.revoked_at
        FROM membership_periods p JOIN orders o ON o.id = p.order_id
        WHERE (o.state = 'refunded' AND p.revoked_at IS NULL)
           OR (o.return_reason = 'withdrawn' AND p.revoked_at IS NULL)
           OR (o.state = 'paid' AND p.revoked_at IS NOT NULL
               AND o.return_reason IS DISTINCT FROM 'withdrawn')""",
    "what_was_taken_back_can_no_longer_be_used": """
        SELECT l.id, l.remaining, l.frozen_at
        FROM orders o JOIN membership_periods p ON p.order_id = o.id
        JOIN credit_lots l ON l.source_key LIKE 'period:%' AND split_part(l.source_key, ':', 2) = p.id::text
        WHERE o.return_reason = 'withdrawn' AND l.source_key NOT LIKE '%:again:%'
          AND (l.frozen_at IS NOT NULL
               OR (l.remaining > 0 AND l.voided_at IS NULL AND l.grace_ends_at IS NULL))""",
    "cheaper_first_month_was_claimed": """
        SELECT o.id FROM orders o
        WHERE o.is_first_month AND o.paid_at IS NOT NULL AND o.return_reason IS NULL
          AND NOT EXISTS (
            SELECT 1 FROM first_month_claims c WHERE c.order_id = o.id AND c.kind = 'account')""",
}
