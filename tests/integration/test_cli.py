"""The command line against a real Postgres and Redis."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import structlog
from sqlalchemy import make_url, text
from typer.testing import CliRunner, Result

from core.clock import utc_now
from core.database import Sessions
from core.settings import load_settings
from service.engines.endpoints import Endpoints
from service.main.cli import app
from service.main.commands.migrate import list_revisions
from tests.factories.credits import give, make_user

NEWEST = list_revisions()[-1]
NOTHING = f"{NEWEST} -> {NEWEST} (nothing to do)\n"


@pytest.fixture(autouse=True)
def keep_this_process() -> Iterator[None]:
    """Commands set up logs and read settings for a process of their own; this one belongs to all tests."""
    load_settings()  # read once in a process: not while a test has a data folder of its own
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture
def environment(endpoints: Endpoints, tmp_path: Path) -> dict[str, str]:
    return {
        "HUAJIAN_DATABASE_URL": endpoints.database_url,
        "HUAJIAN_REDIS_URL": endpoints.redis_url,
        "HUAJIAN_DATA_DIR": str(tmp_path / "data"),
    }


class Cli:
    """Commands in this process, beside the loop that the fixtures live on."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment

    async def __call__(self, *arguments: object, typed: str | None = None) -> Result:
        return await asyncio.to_thread(
            CliRunner().invoke, app, [str(one) for one in arguments], env=self._environment, input=typed
        )


@pytest.fixture
def cli(environment: dict[str, str]) -> Cli:
    return Cli(environment)


async def user_with(sessions: Sessions, credits_: int) -> UUID:
    async with sessions.begin() as session:
        user_id = await make_user(session)
        await give(session, user_id, credits_, now=utc_now())
    return user_id


class TestMigrate:
    async def test_it_goes_back_and_forth_and_says_so(self, cli: Cli) -> None:
        assert (await cli("migrate")).stdout == NOTHING
        assert (await cli("migrate", "base", "--yes")).stdout == f"{NEWEST} -> empty\n"
        assert (await cli("migrate")).stdout == f"empty -> {NEWEST}\n"

    async def test_going_back_asks_first(self, cli: Cli) -> None:
        refused = await cli("migrate", "base", typed="n\n")
        assert refused.exit_code == 1
        assert "loses data" in refused.stderr
        assert (await cli("migrate")).stdout == NOTHING

    async def test_a_schema_of_a_newer_release_is_left_alone(self, cli: Cli, sessions: Sessions) -> None:
        async with sessions.begin() as session:
            await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        result = await cli("migrate")
        assert result.exit_code == 1
        assert "9999" in result.stderr

    async def test_a_locked_table_is_no_traceback(self, cli: Cli, sessions: Sessions) -> None:
        async with sessions() as session:
            await session.execute(text("LOCK TABLE users IN ACCESS SHARE MODE"))
            result = await cli("migrate", "base", "--yes")
        assert result.exit_code == 1
        assert "Nothing was changed" in result.stderr
        assert (await cli("migrate")).stdout == NOTHING


class TestUser:
    async def test_a_grant_is_in_the_books_once_per_key(self, cli: Cli, sessions: Sessions) -> None:
        user_id = await user_with(sessions, 2)
        first = await cli("user", "grant", user_id, 5, "--days", 30, "--key", "ticket-81")
        again = await cli("user", "grant", user_id, 5, "--days", 30, "--key", "ticket-81")
        assert first.exit_code == 0
        assert "5 granted, key ticket-81. Available: 10," in first.stdout  # with the month's free 3
        assert again.exit_code == 1
        assert "before" in again.stderr
        async with sessions() as session:
            rows = await session.execute(
                text("SELECT source, quantity, expires_at IS NULL FROM credit_lots WHERE source_key = :key"),
                {"key": "operator:ticket-81"},
            )
            assert rows.all() == [("goodwill", 5, False)]
        assert (await cli("invariants")).exit_code == 0

    async def test_without_a_key_every_grant_counts(self, cli: Cli, sessions: Sessions) -> None:
        user_id = await user_with(sessions, 2)
        await cli("user", "grant", user_id, 1)
        assert "Available: 7," in (await cli("user", "grant", user_id, 1)).stdout

    async def test_up_at_once_and_down_at_the_end_of_the_period(self, cli: Cli, sessions: Sessions) -> None:
        user_id = await user_with(sessions, 2)
        up = await cli("user", "tier", user_id, "gold")
        down = await cli("user", "tier", user_id, "silver")
        assert "gold now. Available: 32," in up.stdout  # 2 given and the month's 30
        assert "gold until" in down.stdout
        assert "then silver" in down.stdout

    async def test_nobody_is_told_apart_from_a_closed_account(self, cli: Cli, sessions: Sessions) -> None:
        user_id = await user_with(sessions, 2)
        async with sessions.begin() as session:
            await session.execute(text("UPDATE credit_accounts SET closed_at = now()"))
        assert "is closed" in (await cli("user", "grant", user_id, 1)).stderr
        assert "There is no user" in (await cli("user", "tier", uuid4(), "gold")).stderr


