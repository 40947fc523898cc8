"""Ask for a batch: check every row, price the good ones, keep the quote; start it at once if asked to."""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from billing import queries as credits
from billing.catalog import Catalog
from billing.errors import AccountClosedError
from core.ids import new_id
from generators.specs import Kind
from models.batch import ArchiveState, Batch, BatchRow, BatchState
from service.batches import queries as batches
from service.batches.errors import BatchEmptyError, TooManyQuotesError
from service.batches.table import SentRow
from service.flows.check_rows import CheckedRow, check_rows, photo_of, without_photos
from service.flows.start_batch import start_batch
from service.jobs.errors import IdempotencyKeyReusedError
from service.photos import queries as photos

QUOTE_LIFETIME: Final = timedelta(hours=24)
MAX_QUOTES: Final = 20  # of one user that wait to be started: each keeps up to MAX_ROWS rows


@dataclass(frozen=True, slots=True)
class BatchOrder:
    """What was sent. `template` has the fields of a card's spec that rows leave out."""

    template: Mapping[str, Any]
    rows: Sequence[SentRow]
    start: bool

    def digest(self) -> bytes:
        rows = [[row.line, dict(row.cells), row.problem] for row in self.rows]
        return hashlib.sha256(json.dumps([self.template, rows, self.start]).encode()).digest()


async def quote_batch(
    session: AsyncSession, catalog: Catalog, *, owner_id: UUID, key: str, order: BatchOrder, now: datetime
) -> tuple[Batch, bool]:
    """Keep a quote, and start it when the order says so.

    Returns: the batch, and whether it is an earlier one of the same key and order.
    Raises: IdempotencyKeyReusedError, TooManyQuotesError, AccountClosedError; with `start`, whatever
        `start_batch` raises: nothing may be kept then.
    """
    # In a thread: screening five hundred rows would hold up every other request for a tenth of a second.
    checked = await asyncio.to_thread(check_rows, order.template, order.rows)
    await _lock_owner(session, owner_id)
    earlier = await batches.find_by_key(session, owner_id, key)
    if earlier is not None:
        if earlier.request_hash != order.digest():
            raise IdempotencyKeyReusedError("This Idempotency-Key was used for a different request.")
        return earlier, True
    if await batches.count_quotes(session, owner_id, now) >= MAX_QUOTES:
        raise TooManyQuotesError(limit=MAX_QUOTES)
    checked = await _check_photos(session, owner_id, checked, now)
    batch = _quote(owner_id, key, order, checked, catalog, now)
    session.add(batch)
    await session.flush()
    await session.execute(insert(BatchRow), _row_values(batch.id, checked))
    if order.start:
        if not batch.rows_good:
            raise BatchEmptyError([{"line": row.line, **row.problems[0]} for row in checked if row.problems])
        batch, _ = await start_batch(session, catalog, batch.id, owner_id=owner_id, key=key, now=now)
    return batch, False


async def _lock_owner(session: AsyncSession, owner_id: UUID) -> None:
    """Two orders of one user take turns, so that a key or the last free quote is not used twice."""
    accounts = await credits.lock_accounts(session, [owner_id])
    if not accounts or accounts[0].closed_at is not None:
        raise AccountClosedError("This account is closed.")


async def _check_photos(
    session: AsyncSession, owner_id: UUID, checked: list[CheckedRow], now: datetime
) -> list[CheckedRow]:
    """Photos that rows name live on for longer than the quote does."""
    named = {photo_id for row in checked if (photo_id := photo_of(row)) is not None}
    if not named:
        return checked
    return without_photos(checked, await photos.use(session, owner_id, named, now=now))


def _quote(
    owner_id: UUID,
    key: str,
    order: BatchOrder,
    checked: Sequence[CheckedRow],
    catalog: Catalog,
    now: datetime,
) -> Batch:
    good = sum(row.spec is not None for row in checked)
    unit = catalog.prices[Kind.CARD.value]
    return Batch(
        id=new_id(),
        owner_id=owner_id,
        idempotency_key=key,
        request_hash=order.digest(),
        state=BatchState.QUOTED,
        template=dict(order.template),
        rows_total=len(checked),
        rows_good=good,
        unit_price_credits=unit,
        price_credits=unit * good,
        expires_at=now + QUOTE_LIFETIME,
        created_at=now,
        archive_state=ArchiveState.NONE,
        archive_attempts=0,
    )


def _row_values(batch_id: UUID, checked: Sequence[CheckedRow]) -> list[dict[str, Any]]:
    return [
        {
            "id": new_id(),
            "batch_id": batch_id,
            "position": position,
            "line": row.line,
            "spec": row.spec,
            "problems": row.problems,
        }
        for position, row in enumerate(checked, start=1)
    ]
