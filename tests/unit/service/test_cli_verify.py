"""`huajian verify`: the answer as words and as a status, for a file alone, with its bundle, with keys."""

import json
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from provenance.credentials.chains import to_pem
from service.main.commands.verify import app
from tests.factories.certified import certified, operator
from tests.factories.tampering import flipped

runner = CliRunner()
ONE = certified("image/webp")


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder with a file, its bundle unpacked beside it, and whom to trust."""
    monkeypatch.setenv("HUAJIAN_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    for name, content in {
        "plum.webp": ONE.content,
        "certificate.json": ONE.evidence.certificate or b"",
        "certificate.tlog-proof": ONE.evidence.proofs[0].encode(),
        "roots.pem": to_pem(operator().authority.certificate),
        "log.key": operator().log.verifier.vkey.encode() + b"\n",
    }.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def run(*arguments: str) -> Result:
    return runner.invoke(app, [*arguments, "--language", "en"])


def keys() -> list[str]:
    return ["--key", operator().certificates.verifier.vkey, "--log-key", "log.key", "--anchors", "roots.pem"]


class TestVerify:
    def test_a_file_with_its_bundle_is_intact(self) -> None:
        result = run("plum.webp", "--bundle", ".", *keys())
        assert result.exit_code == 0, result.output
        assert result.output.startswith("Intact. ")
        assert result.output.count("✓") == 8
        assert "can only be asked online" in result.output

    def test_it_is_told_as_json_in_the_words_of_the_api(self, place: Path) -> None:
        with zipfile.ZipFile(place / "bundle.zip", "w") as bundle:
            for name in ("plum.webp", "certificate.json", "certificate.tlog-proof"):
                bundle.write(place / name, name)
        result = runner.invoke(app, ["bundle.zip", "--json", "--language", "zh", *keys()])
        assert result.exit_code == 0, result.output
        told = json.loads(result.output)
        assert (told["answer"], told["title"]) == ("intact", "完好")
        assert told["certificate"]["number"] == ONE.number
        assert {check["outcome"] for check in told["checks"]} == {"passed", "skipped"}

    def test_each_answer_has_its_status(self, place: Path) -> None:
        (place / "altered.webp").write_bytes(flipped(ONE.content, 20_000))
        (place / "words.txt").write_text("plain words")
        for arguments, status in (
            (["plum.webp", "--anchors", "roots.pem"], 0),
            (["altered.webp", "--anchors", "roots.pem"], 1),
            (["altered.webp", "--bundle", ".", *keys()], 1),
            (["plum.webp"], 3),
            (["words.txt"], 4),
        ):
            assert run(*arguments).exit_code == status, arguments

    @pytest.mark.parametrize(
        "arguments",
        [
            ["missing.png"],
            ["roots.pem", "--key", "not a key"],
            ["plum.webp", "--bundle", "plum.webp"],
            ["plum.webp", "--anchors", "certificate.json"],
        ],
    )
    def test_what_cannot_be_used_is_said(self, arguments: list[str]) -> None:
        assert run(*arguments).exit_code == 2

    def test_what_is_no_such_file_is_refused(self, place: Path) -> None:
        (place / "x.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
        result = run("x.svg")
        assert (result.exit_code, "ZIP bundle" in result.output) == (2, True)

    def test_looking_makes_no_keys(self, place: Path) -> None:
        run("words.txt")
        assert not (place / "data").exists()
