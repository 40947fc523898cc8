"""Start a quoted batch: one hold for all of its good rows, and a job for each."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from billing import holds
from billing import queries as credits
from billing.catalog import Catalog, Tier
from billing.errors import AccountClosedError
from generators.specs import Kind
from models.batch import Batch, BatchRow, BatchState
from models.generation import Generation, JobState
from service.batches import queries as batches
from service.batches.errors import BatchEmptyError, BatchNotStartableError, QuoteExpiredError
from service.jobs import fairness
from service.jobs.errors import TierLimitError, TooManyInFlightError

PURPOSE: Final = "batch"
KEY_MARK: Final = "\x1f"  # not printable: no client can have used a key that has it


async def start_batch(
    session: AsyncSession, catalog: Catalog, batch_id: UUID, *, owner_id: UUID, key: str, now: datetime
) -> tuple[Batch, bool]:
    """Hold the quoted price and queue the jobs; of two starts at once, one wins.

    Returns: the batch, and whether this key had started it before.
    Raises: InsufficientCreditsError, TierLimitError, TooManyInFlightError, BatchNotFoundError,
        BatchEmptyError, QuoteExpiredError, BatchNotStartableError, AccountClosedError: the transaction must
        be rolled back, and nothing is held or queued.
    """
    has_started = await batches.start(session, batch_id, owner_id=owner_id, key=key, now=now)
    batch = await batches.get_batch(session, batch_id, owner_id=owner_id)
    if not has_started:
        return _replay(batch, key, now), True
    await holds.hold(
        session,
        user_id=owner_id,
        hold_id=batch_id,
        amount_credits=batch.price_credits,
        purpose=PURPOSE,
        now=now,
        catalog=catalog,
    )
    await _queue(session, catalog, batch, now)
    return batch, False


def _replay(batch: Batch, key: str, now: datetime) -> Batch:
    """The batch that this key started, or why it was not started."""
    if batch.start_key == key:
        return batch
    if batch.state is BatchState.EXPIRED or (batch.state is BatchState.QUOTED and batch.expires_at <= now):
        raise QuoteExpiredError("This quote has expired; send the rows again.")
    if batch.state is BatchState.QUOTED:
        raise BatchEmptyError
    raise BatchNotStartableError(batch.state)


async def _queue(session: AsyncSession, catalog: Catalog, batch: Batch, now: datetime) -> None:
    """Insert the jobs; the hold has locked the account, so nobody else's rows come in between."""
    account = await credits.find_account(session, batch.owner_id)
    if account is None:
        raise AccountClosedError("This account does not exist.")
    tier = catalog.tier(account.tier)
    live, last_tag = await batches.measure_live_rows(session, batch.owner_id)
    _require_within_tier(batch, tier, live)
    tags = fairness.row_tags(
        now,
        batch.rows_good,
        previous=last_tag,
        price_credits=batch.unit_price_credits,
        weight=tier.weight,
    )
    rows = await batches.list_good_rows(session, batch.id)
    await session.execute(insert(Generation), _job_values(batch, rows, tags, account.tier, now))


def _require_within_tier(batch: Batch, tier: Tier, live_rows: int) -> None:
    if batch.rows_good > tier.batch_rows:
        raise TierLimitError(limit="batch_rows", maximum=tier.batch_rows)
    if live_rows + batch.rows_good > tier.batch_rows:
        raise TooManyInFlightError(in_flight=live_rows, limit=tier.batch_rows)


def _job_values(
    batch: Batch, rows: Sequence[BatchRow], tags: Sequence[datetime], tier: str, now: datetime
) -> list[dict[str, Any]]:
    return [
        {
            "id": row.id,
            "owner_id": batch.owner_id,
            "batch_id": batch.id,
            "idempotency_key": f"batch{KEY_MARK}{row.id}",
            "request_hash": hashlib.sha256(row.id.bytes).digest(),
            "kind": Kind.CARD.value,
            "spec": row.spec,
            "tier": tier,
            "batch_key": Kind.CARD.value,
            "price_credits": batch.unit_price_credits,
            "state": JobState.QUEUED,
            "fair_time": tag,
            "attempts": 0,
            "created_at": now,
        }
        for row, tag in zip(rows, tags, strict=True)
    ]
