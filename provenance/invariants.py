"""What must always be true of certificates and the log, as queries that find the rows for which it is not.

Hashes are proved by `huajian log audit`, which reads every tile.
"""

from typing import Final

PROVENANCE_INVARIANTS: Final[dict[str, str]] = {
    "certificate_has_its_leaf": """
        SELECT c.id, c.state, l.kind AS leaf_kind, l.leaf_index
        FROM certificates c LEFT JOIN log_leaves l ON l.id = c.leaf_id
        WHERE (c.state IN ('logged', 'issued', 'revoked')) <> (l.id IS NOT NULL)
           OR (l.id IS NOT NULL AND (l.kind <> 'certificate' OR l.subject_id <> c.id))
           OR (c.state IN ('issued', 'revoked') AND l.leaf_index IS NULL)""",
    "certificate_leaf_has_its_certificate": """
        SELECT l.id, l.subject_id FROM log_leaves l LEFT JOIN certificates c ON c.leaf_id = l.id
        WHERE l.kind = 'certificate' AND c.id IS NULL""",
    "certificate_is_paid": """
        SELECT c.id, c.state, c.paid_with, h.state AS hold_state, o.state AS order_state
        FROM certificates c
        LEFT JOIN credit_holds h ON h.id = c.id LEFT JOIN orders o ON o.id = c.order_id
        WHERE (c.paid_with = 'credits' AND h.state IS DISTINCT FROM
                CASE c.state WHEN 'ordered' THEN 'held' WHEN 'failed' THEN 'released' ELSE 'settled' END)
           OR (c.paid_with = 'money' AND o.paid_at IS NULL)""",
    "certification_hold_has_its_certificate": """
        SELECT h.id FROM credit_holds h LEFT JOIN certificates c ON c.id = h.id
        WHERE h.purpose = 'certification' AND c.id IS NULL""",
    "paid_certification_is_delivered_or_goes_back": """
        SELECT o.id, o.state, o.return_reason FROM orders o LEFT JOIN certificates c ON c.order_id = o.id
        WHERE o.item = 'certification' AND o.state = 'paid' AND o.return_reason IS NULL
          AND (c.id IS NULL OR c.state = 'failed')""",
    "revoked_certificate_has_its_leaf": """
        SELECT c.id FROM certificates c
        LEFT JOIN certificate_changes r ON r.certificate_id = c.id AND r.kind = 'revocation'
        WHERE (c.state = 'revoked') <> (r.id IS NOT NULL)""",
    "change_in_the_log_was_made": """
        SELECT l.id, l.kind, c.id AS certificate_id
        FROM log_leaves l JOIN certificates c ON c.id = l.subject_id
        LEFT JOIN certificate_changes r ON r.leaf_id = l.id
        WHERE l.kind IN ('transfer', 'revocation') AND r.id IS NULL""",
    "export_is_in_the_log": """
        SELECT e.id, e.state, l.kind AS leaf_kind
        FROM work_exports e JOIN certificates c ON c.id = e.certificate_id
        LEFT JOIN log_leaves l ON l.id = e.leaf_id
        WHERE e.state = 'ready' AND NOT coalesce(
            (l.kind = 'export' AND l.subject_id = e.id) OR (l.id = c.leaf_id AND e.sha256 = c.content_sha256),
            false)""",
    "export_leaf_was_exported": """
        SELECT l.id, l.subject_id FROM log_leaves l LEFT JOIN work_exports e ON e.leaf_id = l.id
        WHERE l.kind = 'export' AND e.id IS NULL
          AND EXISTS (SELECT 1 FROM work_exports w WHERE w.id = l.subject_id AND w.state <> 'ready')""",
    "head_counts_its_leaves": """
        SELECT h.size, count(l.id) AS leaves, max(l.leaf_index) AS last
        FROM log_heads h LEFT JOIN log_leaves l ON l.leaf_index IS NOT NULL
        GROUP BY h.id, h.size
        HAVING h.size <> count(l.id) OR coalesce(max(l.leaf_index) + 1, 0) <> h.size""",
    "unlabelled_file_was_agreed_to": """
        SELECT e.id FROM work_exports e LEFT JOIN unlabelled_agreements a ON a.export_id = e.id
        WHERE NOT e.is_labelled AND a.id IS NULL AND e.created_at > now() - interval '183 days'""",
}
