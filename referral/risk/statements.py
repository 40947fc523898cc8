"""The statements of the risk score. Hand-written: each is one round trip of a help, and a help makes three.

Every part looks at a bounded number of rows, however often somebody was helped.
"""

from typing import Final

from sqlalchemy import text

# Devices of these people and whose the sent device is; their contacts, proved ones first.
PEOPLE: Final = text("""
(SELECT user_id, device_hash, NULL AS mailbox, NULL AS is_verified FROM devices
 WHERE user_id = ANY(:people) OR device_hash = :sent_device LIMIT 40)
UNION ALL
(SELECT user_id, NULL, canonical_address, verified_at IS NOT NULL FROM contacts
 WHERE user_id = ANY(:people) ORDER BY verified_at IS NULL, id LIMIT 40)
""")

# The last 500 helps of the owner.
_OTHERS: Final = """
SELECT
  count(DISTINCT helper_id) FILTER (WHERE device_hash = ANY(:devices)) AS others_on_device,
  count(DISTINCT helper_id) FILTER (WHERE mailbox_hash = ANY(:mailboxes)) AS others_with_mailbox,
  count(DISTINCT helper_id) FILTER (
    WHERE address_hash = ANY(:addresses) AND agent_hash = ANY(:agents)
  ) AS others_at_place
FROM (
  SELECT helper_id, device_hash, mailbox_hash, address_hash, agent_hash FROM risk_signals
  WHERE owner_id = :owner_id AND created_at > :since AND helper_id <> :helper_id
  ORDER BY created_at DESC LIMIT 500
) AS others
"""

# Who else was seen on these devices, and whether the owner was there, or at this place.
_SEEN: Final = """
SELECT
  (SELECT count(DISTINCT user_id) FROM (
     SELECT user_id FROM risk_sightings
     WHERE kind = 'device' AND hash = ANY(:devices) AND user_id <> :helper_id LIMIT 100
   ) AS users) AS accounts_on_device,
  EXISTS (SELECT FROM risk_sightings
          WHERE kind = 'device' AND hash = ANY(:devices) AND user_id = :owner_id) AS is_own_device,
  EXISTS (SELECT FROM risk_sightings
          WHERE kind = 'place' AND hash = ANY(:places) AND user_id = :owner_id) AS is_owner_place,
  EXISTS (SELECT FROM risk_sightings
          WHERE kind = 'address' AND hash = ANY(:addresses) AND user_id = :owner_id) AS is_owner_address,
  (SELECT count(*) FROM risk_sightings
   WHERE user_id = :owner_id AND kind = 'device' AND epoch = :epoch AND seen_at > :since) AS owner_devices,
  (SELECT count(*) FROM risk_sightings
   WHERE user_id = :owner_id AND kind = 'network' AND epoch = :epoch AND seen_at > :since) AS owner_networks
"""

