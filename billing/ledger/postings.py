"""Writing to the books: once for each business object, balanced, in an open period.

`billing.ledger.templates` has the posting for each business fact; `billing.ledger.packs` and
`billing.ledger.memberships` post together with what they owe the customer, and are to be used for those.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing.ledger import queries
from billing.ledger.chart import CHART, Account
from billing.ledger.errors import AccountOverdrawnError, PostingConflictError, UnbalancedPostingError
from core.ids import new_id

MAX_KEY_CHARS: Final = 200
MAX_MEMO_CHARS: Final = 200
MAX_LINES: Final = 100
MAX_MINOR: Final = 10**15  # beyond any real amount; a slip of the units is caught before it is booked
CURRENCY: Final = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Line:
    """amount_minor: debit positive, credit negative, never 0."""

    account: Account
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Posting:
    """One business fact.

    key: names the business object, such as `stripe:payment:pi_…`; never the message that told of it.
    kind: the template's name. occurred_at: when it happened; the day of the books follows from it.
    memo: for finance to read; no personal data, because the books are never erased.
    """

    key: str
    kind: str
    lines: Sequence[Line]
    occurred_at: datetime
    memo: str = ""

    def require_sound(self) -> None:
        """Raises: UnbalancedPostingError."""
        if not 0 < len(self.key) <= MAX_KEY_CHARS or len(self.memo) > MAX_MEMO_CHARS:
            raise UnbalancedPostingError(f"{self.kind}: the key or memo is missing or too long")
        if not 2 <= len(self.lines) <= MAX_LINES:
            raise UnbalancedPostingError(f"{self.key}: {len(self.lines)} lines")
        totals: Counter[str] = Counter()
        for line in self.lines:
            if not 0 < abs(line.amount_minor) <= MAX_MINOR or not CURRENCY.fullmatch(line.account.currency):
                raise UnbalancedPostingError(f"{self.key}: {line} is no amount")
            totals[line.account.currency] += line.amount_minor
        if any(totals.values()):
            raise UnbalancedPostingError(f"{self.key}: the lines leave {dict(totals)}")


class Posted(NamedTuple):
    """is_new False: the key was posted before with the same lines, and nothing was written now."""

    transaction_id: UUID
    is_new: bool


async def post(session: AsyncSession, posting: Posting, *, now: datetime) -> Posted:
    """Write one posting inside the caller's transaction, once for each key.

    It lies in the books of the day it occurred on, in UTC; of today where that day was closed already.
    Accounts that must not be overdrawn are locked in id order; all others are only appended to.

    Raises:
        UnbalancedPostingError: it does not cancel out; nothing was written.
        PostingConflictError: the key was posted before with other lines.
        AccountOverdrawnError: a bounded account would owe less than nothing; roll back.
    """
    posting.require_sound()
    ids = await queries.open_accounts(session, [line.account for line in posting.lines])
    lines = [(ids[line.account], line) for line in posting.lines]
    today = now.astimezone(UTC).date()
    await queries.share_with_closing(session)
    transaction_id = await queries.insert_transaction(
        session,
        transaction_id=new_id(),
        key=posting.key,
        kind=posting.kind,
        memo=posting.memo,
        occurred_at=posting.occurred_at,
        occurred_on=min(posting.occurred_at.astimezone(UTC).date(), today),
        today=today,
    )
    if transaction_id is None:
        return await _first_with_its_key(session, posting.key, lines)
    bounded = sorted({account_id for account_id, line in lines if CHART[line.account.code].is_bounded})
    await queries.lock_accounts(session, bounded)
    await queries.insert_entries(
        session,
        transaction_id,
        [(account_id, line.account.currency, line.amount_minor) for account_id, line in lines],
    )
    for name in await queries.list_overdrawn(session, bounded):
        raise AccountOverdrawnError(f"{posting.key}: {name} would owe less than nothing")
    return Posted(transaction_id, is_new=True)


async def reverse(
    session: AsyncSession, key: str, *, of_key: str, occurred_at: datetime, now: datetime, memo: str = ""
) -> Posted:
    """Post the mirror image of an earlier posting, as for a refund or a transfer that failed.

    A reversal of `of_key` under two keys would be two facts: choose `key` from the business object.

    Raises: PostingConflictError: nothing was posted as `of_key`; and what `post` raises.
    """
    lines = [
        Line(Account(row.code, row.currency, row.subject), -row.amount_minor)
        for row in await queries.list_lines(session, of_key)
    ]
    if not lines:
        raise PostingConflictError(f"{key}: there is no {of_key} to reverse")
    return await post(session, Posting(key, "reversal", lines, occurred_at, memo or of_key), now=now)


async def _first_with_its_key(session: AsyncSession, key: str, lines: Sequence[tuple[int, Line]]) -> Posted:
    transaction_id, written = await queries.get_transaction(session, key)
    if Counter((account_id, line.amount_minor) for account_id, line in lines) != Counter(written):
        raise PostingConflictError(f"{key} was posted before with other lines")
    return Posted(transaction_id, is_new=False)
