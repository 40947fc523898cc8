"""Disguises are undone, and plain texts are not taken for disguised ones."""

import pytest

from moderation import disguises
from moderation.normal import BREAK, compile_table
from moderation.prompts import find_category

TABLE = compile_table("自杀情色")


def readings(text: str) -> set[str]:
    return set(disguises.unmask(text.translate(TABLE)))


class TestCloseGaps:
    @pytest.mark.parametrize("text", ["自.杀", "自 杀", "自*杀", "自💔杀", "自_-~杀"])
    def test_over_marks_between_characters(self, text: str) -> None:
        skeleton = text.translate(TABLE)
        assert disguises.has_gap(skeleton)
        assert disguises.close_gaps(skeleton) == "自杀"

    @pytest.mark.parametrize("text", ["自 sha", "zi 杀"])
    def test_between_a_character_and_a_syllable(self, text: str) -> None:
        skeleton = text.translate(TABLE)
        assert disguises.has_gap(skeleton)
        assert disguises.close_gaps(skeleton) == skeleton.replace(" ", "")

    def test_over_commas_only_when_every_character_stands_alone(self) -> None:
        assert disguises.close_gaps("自,杀") == "自杀"
        assert disguises.close_gaps("我,要,自,杀".translate(TABLE)).endswith("自杀")
        assert disguises.close_gaps("来自,杀".translate(TABLE)).endswith("自,杀")
        assert disguises.close_gaps("自,杀青".translate(TABLE)).startswith("自,杀")

    def test_never_over_the_seam_between_texts(self) -> None:
        assert not disguises.has_gap(f"自{BREAK}杀")
        assert disguises.close_gaps(f"自{BREAK}杀") == f"自{BREAK}杀"


class TestUnmask:
    @pytest.mark.parametrize(
        ("text", "meant"),
        [
            ("p0rn", "porn"),
            ("k1ll", "kill"),
            ("ki11", "kill"),
            ("k!ll!", "kill"),
            ("a$$", "ass"),
            ("1 k1ll", "i kill"),
            ("k.i.l.l", "kill"),
            ("k 1 l l", "kill"),
            ("k i l l m e now", "killme now"),
            ("killll", "kill"),
            ("kiiiill", "kill"),
            ("k*ll", "kill"),
            ("zi4 sha1", "zi sha"),
            ("zi4sha1", "zisha"),
        ],
    )
    def test_reads(self, text: str, meant: str) -> None:
        assert meant in readings(text)

    @pytest.mark.parametrize("text", ["p0rn", "$ex", "k.i.l.l", "nigg4", "zi4 sha1", "f*k"])
    def test_is_asked_for_when_there_is_a_sign(self, text: str) -> None:
        assert disguises.is_disguised(f"a picture of {text}".translate(TABLE))

    @pytest.mark.parametrize(
        "text",
        [
            "20th century, 1st prize",
            "4k, 1080p, 60fps, 35mm",
            "born 1990, aged 36",
            "say hi! and bye",
            "it's a dog's day",
        ],
    )
    def test_is_not_asked_for_without_one(self, text: str) -> None:
        assert not disguises.is_disguised(text.translate(TABLE))

    def test_is_bounded(self) -> None:
        assert len(readings("k1lll p*rn zi4 sha1 a b c " * 40)) <= 30


class TestInnocentTypography:
    @pytest.mark.parametrize(
        "text",
        ["H A P P Y   B I R T H D A Y", "L.O.V.E", "Ke$ha & P!nk", "yaaaay sooo happy", "xxx", "B2B, P2P",
         "H2O", "C3PO", "M*A*S*H", "U.S.A.", "J. K. R. Tolkien", "w w w", "A1 B2 C3"],
    )  # fmt: skip
    def test_is_no_disguise_of_a_term(self, text: str) -> None:
        assert find_category([text]) is None
