"""The verifier of rhymes, on pairs every ear agrees about."""

import pytest

from generators.backends.studio.lyrics.rhyme import (
    check_scheme,
    final_zh,
    rhyme_class_zh,
    rhyme_part_en,
)
from generators.backends.studio.lyrics.syllables import count_syllables
from generators.specs import Language


def is_ok(lines: list[str], scheme: str, language: Language) -> bool:
    return bool(check_scheme(lines, scheme, language)["ok"])


class TestChinese:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            "家花",
            "天远",
            "知衣",
            "路初",
            "月夜",
            "亮长",
            "风中",
            "歌我",
            "归飞",
            "秋走",
            "老桥",
            "海外",
            "心云",
        ],
    )
    def test_characters_of_one_track_rhyme(self, one: str, other: str) -> None:
        assert rhyme_class_zh(one) == rhyme_class_zh(other)

    @pytest.mark.parametrize(("one", "other"), ["家天", "风分", "心星", "夜雨", "路流", "山上", "归乖"])
    def test_characters_of_two_tracks_do_not(self, one: str, other: str) -> None:
        assert rhyme_class_zh(one) != rhyme_class_zh(other)

    @pytest.mark.parametrize(
        ("char", "track"),
        [
            ("啊", "发花"), ("波", "梭坡"), ("雪", "乜斜"), ("书", "姑苏"), ("日", "一七"),
            ("雨", "一七"), ("儿", "一七"), ("爱", "怀来"), ("水", "灰堆"), ("笑", "遥条"),
            ("游", "由求"), ("源", "言前"), ("春", "人辰"), ("窗", "江阳"), ("兄", "中东"),
        ],
    )  # fmt: skip
    def test_every_track_is_known(self, char: str, track: str) -> None:
        assert rhyme_class_zh(char) == track

    @pytest.mark.parametrize(
        ("phrase", "final"),
        [("银行", "ang"), ("远行", "ing"), ("生长", "ang"), ("音乐", "ve"), ("快乐", "e"), ("睡觉", "iao")],
    )
    def test_neighbours_settle_a_character_of_two_readings(self, phrase: str, final: str) -> None:
        assert final_zh(phrase) == final

    @pytest.mark.parametrize("text", ["", "🎈", "hello", "第7", "……"])
    def test_what_is_not_chinese_has_no_class(self, text: str) -> None:
        assert rhyme_class_zh(text) is None

    def test_marks_after_the_last_character_are_not_heard(self) -> None:
        assert rhyme_class_zh("回家。」🎈") == "发花"


class TestEnglish:
    @pytest.mark.parametrize(
        ("one", "other"), [("night", "light"), ("sky", "lullaby"), ("again", "then"), ("blue", "through")]
    )
    def test_words_that_sound_alike_rhyme_however_spelt(self, one: str, other: str) -> None:
        assert is_ok([f"the {one}", f"a {other}"], "AA", Language.EN)

    @pytest.mark.parametrize(
        ("one", "other"), [("night", "nice"), ("love", "move"), ("cough", "though"), ("home", "some")]
    )
    def test_words_that_only_look_alike_do_not(self, one: str, other: str) -> None:
        assert not is_ok([f"the {one}", f"a {other}"], "AA", Language.EN)

    def test_the_part_starts_at_the_last_stressed_vowel(self) -> None:
        assert rhyme_part_en("tonight") == "AY T"
        assert rhyme_part_en("window") == "IH N D OW"

    def test_an_unknown_word_rhymes_with_nothing(self) -> None:
        assert rhyme_part_en("blorptastic") is None
        assert not is_ok(["a blorptastic", "the night"], "AA", Language.EN)


class TestScheme:
    def test_report_says_what_was_heard_line_by_line(self) -> None:
        report = check_scheme(["我回到家", "看见了花", "雨停了", "灯还在窗下"], "AAXA", Language.ZH)
        lines = report["lines"]
        assert isinstance(lines, list)
        assert lines[1] == {
            "text": "看见了花", "end": "花", "sound": "ua", "class": "发花", "group": "A", "ok": True,
        }  # fmt: skip
        assert report["ok"] is True

    def test_one_wrong_line_is_found_and_the_others_stay_right(self) -> None:
        report = check_scheme(["我回到家", "看见了花", "天很蓝", "灯火阑珊"], "AABA", Language.ZH)
        lines = report["lines"]
        assert isinstance(lines, list)
        assert [row["ok"] for row in lines] == [True, True, True, False]
        assert report["ok"] is False

    def test_a_word_does_not_rhyme_with_itself(self) -> None:
        assert not is_ok(["我回家", "你回家"], "AA", Language.ZH)
        assert not is_ok(["in the night", "all the night"], "AA", Language.EN)

    def test_two_letters_must_not_sound_alike(self) -> None:
        assert not is_ok(["我回到家", "看见了花", "窗下", "天涯"], "AABB", Language.ZH)

    def test_free_lines_may_end_on_anything(self) -> None:
        assert is_ok(["hmm 🎈", "the night", "…", "the light"], "XAXA", Language.EN)

    def test_lines_and_letters_must_be_as_many(self) -> None:
        with pytest.raises(ValueError, match="2 lines"):
            check_scheme(["一", "二"], "AAA", Language.ZH)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("雨夜归家", 4), ("雨 很大，像海", 5), ("Leave a light on", 4), ("mother's kitchen", 4),
        ("I'm all right", 3), ("唱一首 hello", 5), ("🎈…", 0), ("blorple", 2), ("smile", 1),
    ],
)  # fmt: skip
def test_syllables_are_counted_as_they_are_sung(text: str, count: int) -> None:
    assert count_syllables(text) == count
