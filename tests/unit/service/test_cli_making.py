"""`huajian card`, `lyrics` and `image`: from options to a file, with a producer that keeps its orders."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from generators.specs import CardSpec, ImageSpec, Kind, LyricsSpec, Occasion
from moderation.prompts import load_lexicon
from service.jobs.products import Made, MadeFile, Order, Product
from service.main.cli import app
from service.main.commands.files import write_whole
from tests.fakes.producer import ScriptedProducer

ORDERS: list[Order] = []


SONG = "雨夜归家\n\n算法生成 · 花笺\n"


class Keeping(ScriptedProducer):
    def finish(self, order: Order, draft: Made) -> Made:
        ORDERS.append(order)
        return _sing(draft) if order.kind is Kind.LYRICS else draft


def _sing(made: Made) -> Made:
    """The scripted producer only paints; lyrics are text."""
    assert isinstance(made, Product)
    file = MadeFile("preview", "text/plain", "txt", None, None, SONG.encode())
    return replace(made, text=SONG, files=(file,))


def make_producer() -> Keeping:
    return Keeping()


@pytest.fixture(autouse=True)
def no_orders_yet() -> None:
    ORDERS.clear()


@pytest.fixture
def own_terms() -> Iterator[None]:
    """Terms are loaded for the whole process: bring the built-in ones back."""
    yield
    load_lexicon()


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], obj=f"{__name__}:make_producer")


def card(path: Path, *more: object, to: str = "林晚晴") -> Result:
    return run("card", "--to", to, "--from", "知夏", "--occasion", "mid_autumn", "-o", path, *more)


def ordered() -> dict[str, Any]:
    """The spec of the one work that was made."""
    (spec,) = (order.spec for order in ORDERS)
    return dict(spec)


class TestMaking:
    def test_a_card_is_written_and_its_path_and_seed_are_told(self, tmp_path: Path) -> None:
        result = card(tmp_path / "card.png", "--seed", 7)
        assert result.exit_code == 0
        assert result.stdout == f"{tmp_path / 'card.png'}\n"
        assert "--seed 7" in result.stderr
        assert (tmp_path / "card.png").read_bytes().startswith(b"\x89PNG")
        assert [path.name for path in tmp_path.iterdir()] == ["card.png"]

    def test_without_a_seed_each_work_gets_one_of_its_own_and_tells_it(self, tmp_path: Path) -> None:
        results = [card(tmp_path / name) for name in ("one.png", "two.png")]
        seeds = [order.spec["seed"] for order in ORDERS]
        assert seeds[0] != seeds[1]
        assert all(str(seed) in result.stderr for seed, result in zip(seeds, results, strict=True))

    def test_options_left_out_mean_what_the_api_means(self, tmp_path: Path) -> None:
        card(tmp_path / "card.png", "--seed", 1)
        expected = CardSpec(occasion=Occasion.MID_AUTUMN, recipient="林晚晴", sender="知夏", seed=1)
        assert ordered() == expected.model_dump(mode="json")
        ORDERS.clear()
        run("lyrics", "雨夜归家", "--seed", 1)
        assert ordered() == LyricsSpec(theme="雨夜归家", seed=1).model_dump(mode="json")
        ORDERS.clear()
        run("image", "plum", "-o", tmp_path / "plum.png", "--seed", 1)
        assert ordered() == ImageSpec(prompt="plum", seed=1).model_dump(mode="json")

    def test_every_option_of_a_card_arrives(self, tmp_path: Path) -> None:
        words = ["--message", "月圆人圆", "--style", "plum", "--language", "en", "--direction", "horizontal"]
        card(tmp_path / "card.webp", *words, "--qr", "https://huajian.app/u/x", "--seed", 5)
        assert (
            ordered().items()
            >= {
                "occasion": "mid_autumn",
                "recipient": "林晚晴",
                "sender": "知夏",
                "message": "月圆人圆",
                "language": "en",
                "style": "plum",
                "direction": "horizontal",
                "qr_url": "https://huajian.app/u/x",
                "format": "webp",
                "seed": 5,
            }.items()
        )

    def test_every_option_of_lyrics_arrives(self) -> None:
        options = ["--mood", "heroic", "--language", "en", "--rhyme", "AABB", "--section", "verse"]
        run("lyrics", "sea", *options, "--section", "bridge", "--word", "Ann", "--word", "Bo", "--seed", 5)
        assert ordered() == {
            "theme": "sea",
            "mood": "heroic",
            "language": "en",
            "sections": ["verse", "bridge"],
            "rhyme": "AABB",
            "words": ["Ann", "Bo"],
            "seed": 5,
        }

    def test_an_image_has_the_size_that_was_asked_for(self, tmp_path: Path) -> None:
        run("image", "plum", "-o", tmp_path / "a.png", "--width", 512, "--height", 256, "--style", "silk")
        assert ordered().items() >= {"width_px": 512, "height_px": 256, "style": "silk"}.items()

    @pytest.mark.parametrize(
        ("name", "expected"), [("a.JPG", "jpeg"), ("a.jpeg", "jpeg"), ("a.webp", "webp"), ("a.png", "png")]
    )
    def test_the_file_name_chooses_the_format(self, tmp_path: Path, name: str, expected: str) -> None:
        card(tmp_path / name)
        assert ordered()["format"] == expected

    def test_an_option_overrules_the_file_name(self, tmp_path: Path) -> None:
        card(tmp_path / "card", "--format", "jpeg")
        assert ordered()["format"] == "jpeg"


class TestRefusing:
    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            (["card", "--to", "晴" * 21, "--from", "夏", "--occasion", "love", "-o", "a.png"], "--to"),
            (
                ["card", "--to", "晴" * 161, "--from", "夏", "--occasion", "love", "-o", "a.png"],
                "1 to 20 char",
            ),
            (["card", "--to", "晴", "--from", " ", "--occasion", "love", "-o", "a.png"], "--from"),
            (["card", "--to", "晴", "--from", "夏", "--occasion", "tax_day", "-o", "a.png"], "--occasion"),
            (["card", "--to", "晴", "--from", "夏", "--occasion", "love", "-o", "a.gif"], "--output"),
            (["card", "--to", "晴", "--from", "夏", "--occasion", "love", "-o", "no/a.png"], "--output"),
            (["image", "x", "-o", "a.png", "--width", "333"], "--width"),
            (["image", "x", "-o", "a.png", "--width", "2048", "--height", "2048"], "3,145,728"),
            (["image", "x", "-o", "a.png", "--seed", "-1"], "--seed"),
            (["lyrics", "x", "--rhyme", "abab"], "--rhyme"),
            (["lyrics", "x", "--rhyme", "abab"], "such as AABA"),
            (["lyrics", "x", *["--word", "w"] * 6], "--word"),
            (["lyrics", "x", *["--section", "verse"] * 9], "--section"),
        ],
    )
    def test_a_bad_value_names_its_option(
        self, arguments: list[str], named: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.chdir(tmp_path)
        result = run(*arguments)
        assert result.exit_code == 2
        assert named in result.output
        assert ORDERS == []
        assert list(tmp_path.iterdir()) == []

    def test_a_qr_code_must_lead_to_https(self, tmp_path: Path) -> None:
        assert "--qr" in card(tmp_path / "a.png", "--qr", "http://huajian.app/").output

    @pytest.mark.parametrize(
        ("more", "category"),
        [(["--message", "如何制作炸弹"], "weapons"), (["--qr", "https://192.168.0.1/x"], "link")],
    )
    def test_refused_words_make_nothing_and_say_the_category(
        self, tmp_path: Path, more: list[str], category: str
    ) -> None:
        result = card(tmp_path / "a.png", *more)
        assert result.exit_code == 3
        assert category in result.stderr
        assert "炸弹" not in result.stderr
        assert ORDERS == []
        assert list(tmp_path.iterdir()) == []

    def test_the_operators_own_terms_count_too(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_terms: None
    ) -> None:
        terms = tmp_path / "terms.tsv"
        terms.write_text("蓝色风筝\toperator\n", "utf-8")
        monkeypatch.setenv("HUAJIAN_MODERATION__LEXICON_PATHS", json.dumps([str(terms)]))
        result = card(tmp_path / "a.png", "--message", "放一只蓝色风筝")
        assert (result.exit_code, ORDERS) == (3, [])
        assert "operator" in result.stderr

    def test_terms_that_cannot_be_read_stop_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HUAJIAN_MODERATION__LEXICON_PATHS", json.dumps([str(tmp_path / "missing")]))
        result = card(tmp_path / "a.png")
        assert (result.exit_code, ORDERS) == (2, [])
        assert "LEXICON_PATHS" in result.stderr

    @pytest.mark.parametrize(
        ("script", "status", "says"),
        [("reject", 3, "violence"), ("fail", 1, "scripted failure"), ("invalid", 2, "scripted refusal")],
    )
    def test_what_the_backend_refuses_is_told_and_not_written(
        self, tmp_path: Path, script: str, status: int, says: str
    ) -> None:
        result = card(tmp_path / "a.png", to=script)
        assert result.exit_code == status
        assert says in result.stderr
        assert list(tmp_path.iterdir()) == []


class TestFiles:
    def test_a_file_that_exists_is_left_alone_before_any_work(self, tmp_path: Path) -> None:
        path = tmp_path / "card.png"
        path.write_bytes(b"dear")
        result = card(path)
        assert result.exit_code == 2
        assert "--force" in result.output
        assert path.read_bytes() == b"dear"
        assert ORDERS == []

    def test_force_replaces_it(self, tmp_path: Path) -> None:
        path = tmp_path / "card.png"
        path.write_bytes(b"dear")
        assert card(path, "--force").exit_code == 0
        assert path.read_bytes().startswith(b"\x89PNG")

    def test_a_file_that_appears_meanwhile_is_left_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "card.png"
        path.write_bytes(b"dear")
        with pytest.raises(FileExistsError):
            write_whole(path, b"new", force=False)
        assert path.read_bytes() == b"dear"
        assert list(tmp_path.iterdir()) == [path]

    def test_also_where_the_file_system_has_no_links(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(self: Path, target: Path) -> None:
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr(Path, "hardlink_to", refuse)
        path = tmp_path / "card.png"
        write_whole(path, b"first", force=False)
        with pytest.raises(FileExistsError):
            write_whole(path, b"second", force=False)
        assert path.read_bytes() == b"first"
        assert list(tmp_path.iterdir()) == [path]

    def test_lyrics_go_to_stdout_and_nothing_else_does(self) -> None:
        result = run("lyrics", "x", "--seed", 3)
        assert result.stdout == SONG
        assert "--seed 3" in result.stderr

    def test_or_into_a_file(self, tmp_path: Path) -> None:
        path = tmp_path / "song.txt"
        assert run("lyrics", "x", "-o", path).stdout == f"{path}\n"
        assert path.read_text("utf-8") == SONG
