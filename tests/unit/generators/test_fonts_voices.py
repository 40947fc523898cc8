"""Every character is set in a font that has it; a title never mixes two hands; nothing is tofu."""

from pathlib import Path

import pytest

from generators.fonts.report import in_use
from generators.fonts.store import default_folder
from generators.fonts.voices import Voice, open_voice, wants_colour
from generators.typesetting.composing import compose

RARE = "喆昇堃翀旻玥祎犇垚赟龘淼懿"
IN_BRUSH = "中秋快乐"
fetched = pytest.mark.skipif(
    not all(font.is_in_use for font in in_use()), reason="fonts are not fetched (make fonts)"
)


@pytest.fixture(params=["fetched", "bundled only"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """This installation's fonts, and none but the wheel's."""
    return default_folder() if request.param == "fetched" else tmp_path


def ids_of(text: str, voice: Voice) -> list[int]:
    return [glyph.id for atom in compose(text, voice).atoms for glyph in atom.form.glyphs]


class TestNoTofu:
    @pytest.mark.parametrize("voice", ["zh_text", "zh_title", "zh_formal", "en_text", "en_script", "label"])
    @pytest.mark.parametrize("text", [RARE, "O’Brien é", "김철수", "たなか", "林①★☆→℃", "（好）——……"])
    def test_no_glyph_is_missing(self, folder: Path, voice: str, text: str) -> None:
        composition = compose(text, open_voice(voice, folder))
        assert composition.replaced == ()
        assert 0 not in ids_of(text, open_voice(voice, folder))

    def test_what_no_font_has_is_a_geta_mark_and_reported(self, folder: Path) -> None:
        composition = compose("林\U000130b7晴", open_voice("zh_text", folder))
        assert composition.replaced == ("\U000130b7",)
        assert "".join(atom.text for atom in composition.atoms) == "林〓晴"

    def test_an_unknown_accent_is_dropped_before_the_letter_is(self, folder: Path) -> None:
        composition = compose("林\u1ab0", open_voice("zh_text", folder))
        assert "".join(atom.text for atom in composition.atoms) == "林"

    def test_letters_the_fallback_lacks_lose_their_marks_not_their_place(self, tmp_path: Path) -> None:
        composition = compose("Łęcki", open_voice("en_text", tmp_path), is_latin_text=True)
        assert "".join(atom.text for atom in composition.atoms) == "Lecki"
        assert composition.replaced == ("Ł", "ę")

    def test_without_an_emoji_font_the_card_still_shows_something(self, tmp_path: Path) -> None:
        composition = compose("生日🎂", open_voice("zh_text", tmp_path))
        assert "".join(atom.text for atom in composition.atoms) == "生日〓"

    @fetched
    @pytest.mark.parametrize("text", ["𠮷𡈽", "محمد", "שלום", "สมชาย", "नमस्ते", "Nguyễn Thị Ánh", "Łęcki"])
    def test_fetched_fonts_reach_further(self, text: str) -> None:
        assert compose(text, open_voice("zh_text")).replaced == ()
        assert 0 not in ids_of(text, open_voice("zh_text"))


@fetched
class TestTitles:
    def test_a_title_the_brush_has_is_all_brush(self) -> None:
        assert self.faces(IN_BRUSH) == {"ma-shan-zheng"}

    def test_one_missing_character_changes_the_whole_title(self) -> None:
        assert self.faces(IN_BRUSH + "喆") == {"lxgw-wenkai"}

    def test_text_voices_change_only_the_character(self) -> None:
        voice = open_voice("zh_formal")
        assert voice.face_for("中") is not voice.for_text("中𠮷").face_for("中")
        text = open_voice("zh_text")
        assert text.for_text("中𠮷") is text

    def faces(self, text: str) -> set[str]:
        atoms = compose(text, open_voice("zh_title")).atoms
        return {glyph.face.id for atom in atoms for glyph in atom.form.glyphs}


@fetched
class TestEmoji:
    @pytest.mark.parametrize("emoji", ["🎂", "👨‍👩‍👧‍👦", "👋🏽", "🇨🇳", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1️⃣", "❤️", "👩🏾‍❤️‍💋‍👨🏻"])
    def test_a_sequence_is_one_colour_glyph_of_the_text_size(self, emoji: str) -> None:
        (atom,) = compose(emoji, open_voice("zh_text")).atoms
        assert len(atom.form.glyphs) == 1
        assert atom.form.glyphs[0].face.id == "noto-color-emoji"
        assert atom.advance == pytest.approx(1.0)
        assert atom.form.ink is not None
        assert 0.7 < atom.form.ink[3] - atom.form.ink[1] < 1.1

    def test_text_form_is_respected(self) -> None:
        assert wants_colour("❤\ufe0f")
        assert not wants_colour("❤\ufe0e")
        assert not wants_colour("☀")


class TestReport:
    def test_nothing_fetched_says_what_to_do(self, tmp_path: Path) -> None:
        reports = in_use(tmp_path)
        missing = [font for font in reports if not font.is_in_use]
        assert {"lxgw-wenkai", "ma-shan-zheng", "noto-color-emoji"} <= {font.id for font in missing}
        assert all("generators.fonts.fetch" in (font.advice or "") for font in missing)

    def test_the_bundled_fallback_is_always_in_use(self, tmp_path: Path) -> None:
        bundled = [font for font in in_use(tmp_path) if font.source.startswith("wheel")]
        assert len(bundled) == 4
        assert all(font.is_in_use and font.advice is None for font in bundled)

    def test_every_font_names_an_open_licence(self, tmp_path: Path) -> None:
        assert {font.licence for font in in_use(tmp_path)} == {"OFL-1.1"}

    @fetched
    def test_fetched_fonts_name_their_source_and_version(self) -> None:
        for font in in_use():
            assert font.source.split()[0] in {"npm", "debian", "wheel"}
            assert font.version
            assert font.advice is None
