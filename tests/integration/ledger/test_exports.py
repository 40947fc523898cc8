"""The books leave as files that other programs read, and add up to the same."""

import asyncio
import csv
import io
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from uuid import UUID

import pytest

from billing.ledger import exports
from billing.ledger.chart import Account, account_name
from billing.ledger.reports import JournalLine, TrialLine, stream_journal, trial_balance
from core.database import Sessions
from models.ledger import AccountCode as Code
from tests.factories.money_walk import CURRENCIES, MoneyWalk
from tests.integration.ledger.books import balances

EVER = (date(2000, 1, 1), date(2100, 1, 1))
NOW = datetime(2026, 11, 11, 8, tzinfo=UTC)


def line(**changes: object) -> JournalLine:
    facts: dict[str, object] = {
        "number": 1,
        "transaction_id": UUID(int=7),
        "posted_on": NOW.date(),
        "occurred_at": NOW,
        "kind": "test",
        "business_key": "stripe:payment:pi_1",
        "memo": "",
        "account": Account(Code.BANK, "CNY"),
        "amount_minor": 12345,
        **changes,
    }
    return JournalLine(**facts)  # type: ignore[arg-type]


async def stream(*lines: JournalLine) -> AsyncIterator[JournalLine]:
    for each in lines:
        yield each


async def text_of(pieces: AsyncIterator[str]) -> str:
    return "".join([piece async for piece in pieces])


def hledger(path: Path, *arguments: str) -> str:
    """What it prints. Raises: CalledProcessError: it found something wrong."""
    done = subprocess.run(["hledger", "-f", path, *arguments], check=True, capture_output=True, text=True)
    return done.stdout


@pytest.fixture
async def walked(sessions: Sessions) -> MoneyWalk:
    """Books with some of everything."""
    walk = MoneyWalk(sessions, Random(7))
    await walk.begin()
    for _ in range(80):
        await walk.step(walk.random.randrange(24))
    return walk


class TestCsv:
    async def test_the_journal_adds_up_to_the_balances(self, sessions: Sessions, walked: MoneyWalk) -> None:
        async with sessions() as session:
            lines = stream_journal(session, since=EVER[0], through=EVER[1])
            rows = list(csv.DictReader(io.StringIO(await text_of(exports.journal_csv(lines)))))
            for currency in CURRENCIES:
                sums: dict[str, int] = {}
                for row in rows:
                    if row["currency"] == currency:
                        name = f"{row['account']} {row['subject']}".strip()
                        sums[name] = sums.get(name, 0) + int(row["amount_minor"])
                assert {name: total for name, total in sums.items() if total} == await balances(
                    session, currency
                )

    async def test_the_trial_balance_is_of_any_day(self, sessions: Sessions, walked: MoneyWalk) -> None:
        async with sessions() as session:
            now = await trial_balance(session)
            before = await trial_balance(session, through=date(2026, 11, 10))
            assert before == []
            assert now == await trial_balance(session, through=walked.clock().date())
            rows = list(csv.DictReader(io.StringIO(exports.trial_csv(now))))
            assert sum(Decimal(row["balance"]) for row in rows if row["currency"] == "CNY") == 0

    async def test_no_cell_is_a_formula(self) -> None:
        written = await text_of(
            exports.journal_csv(stream(line(memo='=HYPERLINK("x")', business_key="@x", amount_minor=-5)))
        )
        (row,) = csv.DictReader(io.StringIO(written))
        assert (row["memo"], row["business_key"], row["amount"]) == ('\'=HYPERLINK("x")', "'@x", "-0.05")

    def test_minor_units_are_each_currencys_own(self) -> None:
        trial = [TrialLine(Account(Code.BANK, currency), 12345, 45) for currency in ("CNY", "JPY", "KWD")]
        rows = list(csv.DictReader(io.StringIO(exports.trial_csv(trial))))
        assert [row["balance"] for row in rows] == ["123.00", "12300", "12.300"]


class TestHledger:
    async def test_no_text_leaves_its_place(self) -> None:
        written = await text_of(
            exports.journal_hledger(
                stream(
                    line(memo="a\n2026-01-01 * forged\n  assets:x  5 CNY", business_key="b ; c | d"),
                    line(amount_minor=-12345, account=Account(Code.TAX_PAYABLE, "CNY", "C  N\n")),
                )
            )
        )
        assert written.splitlines() == [
            "decimal-mark .",
            "",
            "commodity 1000.00 CNY",
            "",
            "2026-11-11 * (00000000-0000-0000-0000-000000000007) test | b c d"
            "  ; a 2026-01-01 * forged assets:x 5 CNY",
            "    assets:1010 bank  123.45 CNY",
            "    liabilities:2040 tax payable:C N  -123.45 CNY",
        ]

    async def test_an_accountants_program_adds_up_the_same(
        self, sessions: Sessions, walked: MoneyWalk, tmp_path: Path
    ) -> None:
        async with sessions() as session:
            lines = stream_journal(session, since=EVER[0], through=EVER[1])
            path = tmp_path / "books.journal"
            path.write_text(await text_of(exports.journal_hledger(lines)), "utf-8")
            trial = await trial_balance(session)
        await asyncio.to_thread(hledger, path, "check", "ordereddates", "commodities")
        for currency in CURRENCIES:
            found = await asyncio.to_thread(
                hledger, path, "balance", f"cur:{currency}", "--flat", "-O", "csv"
            )
            rows = {row[0]: row[1] for row in csv.reader(io.StringIO(found))}
            expected = {
                account_name(each.account.code, each.account.subject): exports.amount(
                    each.balance_minor, currency
                )
                for each in trial
                if each.account.currency == currency and each.balance_minor
            }
            assert expected
            assert {name: Decimal(rows[name].split()[0].replace(",", "")) for name in expected} == expected
            assert rows.keys() == {"account", *expected, "total"} - ({"total"} - rows.keys())
            assert rows["total"] == "0"
