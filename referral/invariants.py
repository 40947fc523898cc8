"""What must always be true of links, helps, rewards and budgets, as queries that find what breaks it."""

from typing import Final

REFERRAL_INVARIANTS: Final[dict[str, str]] = {
    "link_reward_has_its_lot": """
        SELECT coalesce(r.link_id::text, l.source_key) AS link, r.lot_id, l.id, r.credits, l.quantity
        FROM link_rewards r
        FULL JOIN (SELECT * FROM credit_lots WHERE source_key LIKE 'referral:link:%') l ON l.id = r.lot_id
        WHERE r.link_id IS NULL OR l.id IS NULL OR l.source_key <> 'referral:link:' || r.link_id
           OR l.user_id <> r.owner_id OR l.quantity <> r.credits OR l.source <> 'referral'""",
    "link_state_follows_reward": """
        SELECT k.id, k.state, r.link_id AS reward, r.revoked_at
        FROM unlock_links k LEFT JOIN link_rewards r ON r.link_id = k.id
        WHERE (k.state IN ('rewarded', 'revoked')) <> (r.link_id IS NOT NULL)
           OR (k.state = 'revoked') <> (r.revoked_at IS NOT NULL)
           OR r.credits <> k.reward_credits""",
    "link_progress_is_its_counted_helps": """
        SELECT k.id, k.progress, coalesce(sum(h.weight), 0) AS counted
        FROM unlock_links k
        LEFT JOIN helps h ON h.link_id = k.id AND h.counted_at IS NOT NULL
        GROUP BY k.id HAVING k.progress <> coalesce(sum(h.weight), 0)""",
    "link_is_rewarded_as_its_helps": """
        SELECT h.id, h.state, k.state AS link_state
        FROM helps h JOIN unlock_links k ON k.id = h.link_id
        WHERE (h.state = 'rewarded' AND k.state NOT IN ('rewarded', 'revoked'))
           OR (h.state = 'qualified' AND h.counted_at IS NOT NULL AND k.state IN ('rewarded', 'revoked'))""",
    "link_seats_are_its_helps": """
        SELECT s.link_id, s.shard, s.taken, count(h.id) AS helps
        FROM unlock_link_seats s LEFT JOIN helps h ON h.link_id = s.link_id AND h.seat = s.shard
        GROUP BY s.link_id, s.shard HAVING s.taken <> count(h.id)""",
    "campaign_budget_is_its_rewards": """
        SELECT c.id, c.used_credits, coalesce(sum(k.reward_credits), 0) AS reserved
        FROM campaigns c
        LEFT JOIN unlock_links k ON k.campaign_id = c.id
          AND k.reserved_at IS NOT NULL AND k.released_at IS NULL
        GROUP BY c.id HAVING c.used_credits <> coalesce(sum(k.reward_credits), 0)""",
    "programme_budget_is_its_rewards": """
        SELECT coalesce(m.month, k.budget_month) AS month, m.used_credits, k.reserved
        FROM programme_months m
        FULL JOIN (
          SELECT budget_month, sum(reward_credits) AS reserved FROM unlock_links
          WHERE reserved_at IS NOT NULL AND released_at IS NULL GROUP BY budget_month
        ) k ON k.budget_month = m.month
        WHERE coalesce(m.used_credits, 0) <> coalesce(k.reserved, 0)""",
}
