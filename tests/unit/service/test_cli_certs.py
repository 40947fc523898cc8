"""`huajian certs`, and what the doctor and the keeper say of the certificate that signs."""

import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import structlog
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from core.clock import utc_now
from core.settings import Settings
from provenance.credentials.chains import Subject, issue, key_to_pem, make_authority, make_key, to_pem
from provenance.credentials.opening import open_signer
from service.main.commands.certs import app
from service.main.doctor.findings import Finding, Verdict
from service.main.doctor.provenance import examine_provenance
from service.wiring import Services
from service.workers.signer_chores import SignerChores

runner = CliRunner()
PRODUCTION = {"environment": "production", "auth": {"secret": "s" * 40}}


def run(*arguments: str) -> Result:
    return runner.invoke(app, list(arguments))


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("HUAJIAN_DATA_DIR", str(tmp_path))
    return tmp_path


def expiring(folder: Path, days: int) -> Settings:
    """Production whose certificate has that many days left, 366 at most."""
    now, key = utc_now(), make_key()
    began = now + timedelta(days=days - 360, minutes=10)
    authority = make_authority(Subject("CN", "Test", "Test root"), now=began)
    leaf = issue(authority, Subject("CN", "Example", "Huajian"), key.public_key(), now=began, days=360)
    (folder / "chain.pem").write_bytes(to_pem(leaf))
    (folder / "key.pem").write_bytes(key_to_pem(key))
    files = {"chain_file": folder / "chain.pem", "key_file": folder / "key.pem"}
    return Settings.model_validate({"data_dir": folder, **PRODUCTION, "provenance": files})


class TestMake:
    def test_what_it_makes_can_be_configured_as_it_says(
        self, place: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = run("make", "--out", str(place / "chain"), "--organisation", "Example Ltd")
        assert made.exit_code == 0, made.output
        assert {stat.S_IMODE(path.stat().st_mode) for path in (place / "chain").iterdir()} == {0o600}
        for line in made.stdout.splitlines():
            name, _, value = line.partition("=")
            monkeypatch.setenv(name, value)
        shown = run("show")
        assert (shown.exit_code, "warning" in shown.stdout) == (0, False)
        assert "CN=Huajian,O=Example Ltd,C=CN" in shown.stdout
        assert "364 days left" in shown.stdout

    @pytest.mark.parametrize(
        ("more", "why"),
        [
            (["--country", "China"], "country"),
            (["--days", "367"], "days"),
            (["--level", "3"], "level"),
        ],
    )
    def test_what_the_profile_forbids_is_refused(self, place: Path, more: list[str], why: str) -> None:
        result = run("make", "--out", str(place / "chain"), "--organisation", "x", *more)
        assert (result.exit_code, why in result.output) == (2, True)
        assert not (place / "chain").exists()

    def test_nothing_is_written_over(self, place: Path) -> None:
        result = run("make", "--out", str(place), "--organisation", "x")
        assert (result.exit_code, list(place.iterdir())) == (2, [])


class TestShow:
    def test_a_fresh_installation_has_none_yet_and_gets_none(self, place: Path) -> None:
        assert "made when the service starts" in run("show").stdout
        assert list(place.iterdir()) == []

    def test_a_development_authority_is_called_so(self, place: Path) -> None:
        open_signer(Settings(data_dir=place), now=utc_now())
        shown = run("show").stdout
        assert "Huajian Development CA - not trusted" in shown and "nobody trusts" in shown

    def test_production_without_one_fails(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HUAJIAN_ENVIRONMENT", "production")
        shown = run("show")
        assert (shown.exit_code, "CHAIN_FILE" in shown.stderr) == (1, True)


class TestDoctor:
    def test_development_works_and_is_told_what_is_missing(self, tmp_path: Path) -> None:
        found = examine_provenance(Settings(data_dir=tmp_path))
        assert {one.verdict for one in found} == {Verdict.NOTE}
        assert all(one.advice for one in found)
        assert list(tmp_path.iterdir()) == []

    def test_production_without_a_certificate_is_broken(self, tmp_path: Path) -> None:
        finding = signing(Settings.model_validate({"data_dir": tmp_path, **PRODUCTION}))
        assert (finding.verdict, "exports are refused" in finding.says) == (Verdict.BROKEN, True)

    @pytest.mark.parametrize(
        ("days", "verdict"), [(200, Verdict.OK), (20, Verdict.NOTE), (-2, Verdict.BROKEN)]
    )
    def test_a_certificate_is_judged_by_its_days(self, tmp_path: Path, days: int, verdict: Verdict) -> None:
        finding = signing(expiring(tmp_path, days))
        assert (finding.verdict, f"{days} days left" in finding.says) == (verdict, True)


class TestKeeper:
    @pytest.fixture(autouse=True)
    def plain_logs(self) -> Iterator[None]:
        structlog.reset_defaults()
        yield

    @pytest.mark.parametrize(("days", "events"), [(40, []), (29, ["keeper.signer_expires"])])
    async def test_it_warns_thirty_days_before_the_end(
        self, tmp_path: Path, days: int, events: list[str]
    ) -> None:
        assert await said_by_keeper(expiring(tmp_path, days)) == events

    async def test_it_warns_where_nothing_can_be_signed(self, tmp_path: Path) -> None:
        production = Settings.model_validate({"data_dir": tmp_path, **PRODUCTION})
        assert await said_by_keeper(production) == ["keeper.signer_missing"]


def signing(settings: Settings) -> Finding:
    return next(one for one in examine_provenance(settings) if one.name == "Signing")


async def said_by_keeper(settings: Settings) -> list[Any]:
    (chore,) = SignerChores(cast(Services, SimpleNamespace(settings=settings))).all()
    with capture_logs() as said:
        assert await chore.act() is False
    return [one["event"] for one in said]