# A help is an edge from helper to owner. A ring is a way from the owner back to the helper, looked for from
# both ends, so that three steps cost what two do. At most 30 edges are followed from anybody.
_GRAPH: Final = """
WITH forth AS (
  SELECT DISTINCT owner_id AS node FROM (
    SELECT owner_id FROM risk_signals WHERE helper_id = :owner_id AND created_at > :since
    ORDER BY created_at DESC LIMIT 30) AS edges
), back AS (
  SELECT DISTINCT helper_id AS node FROM (
    SELECT helper_id FROM risk_signals
    WHERE owner_id = :helper_id AND created_at > :since AND helper_id <> :owner_id
    ORDER BY created_at DESC LIMIT 30) AS edges
), further AS (
  SELECT DISTINCT edges.owner_id AS node FROM forth CROSS JOIN LATERAL (
    SELECT owner_id FROM risk_signals WHERE helper_id = forth.node AND created_at > :since
    ORDER BY created_at DESC LIMIT 30) AS edges
  WHERE forth.node <> :helper_id AND edges.owner_id NOT IN (:owner_id, :helper_id)
), mine AS (
  SELECT DISTINCT owner_id FROM (
    SELECT owner_id FROM risk_signals
    WHERE helper_id = :helper_id AND created_at > :since AND owner_id <> :owner_id
    ORDER BY created_at DESC LIMIT 30) AS edges
), others AS (
  SELECT DISTINCT helper_id FROM (
    SELECT helper_id FROM risk_signals
    WHERE owner_id = :owner_id AND created_at > :since AND helper_id <> :helper_id
    ORDER BY created_at DESC LIMIT 30) AS edges
), shared AS (
  SELECT count(DISTINCT edges.owner_id) AS owners FROM others CROSS JOIN LATERAL (
    SELECT owner_id FROM risk_signals WHERE helper_id = others.helper_id AND created_at > :since
    ORDER BY created_at DESC LIMIT 30) AS edges
  WHERE edges.owner_id IN (SELECT owner_id FROM mine)
  GROUP BY others.helper_id
), circle AS (
  SELECT CAST(:owner_id AS uuid) AS person UNION SELECT :helper_id UNION (
    SELECT helper_id FROM risk_signals
    WHERE owner_id = :owner_id AND link_id = :link_id AND created_at > :since
    ORDER BY created_at DESC LIMIT 30)
), circles AS (
  SELECT links.link_id FROM circle CROSS JOIN LATERAL (
    (SELECT link_id FROM risk_signals
     WHERE helper_id = person AND owner_id <> :owner_id AND created_at > :since
     ORDER BY created_at DESC LIMIT 30)
    UNION
    (SELECT link_id FROM risk_signals
     WHERE owner_id = person AND person <> :owner_id AND created_at > :since
     ORDER BY created_at DESC LIMIT 60)) AS links
  GROUP BY links.link_id HAVING count(DISTINCT person) >= 3
), leaves AS (
  SELECT helper_id FROM (
    SELECT helper_id, created_at FROM risk_signals
    WHERE owner_id = :owner_id AND created_at > :since AND is_new AND helper_id <> :helper_id
    ORDER BY created_at DESC LIMIT 40) AS newcomers
  WHERE created_at < :settled
)
SELECT
  EXISTS (SELECT FROM forth WHERE node = :helper_id) AS is_reciprocal,
  (SELECT count(*) FROM forth JOIN back USING (node))
    + (SELECT count(*) FROM further JOIN back USING (node)) AS rings,
  (SELECT coalesce(max(owners), 0) FROM shared) AS shared_owners,
  (SELECT count(*) FROM circles) AS circles,
  (SELECT count(*) FROM leaves) AS leaves,
  (SELECT count(*) FROM leaves WHERE NOT EXISTS (
     SELECT FROM generations WHERE owner_id = leaves.helper_id AND state = 'succeeded')) AS idle_leaves,
  (SELECT count(*) FROM (
     SELECT FROM generations WHERE owner_id = :helper_id AND state = 'succeeded' LIMIT 3) AS made) AS works
"""

AROUND: Final = text(f"""
SELECT * FROM ({_OTHERS}) AS others, ({_SEEN}) AS seen, ({_GRAPH}) AS graph
""")  # noqa: S608 - of the three above

_SIGHTINGS: Final = """
INSERT INTO risk_sightings (kind, hash, user_id, epoch, seen_at)
SELECT kind, hash, CAST(:helper_id AS uuid), CAST(:epoch AS smallint), CAST(:now AS timestamptz)
FROM unnest(CAST(:kinds AS varchar[]), CAST(:hashes AS bytea[])) AS seen (kind, hash)
ON CONFLICT (kind, hash, user_id) DO UPDATE SET seen_at = greatest(risk_sightings.seen_at, excluded.seen_at)
"""

SIGHTINGS: Final = text(_SIGHTINGS)

_VERDICT: Final = """
INSERT INTO risk_verdicts (id, help_id, decision, score, is_shadow, reasons, weights, created_at)
VALUES (:verdict_id, CAST(:help_id AS uuid), :decision, :score, :is_shadow, CAST(:reasons AS jsonb), :weights,
        CAST(:now AS timestamptz))
"""

VERDICT: Final = text(_VERDICT)

KEEP: Final = text(f"""
WITH verdict AS ({_VERDICT}), signal AS (
  INSERT INTO risk_signals (
    help_id, link_id, owner_id, helper_id, epoch, is_new, device_hash, address_hash, network_hash, agent_hash,
    mailbox_hash, agent, asn, tap_seconds, sign_up_seconds, created_at)
  VALUES (
    CAST(:help_id AS uuid), :link_id, :owner_id, CAST(:helper_id AS uuid), CAST(:epoch AS smallint), :is_new,
    :device_hash, :address_hash, :network_hash, :agent_hash, :mailbox_hash, :agent, :asn, :tap_seconds,
    :sign_up_seconds, CAST(:now AS timestamptz))
)
{_SIGHTINGS}
""")  # noqa: S608 - of the two above
