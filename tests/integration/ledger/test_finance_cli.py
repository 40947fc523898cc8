"""`huajian finance`, as an accountant types it."""

import asyncio
import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import structlog
from sqlalchemy import text
from typer.testing import CliRunner, Result

from billing.ledger import packs
from billing.ledger.templates import Money
from core.clock import utc_now
from core.database import Sessions
from core.settings import load_settings
from service.engines.endpoints import Endpoints
from service.main.cli import app
from tests.factories.credits import make_user, skip_month
from tests.fakes.clock import MovableClock
from tests.integration.ledger.books import balances
from tests.integration.ledger.test_packs import spend


@pytest.fixture(autouse=True)
def keep_this_process() -> Iterator[None]:
    """The command quiets the logs and reads settings, which are this process's."""
    load_settings()
    before = structlog.get_config()
    yield
    structlog.configure(**before)


class Cli:
    """Commands in this process, beside the loop that the fixtures live on."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment

    async def __call__(self, *arguments: object) -> Result:
        words = ["finance", *(str(one) for one in arguments)]
        return await asyncio.to_thread(CliRunner().invoke, app, words, env=self._environment)


@pytest.fixture
def cli(endpoints: Endpoints, tmp_path: Path) -> Cli:
    return Cli(
        {
            "HUAJIAN_DATABASE_URL": endpoints.database_url,
            "HUAJIAN_REDIS_URL": endpoints.redis_url,
            "HUAJIAN_DATA_DIR": str(tmp_path / "data"),
        }
    )


@pytest.fixture
async def sold_on(sessions: Sessions) -> date:
    """A pack sold forty days ago, two of its ten credits spent the day after."""
    clock = MovableClock(utc_now() - timedelta(days=40))
    async with sessions.begin() as session:
        user_id = await make_user(session)
        await skip_month(session, user_id, now=clock())
        await packs.sell(
            session,
            key="stripe:payment:pi_1",
            user_id=user_id,
            quantity=10,
            paid=Money("CNY", 1100, 100, "CN"),
            occurred_at=clock(),
            now=clock(),
            expires_at=None,
        )
        day = clock().date()
        clock.advance(days=1)
        await spend(session, user_id, 2, clock)
    return day


class TestTrialBalance:
    async def test_it_is_written_as_money(self, cli: Cli, sold_on: date) -> None:
        shown = await cli("trial-balance")
        assert shown.exit_code == 0
        assert [row.split() for row in shown.stdout.splitlines() if row] == [
            ["CNY", "debits", "credits", "balance"],
            ["1110", "Stripe", "clearing", "11.00", "0.00", "11.00"],
            ["2010", "Deferred:", "credits", "0.00", "10.00", "-10.00"],
            ["2040", "Tax", "payable", "CN", "0.00", "1.00", "-1.00"],
            ["0.00"],
        ]

    async def test_it_speaks_chinese_in_straight_columns(self, cli: Cli, sold_on: date) -> None:
        shown = (await cli("trial-balance", "--language", "zh")).stdout.splitlines()
        assert shown[2].split() == ["2010", "合同负债：点数", "0.00", "10.00", "-10.00"]
        assert {len(row.encode("gb18030")) for row in shown if row} == {96}

    async def test_it_knows_what_was_on_any_day(self, cli: Cli, sold_on: date) -> None:
        assert (await cli("trial-balance", "--through", sold_on - timedelta(days=1))).stdout == (
            "The books are empty.\n"
        )
        shown = await cli("trial-balance", "--through", sold_on, "--format", "csv")
        rows = list(csv.DictReader(io.StringIO(shown.stdout)))
        assert {row["account"]: row["balance_minor"] for row in rows} == {
            "1110": "1100",
            "2010": "-1000",
            "2040": "-100",
        }

    async def test_books_that_do_not_come_to_zero_are_status_1(
        self, cli: Cli, sessions: Sessions, sold_on: date
    ) -> None:
        async with sessions.begin() as session:
            await session.execute(text("ALTER TABLE ledger_entries DISABLE TRIGGER ALL"))
            await session.execute(
                text("UPDATE ledger_entries SET amount_minor = 1101 WHERE amount_minor = 1100")
            )
        shown = await cli("trial-balance")
        assert shown.exit_code == 1
        assert "do not come to zero" in shown.stderr


class TestRecognise:
    async def test_all_days_that_are_over_once(self, cli: Cli, sessions: Sessions, sold_on: date) -> None:
        first = await cli("recognise")
        assert first.stdout.startswith("40 days posted"), first.output
        assert (await cli("recognise")).stdout.startswith("0 days posted")
        async with sessions() as session:
            assert (await balances(session))["4010"] == -200

    async def test_today_is_not_over(self, cli: Cli) -> None:
        result = await cli("recognise", "--through", utc_now().date())
        assert result.exit_code == 2
        assert "not over" in result.stderr


class TestClose:
    async def test_it_posts_the_revenue_and_locks_the_month(
        self, cli: Cli, sessions: Sessions, sold_on: date
    ) -> None:
        result = await cli("close", f"{sold_on:%Y-%m}")
        assert result.exit_code == 0, result.output
        assert "Closed through" in result.stdout
        async with sessions() as session:
            assert await session.scalar(text("SELECT count(*) FROM ledger_closed_periods")) == 1

    async def test_this_month_stays_open(self, cli: Cli, sold_on: date) -> None:
        result = await cli("close", f"{utc_now():%Y-%m}")
        assert result.exit_code == 1
        assert "is not over yet" in result.stderr


class TestJournal:
    async def test_days_are_chosen_and_formats_too(self, cli: Cli, sold_on: date) -> None:
        none = await cli("journal", "--from", sold_on + timedelta(days=1))
        assert len(none.stdout.splitlines()) == 1
        rows = list(csv.DictReader(io.StringIO((await cli("journal", "--to", sold_on)).stdout)))
        assert [row["amount"] for row in rows] == ["11.00", "-1.00", "-10.00"]
        hledger = await cli("journal", "--format", "hledger")
        assert "    liabilities:2010 deferred credits  -10.00 CNY\n" in hledger.stdout
