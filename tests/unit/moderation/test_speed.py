"""Screening sits on the admission path: clean prompts cost microseconds, hostile ones not much more."""

import time
import timeit
import unicodedata
from collections.abc import Callable

import pytest

from moderation.prompts import find_category

ZH = "中秋月圆人团圆，愿林晚晴与家人岁岁平安喜乐，秋风送爽桂花飘香，思念在心。知夏敬上"
EN = "a quiet mountain village at dawn, plum blossoms in fresh snow, soft golden light over misty hills"


def _best_seconds(statement: Callable[[], object]) -> float:
    """Many short rounds: on a busy machine some of them are undisturbed."""
    return min(timeit.repeat(statement, number=10, repeat=200)) / 10


class TestSpeed:
    @pytest.mark.parametrize("text", [ZH, ZH * 5, EN, EN * 2], ids=["zh40", "zh200", "en100", "en200"])
    def test_a_clean_prompt_costs_little_more_than_normalising_it_would(self, text: str) -> None:
        """Against work of the same kind, so that a slow machine does not matter; about 1.2 when written."""
        find_category([text])
        decomposed = unicodedata.normalize("NFKD", f"{ZH}ガ")
        assert unicodedata.normalize("NFKC", decomposed) != decomposed
        screening = _best_seconds(lambda: find_category([text]))
        yardstick = (
            _best_seconds(lambda: unicodedata.normalize("NFKC", decomposed)) * len(text) / len(decomposed)
        )
        assert screening < 5 * yardstick, f"{screening * 1e6:.1f} us against {yardstick * 1e6:.1f} us"

    @pytest.mark.parametrize(
        "seed",
        ["aaab", "a ", "1 ", "13", "* a", "自 ", "自，", "a1", "@a", "a.b@", "kill kill ", "+1 ", "(at)",
         "色情人", " dot  at ", "k1l a b 1 3 8 p*rn zi4 sha1 自.杀 "],
    )  # fmt: skip
    def test_no_text_of_legal_length_is_slow(self, seed: str) -> None:
        text = (seed * 2000)[:2000]
        find_category([seed])
        started = time.perf_counter()
        find_category([text])
        assert time.perf_counter() - started < 0.5
