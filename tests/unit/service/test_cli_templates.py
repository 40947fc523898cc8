"""`huajian templates`: the list, and a check whose status a build can trust."""

from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from core.settings import load_settings
from generators.backends.studio.card.templates.shelf import load_templates
from service.main.commands.card import app as card_app
from service.main.commands.templates import app

DESIGNS = Path(__file__).parents[3] / "generators/backends/studio/card/templates/designs"
runner = CliRunner()


def run(*arguments: str) -> Result:
    return runner.invoke(app, list(arguments))


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A template with one language and style, so that checking it is quick."""
    text = (DESIGNS / "scroll.toml").read_text("utf-8").replace('id = "scroll"', 'id = "small"')
    text = text.replace(
        "order = 40", 'order = 40\nlanguages = ["zh"]\nstyles = ["ink"]\noccasions = ["love"]'
    )
    path = tmp_path / "small.toml"
    path.write_text(text, "utf-8")
    return path


class TestList:
    def test_every_template_has_a_line(self) -> None:
        result = run("list")
        assert result.exit_code == 0
        assert [line.split()[0] for line in result.stdout.splitlines()] == list(load_templates())
        assert "needs a photo" in next(line for line in result.stdout.splitlines() if "polaroids" in line)

    def test_a_bad_folder_of_ones_own_is_explained(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "mine.toml").write_text("id = 1\n")
        monkeypatch.setenv("HUAJIAN_TEMPLATES_DIR", str(tmp_path))
        load_settings.cache_clear()
        try:
            result = run("list")
        finally:
            monkeypatch.undo()
            load_settings.cache_clear()
        assert result.exit_code == 2
        assert "mine.toml: id: Input should be a valid string" in result.stderr


class TestCheck:
    def test_a_sound_file_passes_and_is_shown(self, small: Path, tmp_path: Path) -> None:
        sheet = tmp_path / "sheet.png"
        result = run("check", str(small), "--out", str(sheet))
        assert (result.exit_code, result.stderr.strip()) == (0, "No problems in small")
        assert result.stdout.strip() == str(sheet)
        with Image.open(sheet) as opened:
            width, height = opened.size
        assert (width % 216, height % 288) == (0, 0)
        assert run("check", str(small), "--out", str(sheet)).exit_code == 2  # it exists

    def test_a_broken_layout_fails_with_numbers(self, small: Path) -> None:
        text = small.read_text("utf-8")
        small.write_text(
            text.replace("seal = [0.205, 0.715, 0.285, 0.78]", "seal = [0.5, 0.15, 0.58, 0.215]"), "utf-8"
        )
        result = run("check", str(small))
        assert result.exit_code == 1
        assert "small: overlap: message and seal share" in result.stdout
        assert "problems in small" in result.stderr

    def test_a_file_that_is_none_fails_by_field(self, small: Path) -> None:
        small.write_text(small.read_text("utf-8").replace("pitch = 1.6", "pitch = 16"), "utf-8")
        result = run("check", str(small))
        assert result.exit_code == 1
        assert f"{small}: zh.message.pitch: Input should be less than or equal to 3" in result.stderr


class TestCards:
    """`huajian card --template --photo`, without a server."""

    @pytest.fixture
    def photo(self, tmp_path: Path) -> Path:
        path = tmp_path / "photo.jpg"
        Image.new("RGB", (500, 400), (10, 200, 40)).save(path)
        return path

    def card(self, tmp_path: Path, *more: str) -> Result:
        words = ["--to", "外婆", "--from", "小满", "--occasion", "birthday", "--seed", "7"]
        return runner.invoke(card_app, [*words, "-o", str(tmp_path / "card.png"), *more])

    def test_the_photo_is_on_the_card(self, tmp_path: Path, photo: Path) -> None:
        result = self.card(tmp_path, "--template", "polaroids", "--photo", str(photo))
        assert result.exit_code == 0, result.stderr
        with Image.open(tmp_path / "card.png") as opened:
            found = opened.getpixel((330, 300))
        assert isinstance(found, tuple)
        assert found[1] > 150 > found[0]

    def test_what_does_not_go_together_is_said(self, tmp_path: Path, photo: Path) -> None:
        for arguments, why in (
            (("--template", "polaroids"), "it needs a photo"),
            (("--template", "nowhere"), "there is no such template"),
            (("--template", "scroll", "--photo", str(photo)), "it has no place for a photo"),
            (("--photo", str(tmp_path)), "Is a"),
            (("--photo", str(DESIGNS / "scroll.toml")), "Send a whole JPEG"),
        ):
            result = self.card(tmp_path, *arguments)
            assert result.exit_code == 2
            said = " ".join(result.stderr.replace("│", " ").split())  # a frame breaks lines where it likes
            assert why in said, result.stderr
            assert not (tmp_path / "card.png").exists()
