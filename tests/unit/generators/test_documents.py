"""Lyrics as documents: nothing is lost, nothing is markup, every glyph is there, and a page is a page."""

import io
import re
import subprocess
from pathlib import Path

import pikepdf
import pytest

from generators.documents.lyrics import LyricsSheet, Stanza, read_lyrics, to_markdown, to_pdf
from generators.fonts.store import default_folder, read_receipt

ZH = "雨夜归家（檐下）\n\n[主歌一]\n伞骨被风吹弯了一角\n屋檐的雨\n\n[副歌]\n再走\n\n算法生成\n"
EN = "Rain at Night (The Store)\n\n[Verse 1]\nIt's *late* #1\n1. one\n- two\n\nno heading\n\nAI-generated\n"


class TestReading:
    def test_title_stanzas_and_label_are_told_apart(self) -> None:
        assert read_lyrics(ZH, language="zh") == LyricsSheet(
            title="雨夜归家",
            subtitle="檐下",
            stanzas=(Stanza("主歌一", ("伞骨被风吹弯了一角", "屋檐的雨")), Stanza("副歌", ("再走",))),
            label="算法生成",
            language="zh",
        )

    def test_a_stanza_needs_no_heading(self) -> None:
        assert read_lyrics(EN, language="en").stanzas[1] == Stanza(None, ("no heading",))

    @pytest.mark.parametrize("text", ["", "title", "title\n\nlabel"])
    def test_what_is_no_song_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="title"):
            read_lyrics(text, language="zh")


class TestMarkdown:
    def test_words_are_never_markup(self) -> None:
        written = to_markdown(read_lyrics(EN, language="en"))
        assert written == (
            "# Rain at Night\n\n*The Store*\n\n## Verse 1\n\nIt's \\*late\\* \\#1\\\n\\1. one\\\n\\- two\n\n"
            "no heading\n\n---\n\nAI-generated\n"
        )


class TestPdf:
    @pytest.mark.parametrize("text", [ZH, EN, ZH.replace("[副歌]\n再走\n\n", "[副歌]\n再走\n\n" * 60)])
    def test_it_is_sound_and_holds_every_word(self, text: str, tmp_path: Path) -> None:
        language = "zh" if text.startswith("雨") else "en"
        content = to_pdf(read_lyrics(text, language=language), note="HJ-2026-000001")
        path = tmp_path / "sheet.pdf"
        path.write_bytes(content)
        checked = subprocess.run(["qpdf", "--check", str(path)], capture_output=True, check=False, timeout=30)
        assert checked.returncode == 0, checked.stdout
        with pikepdf.open(io.BytesIO(content)) as document:
            assert (len(document.pages) > 1) == (text.count("再走") > 50)
            shown = _letters(document)
        for word in re.findall(r"\w+", text + "HJ-2026-000001"):
            assert set(word) <= shown | set(word.lower()) - set(word), word

    @pytest.mark.skipif(read_receipt(default_folder(), "eb-garamond") is None, reason="no fonts were fetched")
    def test_english_is_set_in_its_own_hand(self) -> None:
        """And not letter by letter in whatever else has one: a family may lie in several files."""
        text = EN.replace("It's *late* #1\n1. one\n- two\n", "the quick brown fox jumps over a lazy dog\n")
        with pikepdf.open(io.BytesIO(to_pdf(read_lyrics(text, language="en")))) as document:
            assert set("abcdefghijklmnopqrstuvwxyz") <= _letters(document, "Garamond")

    def test_the_same_words_make_the_same_sheet(self) -> None:
        sheet = read_lyrics(ZH, language="zh")
        assert to_pdf(sheet) == to_pdf(sheet)

    def test_words_are_never_markup(self) -> None:
        text = EN.replace("It's *late* #1", '#panic("x") $a$ <b> @c "d" \\')
        assert to_pdf(read_lyrics(text, language="en")).startswith(b"%PDF-")

    def test_without_fetched_fonts_the_bundled_ones_serve(self, tmp_path: Path) -> None:
        content = to_pdf(read_lyrics(ZH, language="zh"), fonts=tmp_path)
        with pikepdf.open(io.BytesIO(content)) as document:
            assert set("雨夜归家算法生成") <= _letters(document)


def _letters(document: pikepdf.Pdf, family: str = "") -> set[str]:
    """Every character that the document's fonts, or those of one family, map a glyph to."""
    found: set[str] = set()
    for one in document.objects:
        if isinstance(one, pikepdf.Dictionary) and "/ToUnicode" in one and family in str(one.BaseFont):
            for codes in re.findall(rb"<([0-9a-fA-F]+)>\s*$", one.ToUnicode.read_bytes(), re.MULTILINE):
                found |= set(bytes.fromhex(codes.decode()).decode("utf-16-be", "replace"))
    return found
