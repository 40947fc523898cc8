"""What the doctor says of a healthy, an unfinished and a broken installation."""

import importlib
import json
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from core.settings import (
    AuthSettings,
    Environment,
    MailSettings,
    ModerationSettings,
    Settings,
    StorageSettings,
)
from generators.contracts import Failure, FailureReason
from service.jobs.products import Made, Order, Rejection
from service.main.commands.doctor import to_json, to_text
from service.main.doctor import examination, python
from service.main.doctor.backends import SAMPLES, examine_backends
from service.main.doctor.engines import describe_schema, describe_version, examine_engines
from service.main.doctor.findings import Finding, Section, Verdict, broken, note, ok, without_secrets
from service.main.doctor.fonts import examine_fonts
from service.main.doctor.python import examine_python
from service.main.doctor.storage import examine_storage
from service.main.doctor.surroundings import examine_surroundings
from tests.factories.ports import free_port
from tests.fakes.producer import ScriptedProducer


class Failing(ScriptedProducer):
    """Makes nothing: cards break, lyrics are refused, and there is no backend for images."""

    def offers(self) -> dict[str, int]:
        return {"card": 1, "lyrics": 1}

    def finish(self, order: Order, draft: Made) -> Made:
        if order.kind == "lyrics":
            return Rejection("violence")
        return Failure(FailureReason.INTERNAL, "Traceback…\nOSError: no font")


def make_failing() -> Failing:
    return Failing()


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def is_empty(folder: Path) -> bool:
    return not any(folder.iterdir())


class TestSurroundings:
    async def test_development_needs_nothing(self, tmp_path: Path) -> None:
        found = await examine_surroundings(Settings(data_dir=tmp_path))
        assert {finding.verdict for finding in found} == {Verdict.OK, Verdict.NOTE}
        assert all(finding.advice for finding in found if finding.verdict is Verdict.NOTE)

    async def test_production_needs_a_secret(self, tmp_path: Path) -> None:
        settings = Settings(data_dir=tmp_path, environment=Environment.PRODUCTION)
        secret = by_name(await examine_surroundings(settings))["Secret"]
        assert secret.verdict is Verdict.BROKEN
        assert "HUAJIAN_AUTH__SECRET" in str(secret.advice)

    @pytest.mark.parametrize(("secret", "verdict"), [("s" * 31, Verdict.BROKEN), ("s" * 32, Verdict.OK)])
    async def test_a_secret_is_judged_by_its_length_and_never_shown(
        self, tmp_path: Path, secret: str, verdict: Verdict
    ) -> None:
        settings = Settings(data_dir=tmp_path, auth=AuthSettings(secret=SecretStr(secret)))
        found = by_name(await examine_surroundings(settings))["Secret"]
        assert found.verdict is verdict
        assert secret not in to_json([Section("x", [found])])

    async def test_mail_that_nobody_answers_is_broken(self, tmp_path: Path) -> None:
        mail = MailSettings(smtp_host="127.0.0.1", smtp_port=free_port())
        found = by_name(await examine_surroundings(Settings(data_dir=tmp_path, mail=mail)))["Mail"]
        assert found.verdict is Verdict.BROKEN

    async def test_a_mail_user_needs_a_password(self, tmp_path: Path) -> None:
        mail = MailSettings(smtp_host="127.0.0.1", smtp_user="huajian")
        found = by_name(await examine_surroundings(Settings(data_dir=tmp_path, mail=mail)))["Mail"]
        assert "SMTP_PASSWORD" in str(found.advice)

    async def test_terms_that_cannot_be_read_are_broken(self, tmp_path: Path) -> None:
        moderation = ModerationSettings(lexicon_paths=(tmp_path / "missing.tsv",))
        found = by_name(await examine_surroundings(Settings(data_dir=tmp_path, moderation=moderation)))
        assert found["Terms"].verdict is Verdict.BROKEN
        assert "missing.tsv" in found["Terms"].says

    async def test_trusting_every_proxy_is_worth_a_word(self, tmp_path: Path) -> None:
        found = by_name(await examine_surroundings(Settings(data_dir=tmp_path, trusted_proxies="*")))
        assert found["Proxies"].verdict is Verdict.NOTE

    async def test_plain_http_is_noticed_in_production(self, tmp_path: Path) -> None:
        settings = Settings(
            data_dir=tmp_path, environment=Environment.PRODUCTION, public_url="http://cards.net"
        )
        found = by_name(await examine_surroundings(settings))
        assert found["Public address"].verdict is Verdict.NOTE


class TestStorage:
    async def test_a_folder_that_is_not_there_yet_is_fine_and_not_made(self, tmp_path: Path) -> None:
        found = await examine_storage(Settings(data_dir=tmp_path / "new" / "data"))
        assert "not made yet" in by_name(found)["Data folder"].says
        assert is_empty(tmp_path)

    async def test_a_place_that_cannot_be_a_folder_is_broken(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"")
        found = await examine_storage(Settings(data_dir=tmp_path / "file" / "data"))
        assert by_name(found)["Data folder"].verdict is Verdict.BROKEN

    async def test_a_store_of_an_unknown_kind_is_broken(self, tmp_path: Path) -> None:
        settings = Settings(data_dir=tmp_path, storage=StorageSettings(url="ftp://me:hunter2@files/x"))
        found = by_name(await examine_storage(settings))["Files of works"]
        assert found.verdict is Verdict.BROKEN
        assert "hunter2" not in found.says

    async def test_a_store_that_answers_is_fine(self, tmp_path: Path) -> None:
        settings = Settings(data_dir=tmp_path, storage=StorageSettings(url=tmp_path.as_uri()))
        assert by_name(await examine_storage(settings))["Files of works"].verdict is Verdict.OK


