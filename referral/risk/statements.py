"""The statements of the risk score. Hand-written: each is one round trip of a batch of helps.

Every part looks at a bounded number of rows for each help, however often somebody was helped.
"""

from typing import Final

# Devices of these people, and whose these devices are; contacts of these people, proved ones first.
PEOPLE: Final = """
SELECT p.id AS user_id, d.device_hash, NULL::text AS mailbox, NULL::bool AS is_verified
FROM unnest($1::uuid[]) AS p(id)
CROSS JOIN LATERAL (SELECT device_hash FROM devices WHERE user_id = p.id LIMIT 20) AS d
UNION ALL
SELECT user_id, device_hash, NULL, NULL FROM devices WHERE device_hash = ANY($2::bytea[])
UNION ALL
SELECT p.id, NULL, c.canonical_address, c.verified_at IS NOT NULL
FROM unnest($1::uuid[]) AS p(id)
CROSS JOIN LATERAL (
  SELECT canonical_address, verified_at FROM contacts WHERE user_id = p.id
  ORDER BY verified_at IS NULL, id LIMIT 20) AS c
"""

# The helps that are looked at. Lists of hashes come as array literals: they differ in length.
_ASKED: Final = """
SELECT i, link_id, owner_id, helper_id, devices::bytea[] AS devices, addresses::bytea[] AS addresses,
       agents::bytea[] AS agents, places::bytea[] AS places, mailboxes::bytea[] AS mailboxes
FROM unnest($1::int[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::text[]) AS t(i, link_id, owner_id, helper_id, devices, addresses, agents, places, mailboxes)
"""

# The last 500 helps of the owner.
_OTHERS: Final = """
SELECT
  count(DISTINCT helper_id) FILTER (WHERE device_hash = ANY(a.devices)) AS others_on_device,
  count(DISTINCT helper_id) FILTER (WHERE mailbox_hash = ANY(a.mailboxes)) AS others_with_mailbox,
  count(DISTINCT helper_id) FILTER (
    WHERE address_hash = ANY(a.addresses) AND agent_hash = ANY(a.agents)
  ) AS others_at_place
FROM (
  SELECT helper_id, device_hash, mailbox_hash, address_hash, agent_hash FROM risk_signals
  WHERE owner_id = a.owner_id AND created_at > $10 AND helper_id <> a.helper_id
  ORDER BY created_at DESC LIMIT 500
) AS others
"""

# Who else was seen on these devices, on the first of them, and whether the owner was there, or at this place.
_SEEN: Final = """
SELECT
  EXISTS (SELECT FROM risk_sightings
          WHERE kind = 'device' AND hash = ANY(a.devices[1:2]) AND user_id <> a.helper_id) AS is_device_known,
  (SELECT count(DISTINCT user_id) FROM (
     SELECT user_id FROM risk_sightings
     WHERE kind = 'device' AND hash = ANY(a.devices) AND user_id <> a.helper_id LIMIT 100
   ) AS users) AS accounts_on_device,
  EXISTS (SELECT FROM risk_sightings
          WHERE kind = 'device' AND hash = ANY(a.devices) AND user_id = a.owner_id) AS is_own_device,
  EXISTS (SELECT FROM risk_sightings
          WHERE kind = 'place' AND hash = ANY(a.places) AND user_id = a.owner_id) AS is_owner_place,
  EXISTS (SELECT FROM risk_sightings
          WHERE kind = 'address' AND hash = ANY(a.addresses) AND user_id = a.owner_id) AS is_owner_address,
  (SELECT count(*) FROM risk_sightings
   WHERE user_id = a.owner_id AND kind = 'device' AND epoch = $12 AND seen_at > $10) AS owner_devices,
  (SELECT count(*) FROM risk_sightings
   WHERE user_id = a.owner_id AND kind = 'network' AND epoch = $12 AND seen_at > $10) AS owner_networks
"""

