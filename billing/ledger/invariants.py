"""What must always be true of the books, as queries that find the rows for which it is not.

The rule for credits: deferred_credits (2010) of a currency is, at every moment, the sum over its paid lots of
price - floor(price * released / quantity), where `released` counts the credits whose release is posted: all
that were voided with money, and all that were spent or expired before the end of the last recognised day.
"""

from typing import Final

LEDGER_INVARIANTS: Final[dict[str, str]] = {
    "ledger_transaction_balances": """
        SELECT t.id, t.business_key, e.currency, sum(e.amount_minor) AS total
        FROM ledger_transactions t LEFT JOIN ledger_entries e ON e.transaction_id = t.id
        GROUP BY t.id, e.currency HAVING coalesce(sum(e.amount_minor), 1) <> 0""",
    "closed_period_is_unchanged": """
        SELECT c.last_day, c.transactions,
               (SELECT count(*) FROM ledger_transactions t WHERE t.posted_on <= c.last_day) AS found
        FROM ledger_closed_periods c
        WHERE c.transactions
           <> (SELECT count(*) FROM ledger_transactions t WHERE t.posted_on <= c.last_day)""",
    "bounded_account_owes_nothing_less": """
        SELECT a.code, a.subject, a.currency, sum(e.amount_minor) AS overdrawn
        FROM ledger_accounts a JOIN ledger_entries e ON e.account_id = a.id
        WHERE a.code IN ('2030', '2031', '2060') GROUP BY a.id HAVING sum(e.amount_minor) > 0""",
    "deferred_credits_are_unreleased_lots": """
        SELECT currency, coalesce(b.owed, 0) AS books, coalesce(l.owed, 0) AS lots
        FROM (SELECT a.currency, -sum(e.amount_minor) AS owed
              FROM ledger_accounts a JOIN ledger_entries e ON e.account_id = a.id
              WHERE a.code = '2010' GROUP BY 1) b
        FULL JOIN (SELECT currency, sum(deferred_minor) AS owed FROM paid_lots GROUP BY 1) l USING (currency)
        WHERE coalesce(b.owed, 0) <> coalesce(l.owed, 0)""",
    "deferred_membership_is_unserved_terms": """
        SELECT currency, coalesce(b.owed, 0) AS books, coalesce(m.owed, 0) AS terms
        FROM (SELECT a.currency, -sum(e.amount_minor) AS owed
              FROM ledger_accounts a JOIN ledger_entries e ON e.account_id = a.id
              WHERE a.code = '2020' GROUP BY 1) b
        FULL JOIN (SELECT currency, sum(deferred_minor) AS owed FROM membership_terms GROUP BY 1) m
          USING (currency)
        WHERE coalesce(b.owed, 0) <> coalesce(m.owed, 0)""",
    "paid_lot_has_its_price": """
        SELECT coalesce(l.id, p.lot_id) AS id, l.unit_price_minor, p.price_minor
        FROM (SELECT * FROM credit_lots WHERE unit_price_minor > 0) l
        FULL JOIN paid_lots p ON p.lot_id = l.id
        WHERE l.id IS NULL OR p.lot_id IS NULL OR l.quantity <> p.quantity OR l.currency <> p.currency
           OR l.unit_price_minor <> (p.price_minor + p.quantity - 1) / p.quantity""",
    "lot_releases_are_counted": """
        SELECT lot_id, p.spent_credits, p.certified_credits, p.expired_credits, p.voided_credits,
               sum(r.credits) AS released
        FROM paid_lots p FULL JOIN lot_releases r USING (lot_id)
        GROUP BY lot_id, p.lot_id
        HAVING p.lot_id IS NULL
            OR p.spent_credits <> coalesce(sum(r.credits) FILTER (WHERE r.kind = 'spent'), 0)
            OR p.certified_credits <> coalesce(sum(r.credits) FILTER (WHERE r.kind = 'certified'), 0)
            OR p.expired_credits <> coalesce(sum(r.credits) FILTER (WHERE r.kind = 'expired'), 0)
            OR p.voided_credits <> coalesce(sum(r.credits) FILTER (WHERE r.kind = 'voided'), 0)
            OR p.price_minor - p.deferred_minor <> coalesce(sum(r.amount_minor), 0)""",
    "lot_release_is_posted": """
        SELECT transaction_id, r.amount AS released, e.amount AS posted
        FROM (SELECT transaction_id, sum(amount_minor) AS amount FROM lot_releases GROUP BY 1) r
        LEFT JOIN (SELECT e.transaction_id, sum(e.amount_minor) AS amount
                   FROM ledger_entries e JOIN ledger_accounts a ON a.id = e.account_id
                   WHERE a.code = '2010' GROUP BY 1) e USING (transaction_id)
        WHERE e.amount IS NULL AND (r.amount <> 0 OR NOT EXISTS (
                SELECT 1 FROM ledger_transactions t WHERE t.id = r.transaction_id))
           OR r.amount <> e.amount""",
    "released_credits_were_used": """
        SELECT p.lot_id, p.spent_credits, p.certified_credits, p.expired_credits, p.voided_credits, j.*
        FROM paid_lots p LEFT JOIN (
          SELECT e.lot_id,
            coalesce(-sum(e.quantity) FILTER (WHERE h.state = 'settled' AND h.purpose <> 'certification'), 0)
              - coalesce(sum(e.quantity) FILTER (WHERE e.kind = 'debt'), 0) AS spent,
            coalesce(-sum(e.quantity) FILTER (WHERE h.state = 'settled' AND h.purpose = 'certification'), 0)
              AS certified,
            coalesce(-sum(e.quantity) FILTER (WHERE e.kind = 'expire'), 0) AS expired,
            coalesce(-sum(e.quantity) FILTER (WHERE e.kind = 'void'), 0) AS voided
          FROM paid_lots p JOIN credit_entries e USING (lot_id) LEFT JOIN credit_holds h ON h.id = e.hold_id
          GROUP BY e.lot_id) j USING (lot_id)
        WHERE p.spent_credits > coalesce(j.spent, 0) OR p.certified_credits > coalesce(j.certified, 0)
           OR p.expired_credits > coalesce(j.expired, 0) OR p.voided_credits > coalesce(j.voided, 0)""",
    "recognised_days_left_nothing": """
        WITH settled AS (
          SELECT e.lot_id, -sum(e.quantity) AS used
          FROM paid_lots p JOIN credit_entries e USING (lot_id) LEFT JOIN credit_holds h ON h.id = e.hold_id
          WHERE (h.state = 'settled' AND h.closed_at < (SELECT max(day) FROM ledger_recognised_days))
             OR (e.kind = 'debt' AND p.created_at < (SELECT max(day) FROM ledger_recognised_days))
          GROUP BY e.lot_id
        ), late AS (
          SELECT p.lot_id, p.quantity, p.price_minor, s.used - p.spent_credits - p.certified_credits AS late,
                 p.spent_credits + p.certified_credits + p.expired_credits + p.voided_credits AS released
          FROM paid_lots p JOIN settled s USING (lot_id)
        )
        SELECT * FROM late
        WHERE late > 0 AND price_minor * (released + late) / quantity > price_minor * released / quantity""",
    "debt_is_what_clawbacks_left": """
        SELECT a.user_id, a.debt_credits, coalesce(c.debt, 0) - coalesce(e.paid, 0) AS expected
        FROM credit_accounts a
        LEFT JOIN (SELECT user_id, sum(debt_credits - forgiven_credits + voided_credits) AS debt
                   FROM credit_clawbacks GROUP BY 1) c USING (user_id)
        LEFT JOIN (SELECT user_id, -sum(quantity) AS paid FROM credit_entries
                   WHERE kind IN ('debt', 'void') GROUP BY 1) e USING (user_id)
        WHERE a.debt_credits <> coalesce(c.debt, 0) - coalesce(e.paid, 0)""",
}
