"""Rows are judged one by one, and nothing of a bad one is repeated."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generators.specs import CardSpec, Occasion
from service.batches.table import SentRow
from service.flows.check_rows import MAX_PROBLEMS, CheckedRow, check_rows

TEMPLATE = {"occasion": "mid_autumn", "sender": "知夏", "message": "平安喜乐"}


def check(**cells: object) -> CheckedRow:
    (checked,) = check_rows(TEMPLATE, [SentRow(4, cells)])
    return checked


class TestRows:
    def test_a_row_goes_over_the_template(self) -> None:
        checked = check(recipient="林晚晴", sender="陆知远", seed=3)
        assert checked.problems is None
        assert CardSpec.model_validate(checked.spec) == CardSpec(
            occasion=Occasion.MID_AUTUMN,
            recipient="林晚晴",
            sender="陆知远",
            message="平安喜乐",
            seed=3,
        )

    def test_each_gets_a_seed_of_its_own_unless_told(self) -> None:
        rows = check_rows(TEMPLATE, [SentRow(line, {"recipient": "林晚晴"}) for line in range(20)])
        assert len({row.spec["seed"] for row in rows if row.spec}) == 20
        fixed = check_rows({**TEMPLATE, "seed": 7}, [SentRow(1, {"recipient": "林晚晴"})])
        assert fixed[0].spec and fixed[0].spec["seed"] == 7

    @pytest.mark.parametrize(
        ("cells", "code", "loc"),
        [
            ({}, "invalid_spec", ["recipient"]),
            ({"recipient": "a" * 21}, "invalid_spec", ["recipient"]),
            ({"recipient": "a\x00"}, "invalid_spec", ["recipient"]),
            ({"recipient": ["a"]}, "invalid_spec", ["recipient"]),
            ({"recipient": "\u200b\u3164 \u2800"}, "invalid_spec", ["recipient"]),  # nothing to be seen
            ({"recipient": "a", "message": "\ufeff\u2060\U000e0100"}, "invalid_spec", ["message"]),
            ({"recipient": "a", "message": "x" * 201}, "invalid_spec", ["message"]),
            ({"recipient": "a", "qr_url": "https://a.com/" + "好" * 96}, "invalid_spec", ["qr_url"]),
            ({"recipient": "a", "style": "baroque"}, "invalid_spec", ["style"]),
            ({"recipient": "a", "music": True}, "invalid_spec", []),
            ({"recipient": "a", "message": "加我微信 wxid_12345678，代开发票"}, "prompt_rejected", []),
        ],
    )
    def test_a_bad_one_says_where_and_why(self, cells: dict[str, Any], code: str, loc: list[str]) -> None:
        checked = check(**cells)
        assert checked.spec is None and checked.problems
        assert (checked.line, checked.problems[0]["code"], checked.problems[0]["loc"]) == (4, code, loc)
        assert checked.problems[0]["msg"]

    def test_a_ragged_one_is_bad_whatever_it_says(self) -> None:
        (checked,) = check_rows(TEMPLATE, [SentRow(4, {"recipient": "a"}, problem="has 1 cells")])
        assert checked.spec is None and checked.problems
        assert checked.problems[0]["code"] == "ragged_row"

    @given(st.dictionaries(st.text(max_size=60), st.text(max_size=60), max_size=9))
    def test_what_was_made_up_is_neither_repeated_whole_nor_unstorable(self, cells: dict[str, str]) -> None:
        checked = check(**{"no such field": "secret", **cells})
        assert checked.problems and len(checked.problems) <= MAX_PROBLEMS
        for problem in checked.problems:
            for part in problem["loc"]:
                assert len(part) <= 40 and part.isprintable()
                part.encode()
            assert "secret" not in problem["msg"]