# A help is an edge from helper to owner. A ring is a way from the owner back to the helper, looked for from
# both ends, so that three steps cost what two do. At most 30 edges are followed from anybody.
_GRAPH: Final = """
WITH forth AS (
  SELECT DISTINCT owner_id AS node FROM (
    SELECT owner_id FROM risk_signals WHERE helper_id = a.owner_id AND created_at > $10
    ORDER BY created_at DESC LIMIT 30) AS edges
), back AS (
  SELECT DISTINCT helper_id AS node FROM (
    SELECT helper_id FROM risk_signals
    WHERE owner_id = a.helper_id AND created_at > $10 AND helper_id <> a.owner_id
    ORDER BY created_at DESC LIMIT 30) AS edges
), further AS (
  SELECT DISTINCT edges.owner_id AS node FROM forth CROSS JOIN LATERAL (
    SELECT owner_id FROM risk_signals WHERE helper_id = forth.node AND created_at > $10
    ORDER BY created_at DESC LIMIT 30) AS edges
  WHERE forth.node <> a.helper_id AND edges.owner_id NOT IN (a.owner_id, a.helper_id)
), mine AS (
  SELECT DISTINCT owner_id FROM (
    SELECT owner_id FROM risk_signals
    WHERE helper_id = a.helper_id AND created_at > $10 AND owner_id <> a.owner_id
    ORDER BY created_at DESC LIMIT 30) AS edges
), others AS (
  SELECT DISTINCT helper_id FROM (
    SELECT helper_id FROM risk_signals
    WHERE owner_id = a.owner_id AND created_at > $10 AND helper_id <> a.helper_id
    ORDER BY created_at DESC LIMIT 30) AS edges
), shared AS (
  SELECT count(DISTINCT edges.owner_id) AS owners FROM others CROSS JOIN LATERAL (
    SELECT owner_id FROM risk_signals WHERE helper_id = others.helper_id AND created_at > $10
    ORDER BY created_at DESC LIMIT 30) AS edges
  WHERE edges.owner_id IN (SELECT owner_id FROM mine)
  GROUP BY others.helper_id
), circle AS (
  SELECT a.owner_id AS person UNION SELECT a.helper_id UNION (
    SELECT helper_id FROM risk_signals
    WHERE owner_id = a.owner_id AND link_id = a.link_id AND created_at > $10
    ORDER BY created_at DESC LIMIT 30)
), circles AS (
  SELECT links.link_id FROM circle CROSS JOIN LATERAL (
    (SELECT link_id FROM risk_signals
     WHERE helper_id = person AND owner_id <> a.owner_id AND created_at > $10
     ORDER BY created_at DESC LIMIT 30)
    UNION
    (SELECT link_id FROM risk_signals
     WHERE owner_id = person AND person <> a.owner_id AND created_at > $10
     ORDER BY created_at DESC LIMIT 60)) AS links
  GROUP BY links.link_id HAVING count(DISTINCT person) >= 3
), leaves AS (
  SELECT helper_id FROM (
    SELECT helper_id, created_at FROM risk_signals
    WHERE owner_id = a.owner_id AND created_at > $10 AND is_new AND helper_id <> a.helper_id
    ORDER BY created_at DESC LIMIT 40) AS newcomers
  WHERE created_at < $11
)
SELECT
  EXISTS (SELECT FROM forth WHERE node = a.helper_id) AS is_reciprocal,
  (SELECT count(*) FROM forth JOIN back USING (node))
    + (SELECT count(*) FROM further JOIN back USING (node)) AS rings,
  (SELECT coalesce(max(owners), 0) FROM shared) AS shared_owners,
  (SELECT count(*) FROM circles) AS circles,
  (SELECT count(*) FROM leaves) AS leaves,
  (SELECT count(*) FROM leaves WHERE NOT EXISTS (
     SELECT FROM generations WHERE owner_id = leaves.helper_id AND state = 'succeeded')) AS idle_leaves,
  (SELECT count(*) FROM (
     SELECT FROM generations WHERE owner_id = a.helper_id AND state = 'succeeded' LIMIT 3) AS made) AS works
"""

AROUND: Final = f"""
WITH asked AS MATERIALIZED ({_ASKED})
SELECT a.i, others.*, seen.*, graph.* FROM asked AS a
CROSS JOIN LATERAL ({_OTHERS}) AS others
CROSS JOIN LATERAL ({_SEEN}) AS seen
CROSS JOIN LATERAL ({_GRAPH}) AS graph
"""  # noqa: S608 - of the four above

# Where people were seen. A part of statements, as `KEEP` is.
SIGHTINGS: Final = """
sightings AS (
  INSERT INTO risk_sightings (kind, hash, user_id, epoch, seen_at)
  SELECT kind, hash, user_id, :epoch, :now
  FROM unnest(:seen_kinds::text[], :seen_hashes::bytea[], :seen_users::uuid[]) AS t(kind, hash, user_id)
  ON CONFLICT (kind, hash, user_id)
  DO UPDATE SET seen_at = greatest(risk_sightings.seen_at, excluded.seen_at)
  RETURNING user_id
)"""

# Signals, verdicts and sightings of many helps.
KEEP: Final = f"""
signals AS (
  INSERT INTO risk_signals (
    help_id, link_id, owner_id, helper_id, epoch, is_new, device_hash, address_hash, network_hash, agent_hash,
    mailbox_hash, agent, asn, tap_seconds, sign_up_seconds, created_at)
  SELECT help_id, link_id, owner_id, helper_id, :epoch, is_new, device_hash, address_hash, network_hash,
         agent_hash, mailbox_hash, agent, asn, tap_seconds, sign_up_seconds, :now
  FROM unnest(:ids::uuid[], :link_ids::uuid[], :owner_ids::uuid[], :helper_ids::uuid[], :are_new::bool[],
              :device_hashes::bytea[], :address_hashes::bytea[], :network_hashes::bytea[],
              :agent_hashes::bytea[], :mailbox_hashes::bytea[], :agents::text[], :asns::bigint[],
              :tap_seconds::float8[], :sign_up_seconds::float8[])
    AS t(help_id, link_id, owner_id, helper_id, is_new, device_hash, address_hash, network_hash, agent_hash,
         mailbox_hash, agent, asn, tap_seconds, sign_up_seconds)
), verdicts AS (
  INSERT INTO risk_verdicts (id, help_id, decision, score, is_shadow, reasons, weights, created_at)
  SELECT id, help_id, decision, score, :is_shadow, reasons::jsonb, :weights_digest, :now
  FROM unnest(:verdict_ids::uuid[], :ids::uuid[], :decisions::text[], :scores::int[], :reasons::text[])
    AS t(id, help_id, decision, score, reasons)
), {SIGHTINGS}"""  # noqa: S608 - of the one above