class TestInvariants:
    async def test_good_books_are_proved(self, cli: Cli, sessions: Sessions) -> None:
        await user_with(sessions, 2)
        result = await cli("invariants")
        assert result.exit_code == 0
        assert "✓ lot_equals_journal" in result.stdout

    async def test_a_lost_credit_is_found_and_shown(self, cli: Cli, sessions: Sessions) -> None:
        user_id = await user_with(sessions, 2)
        async with sessions.begin() as session:
            await session.execute(
                text("UPDATE credit_lots SET remaining = 1 WHERE user_id = :id"), {"id": user_id}
            )
        result = await cli("invariants")
        assert result.exit_code == 1
        assert "✗ lot_equals_journal: 1 rows" in result.stdout
        assert '"journal": 2' in result.stdout

    async def test_an_old_schema_is_told_not_guessed_at(self, cli: Cli) -> None:
        await cli("migrate", "base", "--yes")
        result = await cli("invariants")
        assert result.exit_code == 1
        assert "huajian migrate" in result.stderr


class TestDoctor:
    async def test_it_sees_the_servers_and_the_schema(self, cli: Cli) -> None:
        result = await cli("doctor", "--json")
        facts = json.loads(result.stdout)
        engines = {one["name"]: one for one in facts["sections"][1]["findings"]}
        assert engines["Postgres"]["verdict"] == "ok"
        assert engines["Schema"]["says"] == f"revision {NEWEST}, the newest"
        assert engines["Redis"]["verdict"] == "ok"
        assert engines["Workers"]["verdict"] == "note"
        assert (result.exit_code == 0) is facts["ok"] is True

    async def test_its_status_is_1_when_something_needed_is_missing(
        self, environment: dict[str, str]
    ) -> None:
        result = await Cli({**environment, "HUAJIAN_ENVIRONMENT": "production"})("doctor")
        assert result.exit_code == 1
        assert "✗ Secret: missing" in result.stdout

    async def test_an_empty_database_is_a_note(self, cli: Cli) -> None:
        await cli("migrate", "base", "--yes")
        result = await cli("doctor")
        assert result.exit_code == 0
        assert "! Schema: empty" in result.stdout

    async def test_a_role_that_may_make_nothing_temporary_is_found(
        self, cli: Cli, environment: dict[str, str], sessions: Sessions
    ) -> None:
        """Helps are written by a function of the session (`core.provisional`)."""
        url = make_url(environment["HUAJIAN_DATABASE_URL"])
        async with sessions.begin() as session:
            await session.execute(text("CREATE ROLE lodger LOGIN"))
            await session.execute(text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO lodger"))
            await session.execute(text(f"REVOKE TEMPORARY ON DATABASE {url.database} FROM PUBLIC"))
        try:
            lodging = url.set(username="lodger").render_as_string(hide_password=False)
            result = await Cli({**environment, "HUAJIAN_DATABASE_URL": lodging})("doctor")
            assert result.exit_code == 1
            assert "✗ Rights" in result.stdout
            assert "GRANT TEMPORARY" in result.stdout
        finally:
            async with sessions.begin() as session:
                await session.execute(text("DROP OWNED BY lodger"))
                await session.execute(text("DROP ROLE lodger"))

    def test_it_wakes_embedded_engines_only_when_told_and_lets_them_sleep_again(self, tmp_path: Path) -> None:
        quiet, woken, after = (
            CliRunner().invoke(app, ["doctor", *more], env={"HUAJIAN_DATA_DIR": str(tmp_path / "data")})
            for more in ([], ["--start"], [])
        )
        assert "Postgres: embedded, asleep" in quiet.stdout
        assert "Postgres: embedded, version 18" in woken.stdout
        assert "Postgres: embedded, asleep" in after.stdout
        assert woken.exit_code == 0
