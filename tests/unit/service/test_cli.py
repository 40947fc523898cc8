"""The command line as a whole: what it lists, and how it refuses."""

import importlib
from collections.abc import Iterator

import pytest
import structlog
from typer.main import get_command
from typer.testing import CliRunner

from service.main.cli import ENTRIES, Entry, app
from service.main.commands.serve import own_url

runner = CliRunner()


@pytest.fixture(autouse=True)
def keep_log_settings() -> Iterator[None]:
    """Commands set up logs for a process of their own; this one belongs to all tests."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: str(entry.noun))
class TestEntries:
    def test_the_list_says_what_the_command_says(self, entry: Entry) -> None:
        command = get_command(importlib.import_module(f"service.main.commands.{entry.noun}").app)
        assert command.help is not None
        assert command.help.splitlines()[0] == entry.help

    def test_every_command_is_listed_and_explains_itself(self, entry: Entry) -> None:
        listed = runner.invoke(app, ["--help"])
        explained = runner.invoke(app, [entry.noun, "--help"])
        assert f" {entry.noun} " in listed.output
        assert explained.exit_code == 0
        assert entry.help.split(",")[0].split(";")[0][:60] in explained.output


class TestRefusals:
    def test_a_misspelt_command_is_guessed(self) -> None:
        result = runner.invoke(app, ["docter"])
        assert result.exit_code == 2
        assert "Did you mean 'doctor'?" in result.output

    def test_the_version_is_told(self) -> None:
        assert runner.invoke(app, ["--version"]).output.startswith("huajian ")

    def test_wrong_variables_are_all_named_and_their_values_are_not(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HUAJIAN_JOBS__LEASE_SECONDS", "hunter2")
        monkeypatch.setenv("HUAJIAN_LOG_FORMAT", "hunter2")
        result = runner.invoke(app, ["invariants"])
        assert result.exit_code == 2
        assert "HUAJIAN_JOBS__LEASE_SECONDS" in result.output
        assert "HUAJIAN_LOG_FORMAT" in result.output
        assert "hunter2" not in result.output

    @pytest.mark.parametrize(
        ("variable", "value"),
        [("DATABASE_URL", "mysql://root:hunter2@db/x"), ("REDIS_URL", "http://:hunter2@cache/")],
    )
    def test_an_address_of_the_wrong_kind_is_refused_before_it_is_used(
        self, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
    ) -> None:
        monkeypatch.setenv(f"HUAJIAN_{variable}", value)
        result = runner.invoke(app, ["migrate"])
        assert result.exit_code == 2
        assert f"HUAJIAN_{variable}" in result.output
        assert "hunter2" not in result.output

    def test_an_unknown_revision_is_refused_before_anything_starts(self) -> None:
        result = runner.invoke(app, ["migrate", "9999"])
        assert result.exit_code == 2
        assert "REVISION" in result.output

    @pytest.mark.parametrize(
        "arguments",
        [
            ["tier", "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f", "platinum"],
            ["grant", "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f", "0"],
            ["grant", "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f", "1000001"],
            ["grant", "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f", "1", "--days", "0"],
            ["grant", "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f", "1", "--key", " "],
            ["grant", "not-an-id", "1"],
        ],
    )
    def test_chores_refuse_what_makes_no_sense(self, arguments: list[str]) -> None:
        assert runner.invoke(app, ["user", *arguments]).exit_code == 2


@pytest.mark.parametrize(
    ("host", "port", "url"),
    [
        ("127.0.0.1", 8123, "http://127.0.0.1:8123"),
        ("0.0.0.0", 80, "http://127.0.0.1:80"),  # noqa: S104 - what an operator may give
        ("::", 8123, "http://[::1]:8123"),
        ("::1", 8123, "http://[::1]:8123"),
        ("localhost", 8123, "http://localhost:8123"),
        ("127.0.0.1", 0, None),
    ],
)
def test_a_server_knows_where_it_can_be_found(host: str, port: int, url: str | None) -> None:
    assert own_url(host, port) == url