class TestEngines:
    async def test_a_fresh_folder_stays_untouched(self, tmp_path: Path) -> None:
        found = by_name(await examine_engines(Settings(data_dir=tmp_path / "data")))
        assert {name: finding.verdict for name, finding in found.items()} == {
            "Postgres": Verdict.NOTE,
            "Redis": Verdict.NOTE,
        }
        assert is_empty(tmp_path)

    async def test_configured_servers_that_do_not_answer_are_broken(self, tmp_path: Path) -> None:
        port = free_port()
        settings = Settings(
            data_dir=tmp_path,
            database_url=f"postgresql://me:hunter2@127.0.0.1:{port}/x",
            redis_url=f"redis://:hunter2@127.0.0.1:{port}/0",
        )
        found = await examine_engines(settings)
        assert [finding.verdict for finding in found] == [Verdict.BROKEN, Verdict.BROKEN]
        assert "hunter2" not in to_json([Section("x", found)])

    @pytest.mark.parametrize(
        ("version", "verdict"),
        [("18.4", Verdict.OK), ("15.0", Verdict.OK), ("14.12 (Debian 14.12-1)", Verdict.BROKEN)],
    )
    def test_old_servers_are_refused(self, version: str, verdict: Verdict) -> None:
        assert describe_version("x", version).verdict is verdict

    @pytest.mark.parametrize(
        ("current", "verdict"),
        [("0002", Verdict.OK), ("0001", Verdict.NOTE), (None, Verdict.NOTE), ("0003", Verdict.BROKEN)],
    )
    def test_the_schema_must_not_be_newer_than_the_release(
        self, current: str | None, verdict: Verdict
    ) -> None:
        assert describe_schema(current, "0002").verdict is verdict


class TestMaking:
    def test_every_kind_is_made_once(self) -> None:
        found = by_name(examine_backends("tests.fakes.producer:make_producer"))
        assert set(found) == {str(kind) for kind in SAMPLES}
        assert all(finding.verdict is Verdict.OK for finding in found.values())
        assert "scripted" in found["card"].says

    def test_what_cannot_be_made_is_broken_and_says_why(self) -> None:
        found = by_name(examine_backends(f"{__name__}:make_failing"))
        assert all(finding.verdict is Verdict.BROKEN for finding in found.values())
        assert "OSError: no font" in found["card"].says
        assert "no backend" in found["image"].says

    def test_backends_that_do_not_load_are_broken(self) -> None:
        (found,) = examine_backends("tests.fakes.producer:nothing_there")
        assert found.verdict is Verdict.BROKEN
        assert "AttributeError" in found.says

    def test_missing_fonts_are_one_note_with_the_remedy(self, tmp_path: Path) -> None:
        found = examine_fonts(tmp_path)
        notes = [finding for finding in found if finding.verdict is Verdict.NOTE]
        assert len(notes) == 1
        assert "LXGW WenKai" in notes[0].says
        assert "generators.fonts.fetch" in str(notes[0].advice)
        assert any(finding.name == "Noto Sans SC" for finding in found if finding.verdict is Verdict.OK)

    def test_a_library_that_does_not_load_is_broken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert {finding.verdict for finding in examine_python()} == {Verdict.OK}
        monkeypatch.setitem(python.NATIVE, "skia-python", ("skia_that_is_missing", "apt-get install libgl1"))
        found = by_name(examine_python())["skia-python"]
        assert (found.verdict, found.advice) == (Verdict.BROKEN, "apt-get install libgl1")

    async def test_a_missing_package_is_told_by_name_and_ends_the_examination(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        importlib.import_module(examination.REST)
        for module in (examination.REST, "service.main.doctor.engines"):
            monkeypatch.delitem(sys.modules, module)
        monkeypatch.setitem(sys.modules, "redis.asyncio", None)
        sections = await examination.examine(Settings(data_dir=tmp_path))
        assert [section.name for section in sections] == ["Python", "Installation"]
        (found,) = sections[1].findings
        assert (found.verdict, found.advice) == (Verdict.BROKEN, "make setup")
        assert "redis" in found.says


class TestReport:
    SECTIONS = (
        Section("Python", [ok("Python", "3.12")]),
        Section("Engines", [note("Redis", "asleep", "wake it"), broken("Postgres", "gone", "bring it back")]),
    )

    def test_a_person_reads_marks_and_remedies(self) -> None:
        lines = to_text(self.SECTIONS).splitlines()
        assert any("✓" in line and "Python: 3.12" in line for line in lines)
        assert any("!" in line and "Redis: asleep" in line for line in lines)
        assert any("✗" in line and "Postgres: gone" in line for line in lines)
        assert "      → bring it back" in lines
        assert lines[-1].startswith("1 broken")

    def test_a_program_reads_the_same(self) -> None:
        facts = json.loads(to_json(self.SECTIONS))
        assert facts["ok"] is False
        assert facts["sections"][1]["findings"][1] == {
            "name": "Postgres",
            "verdict": "broken",
            "says": "gone",
            "advice": "bring it back",
        }

    @pytest.mark.parametrize(
        ("url", "shown"),
        [
            ("postgresql://me:hunter2@db:5433/cards?sslmode=require", "postgresql://db:5433/cards"),
            ("s3://bucket/prefix", "s3://bucket/prefix"),
            ("rediss://:hunter2@cache:6380/1", "rediss://cache:6380/1"),
        ],
    )
    def test_addresses_are_shown_without_secrets(self, url: str, shown: str) -> None:
        assert without_secrets(url) == shown
