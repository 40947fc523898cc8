"""The books as other programs read them: CSV for a spreadsheet, a journal for hledger.

Source: https://hledger.org/hledger.html#journal
"""

import csv
import io
from collections.abc import AsyncIterator, Iterable
from datetime import UTC
from decimal import Decimal
from typing import Final

from babel.numbers import get_currency_precision

from billing.ledger.chart import CHART, account_name
from billing.ledger.reports import JournalLine, TrialLine

JOURNAL_COLUMNS: Final = (
    "number",
    "transaction_id",
    "posted_on",
    "occurred_at",
    "kind",
    "business_key",
    "memo",
    "account",
    "account_name",
    "subject",
    "currency",
    "amount_minor",
    "amount",
)
TRIAL_COLUMNS: Final = (
    "account",
    "account_name",
    "subject",
    "currency",
    "debit",
    "credit",
    "balance",
    "balance_minor",
)
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def amount(minor: int, currency: str) -> Decimal:
    """Minor units as the currency writes them: 12345 is 123.45 yuan, and 12345 yen.

    Source: ISO 4217, as in CLDR.
    """
    return Decimal(minor).scaleb(-get_currency_precision(currency))


async def journal_csv(lines: AsyncIterator[JournalLine], *, language: str = "en") -> AsyncIterator[str]:
    """One row for each entry, debits positive, under one header."""
    yield _row(JOURNAL_COLUMNS)
    async for line in lines:
        account = line.account
        yield _row(
            (
                line.number,
                line.transaction_id,
                line.posted_on,
                line.occurred_at.astimezone(UTC).isoformat(),
                line.kind,
                _plain(line.business_key),
                _plain(line.memo),
                account.code.value,
                CHART[account.code].name(language),
                _plain(account.subject),
                account.currency,
                line.amount_minor,
                amount(line.amount_minor, account.currency),
            )
        )


def trial_csv(lines: Iterable[TrialLine], *, language: str = "en") -> str:
    """One row for each account, under one header."""
    rows = [_row(TRIAL_COLUMNS)]
    for line in lines:
        code, currency, subject = line.account
        rows.append(
            _row(
                (
                    code.value,
                    CHART[code].name(language),
                    _plain(subject),
                    currency,
                    amount(line.debit_minor, currency),
                    amount(line.credit_minor, currency),
                    amount(line.balance_minor, currency),
                    line.balance_minor,
                )
            )
        )
    return "".join(rows)


async def journal_hledger(lines: AsyncIterator[JournalLine]) -> AsyncIterator[str]:
    """A journal that hledger balances again by itself: no amount is left to be inferred."""
    yield "decimal-mark .\n"
    declared: set[str] = set()
    transaction: list[JournalLine] = []
    async for line in lines:
        if transaction and transaction[0].transaction_id != line.transaction_id:
            yield _hledger_transaction(transaction, declared)
            transaction = []
        transaction.append(line)
    if transaction:
        yield _hledger_transaction(transaction, declared)


def _hledger_transaction(lines: list[JournalLine], declared: set[str]) -> str:
    head = lines[0]
    memo = f"  ; {_one_line(head.memo)}" if head.memo else ""
    text = [
        *_declarations(lines, declared),
        f"\n{head.posted_on} * ({head.transaction_id}) {head.kind} | {_one_line(head.business_key)}{memo}",
    ]
    for line in lines:
        code, currency, subject = line.account
        name = account_name(code, _one_line(subject))
        text.append(f"    {name}  {amount(line.amount_minor, currency)} {currency}")
    return "\n".join(text) + "\n"


def _declarations(lines: list[JournalLine], declared: set[str]) -> list[str]:
    """How each currency is written, before its first use."""
    fresh = sorted({line.account.currency for line in lines} - declared)
    declared.update(fresh)
    return [f"\ncommodity {_with_point(amount(0, currency) + 1000)} {currency}" for currency in fresh]


def _with_point(number: Decimal) -> str:
    """hledger wants to see the decimal mark in a commodity's sample, also where no decimals follow."""
    return f"{number}" if "." in f"{number}" else f"{number}."


def _one_line(text: str) -> str:
    """Text that cannot end its line, begin a comment or split an account's name in an hledger journal."""
    return " ".join("".join(c if c.isprintable() and c not in ";|" else " " for c in text).split())


def _plain(text: str) -> str:
    """Text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _row(values: Iterable[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(values)
    return buffer.getvalue()
