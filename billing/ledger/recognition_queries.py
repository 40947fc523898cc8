"""The statements of recognition: each pass is one, however many lots there are, and answers in one row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.deferral import RecognisedDay
from models.ledger import AccountCode

# Held alone by recognition, and shared by whoever else releases: see `pack_queries`.
WAIT_FOR_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended('ledger_recognition', 0))")

NEXT_DAY = text("""
SELECT coalesce(
  (SELECT max(day) + 1 FROM ledger_recognised_days),
  least((SELECT min((created_at AT TIME ZONE 'UTC')::date) FROM paid_lots),
        (SELECT min(starts_on) FROM membership_terms)))
""")

OPEN_LOT_CURRENCIES = text("""
SELECT DISTINCT currency FROM paid_lots WHERE is_open ORDER BY 1
""")

OPEN_TERM_CURRENCIES = text("""
SELECT DISTINCT currency FROM membership_terms WHERE deferred_minor > 0 ORDER BY 1
""")

# used: what the journal says of each open lot at the day's end. A hold counts when it closes: a batch when
# its last row is decided. A debt that a lot filled at its sale was spent long before.
# priced: the credits that are new to the books, lined up as spent, certified, expired, voided; each part is
# worth the difference of two cumulative values, so a lot releases exactly its price whatever the order.
# Credits too cheap to be worth a minor unit yet wait for the next.
RELEASE_LOTS = text("""
WITH open_lots AS (
  SELECT lot_id, currency, quantity, price_minor, created_at,
         spent_credits, certified_credits, expired_credits, voided_credits,
         spent_credits + certified_credits + expired_credits + voided_credits AS released
  FROM paid_lots WHERE is_open
), used AS (
  SELECT p.lot_id,
    sum(-e.quantity) FILTER (WHERE e.kind = 'debt' OR h.purpose <> 'certification') AS spent,
    sum(-e.quantity) FILTER (WHERE h.purpose = 'certification') AS certified,
    sum(-e.quantity) FILTER (WHERE e.kind = 'expire') AS expired,
    sum(-e.quantity) FILTER (WHERE e.kind = 'void') AS voided
  FROM open_lots p JOIN credit_entries e ON e.lot_id = p.lot_id
  LEFT JOIN credit_holds h ON h.id = e.hold_id
  WHERE (h.state = 'settled' AND h.closed_at < :until)
     OR (e.kind = 'debt' AND p.created_at < :until)
     OR (e.kind IN ('expire', 'void') AND e.created_at < :until)
  GROUP BY p.lot_id
), fresh AS (
  SELECT p.lot_id, p.currency, p.quantity, p.price_minor, p.released,
    greatest(coalesce(u.spent, 0) - p.spent_credits, 0)::int AS spent,
    greatest(coalesce(u.certified, 0) - p.certified_credits, 0)::int AS certified,
    greatest(coalesce(u.expired, 0) - p.expired_credits, 0)::int AS expired,
    greatest(coalesce(u.voided, 0) - p.voided_credits, 0)::int AS voided
  FROM open_lots p JOIN used u ON u.lot_id = p.lot_id
), priced AS MATERIALIZED (
  SELECT lot_id, currency, spent, certified, expired, voided,
    released + spent + certified + expired + voided AS total,
    price_minor * (released + spent) / quantity - price_minor * released / quantity AS spent_minor,
    price_minor * (released + spent + certified) / quantity
      - price_minor * (released + spent) / quantity AS certified_minor,
    price_minor * (released + spent + certified + expired) / quantity
      - price_minor * (released + spent + certified) / quantity AS expired_minor,
    price_minor * (released + spent + certified + expired + voided) / quantity
      - price_minor * (released + spent + certified + expired) / quantity AS voided_minor
  FROM fresh
  WHERE price_minor * (released + spent + certified + expired + voided) / quantity
      > price_minor * released / quantity
), counted AS (
  UPDATE paid_lots p
  SET spent_credits = p.spent_credits + d.spent, certified_credits = p.certified_credits + d.certified,
      expired_credits = p.expired_credits + d.expired, voided_credits = p.voided_credits + d.voided,
      deferred_minor = p.price_minor - p.price_minor * d.total / p.quantity
  FROM priced d WHERE p.lot_id = d.lot_id
), sums AS MATERIALIZED (
  SELECT currency, count(*) AS lots, sum(spent_minor) AS spent, sum(certified_minor) AS certified,
         sum(expired_minor) AS expired, sum(voided_minor) AS voided
  FROM priced GROUP BY currency
), runs AS (
  SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:currencies AS text[])) AS run(id, currency)
), posted AS (
  INSERT INTO ledger_transactions (id, business_key, kind, memo, occurred_at, posted_on)
  SELECT r.id, 'recognition:credits:' || :day_text || ':' || r.id, 'credits_recognised',
         s.lots || ' lots, ' || :day_text, CAST(:until AS timestamptz) - interval '1 second',
         -- the day in whose books it goes: its own, or today where that is closed
         CASE WHEN EXISTS (SELECT 1 FROM ledger_closed_periods WHERE last_day >= CAST(:day AS date))
           THEN CAST(:today AS date) ELSE CAST(:day AS date) END
  FROM runs r JOIN sums s USING (currency)
  RETURNING id
), listed AS (
  INSERT INTO lot_releases (transaction_id, lot_id, kind, credits, amount_minor)
  SELECT r.id, d.lot_id, part.kind, part.credits, part.minor
  FROM priced d JOIN runs r USING (currency)
  CROSS JOIN LATERAL (VALUES ('spent', d.spent, d.spent_minor), ('certified', d.certified, d.certified_minor),
    ('expired', d.expired, d.expired_minor), ('voided', d.voided, d.voided_minor)
  ) AS part(kind, credits, minor)
  WHERE part.credits > 0
), written AS (
  INSERT INTO ledger_entries (transaction_id, account_id, currency, amount_minor)
  SELECT r.id, a.account_id, s.currency,
    CASE a.code WHEN '2010' THEN s.spent + s.certified + s.expired + s.voided
      WHEN '4010' THEN -s.spent WHEN '4030' THEN -s.certified
      WHEN '4050' THEN -s.expired WHEN '4900' THEN -s.voided END AS amount_minor
  FROM sums s JOIN runs r USING (currency)
  JOIN unnest(CAST(:codes AS text[]), CAST(:account_currencies AS text[]), CAST(:account_ids AS bigint[]))
    AS a(code, currency, account_id) USING (currency)
  WHERE CASE a.code WHEN '2010' THEN 1 WHEN '4010' THEN s.spent WHEN '4030' THEN s.certified
      WHEN '4050' THEN s.expired WHEN '4900' THEN s.voided END <> 0
)
SELECT coalesce(sum(lots), 0) FROM sums
""")

# Cumulative too: after k of the days over which it lies, floor(spread * k / days) is released.
SERVE_TERMS = text("""
WITH due AS MATERIALIZED (
  SELECT term_key, currency, least(ends_on, CAST(:day AS date) + 1) AS served_until,
    spread_minor * (least(ends_on, CAST(:day AS date) + 1) - spread_from) / (ends_on - spread_from)
      - (spread_minor - deferred_minor) AS minor
  FROM membership_terms
  WHERE deferred_minor > 0 AND served_until <= :day
), served AS (
  UPDATE membership_terms t
  SET deferred_minor = t.deferred_minor - d.minor, served_until = d.served_until
  FROM due d WHERE t.term_key = d.term_key
), sums AS MATERIALIZED (
  SELECT currency, count(*) AS terms, sum(minor) AS minor FROM due GROUP BY currency HAVING sum(minor) > 0
), runs AS (
  SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:currencies AS text[])) AS run(id, currency)
), posted AS (
  INSERT INTO ledger_transactions (id, business_key, kind, memo, occurred_at, posted_on)
  SELECT r.id, 'recognition:membership:' || :day_text || ':' || r.id, 'membership_recognised',
         s.terms || ' terms, ' || :day_text, CAST(:until AS timestamptz) - interval '1 second',
         -- the day in whose books it goes: its own, or today where that is closed
         CASE WHEN EXISTS (SELECT 1 FROM ledger_closed_periods WHERE last_day >= CAST(:day AS date))
           THEN CAST(:today AS date) ELSE CAST(:day AS date) END
  FROM runs r JOIN sums s USING (currency)
  RETURNING id
), written AS (
  INSERT INTO ledger_entries (transaction_id, account_id, currency, amount_minor)
  SELECT r.id, a.account_id, s.currency, CASE a.code WHEN '2020' THEN s.minor ELSE -s.minor END
  FROM sums s JOIN runs r USING (currency)
  JOIN unnest(CAST(:codes AS text[]), CAST(:account_currencies AS text[]), CAST(:account_ids AS bigint[]))
    AS a(code, currency, account_id) USING (currency)
)
SELECT count(*) FROM due
""")


@dataclass(frozen=True, slots=True)
class Run:
    """One day's pass: `until` is the day's end, excluded; one transaction id for each currency."""

    day: date
    until: datetime
    today: date
    currencies: Sequence[str]
    ids: Sequence[UUID]


async def wait_for_turn(session: AsyncSession) -> None:
    """Be the only one that releases, until the commit."""
    await session.execute(WAIT_FOR_TURN)


async def find_next_day(session: AsyncSession) -> date | None:
    """The first day that is not recognised; None while nothing was ever sold."""
    day: date | None = await session.scalar(NEXT_DAY)
    return day


async def find_last_day(session: AsyncSession) -> date | None:
    """The last day that is recognised."""
    day: date | None = await session.scalar(select(func.max(RecognisedDay.day)))
    return day


async def list_open_lot_currencies(session: AsyncSession) -> list[str]:
    return list((await session.scalars(OPEN_LOT_CURRENCIES)).all())


async def list_open_term_currencies(session: AsyncSession) -> list[str]:
    return list((await session.scalars(OPEN_TERM_CURRENCIES)).all())


async def release_lots(
    session: AsyncSession, run: Run, accounts: Mapping[tuple[AccountCode, str], int]
) -> int:
    """Release what was used of open lots until the day's end; how many lots."""
    return int((await session.execute(RELEASE_LOTS, _row(run, accounts))).scalar_one())


async def serve_terms(
    session: AsyncSession, run: Run, accounts: Mapping[tuple[AccountCode, str], int]
) -> int:
    """Release the days of open terms up to and including this one; how many terms."""
    return int((await session.execute(SERVE_TERMS, _row(run, accounts))).scalar_one())


async def insert_day(
    session: AsyncSession, day: date, now: datetime, released_lots: int, served_terms: int
) -> None:
    session.add(
        RecognisedDay(day=day, recognised_at=now, released_lots=released_lots, served_terms=served_terms)
    )
    await session.flush()


def _row(run: Run, accounts: Mapping[tuple[AccountCode, str], int]) -> dict[str, object]:
    return {
        "day": run.day,
        "day_text": run.day.isoformat(),
        "until": run.until,
        "today": run.today,
        "currencies": list(run.currencies),
        "ids": list(run.ids),
        "codes": [code.value for code, _ in accounts],
        "account_currencies": [currency for _, currency in accounts],
        "account_ids": list(accounts.values()),
    }
