"""Names of files and cells of the report: nothing in them acts on the reader's machine."""

import csv
import io
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.generation import ENDS
from service.batches.names import MAX_NAME_CHARS, file_name, plain_cell
from service.batches.report import TEXTS, ReportLine, write_report

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1", "\n=1", "＝1", "  @x"]


class TestFileName:
    @pytest.mark.parametrize(
        ("recipient", "name"),
        [
            ("林晚晴", "001-林晚晴.png"),
            ("Ada Lovelace", "001-Ada Lovelace.png"),
            ("../../etc/passwd", "001-etcpasswd.png"),
            ("..\\..\\boot.ini", "001-boot.ini.png"),
            ("C:con", "001-Ccon.png"),
            ("\u202egnp.exe", "001-gnp.exe.png"),
            ("...", "001.png"),
            ("   ", "001.png"),
            ("a\x00b\nc", "001-abc.png"),
            ("👨\u200d👩\u200d👧", "001-👨\u200d👩\u200d👧.png"),
            ("\u200d", "001.png"),
            ("أحمد", "001-أحمد.png"),
        ],
    )
    def test_people_know_it_and_machines_obey_nothing_in_it(self, recipient: str, name: str) -> None:
        assert file_name(1, recipient, "png") == name

    @given(st.text(max_size=200), st.integers(1, 500))
    def test_it_is_one_plain_name_whatever_the_recipient(self, recipient: str, position: int) -> None:
        name = file_name(position, recipient, "png")
        assert PurePosixPath(name).name == name == PureWindowsPath(name).name
        assert name.startswith(f"{position:03}")
        assert name.endswith(".png")
        assert len(name) <= MAX_NAME_CHARS + 8
        assert name.isprintable() or "\u200d" in name

    def test_equal_recipients_have_different_names(self) -> None:
        assert len({file_name(position, "林晚晴", "png") for position in range(1, 501)}) == 500


class TestReport:
    @pytest.mark.parametrize("text", FORMULAS)
    def test_no_cell_is_a_formula(self, text: str) -> None:
        assert plain_cell(text) == f"'{text}"
        line = ReportLine(2, text, "bad", [text], [{"code": "made_up", "loc": [text]}])
        rows = list(csv.reader(io.StringIO(write_report([line], "en").decode("utf-8-sig"), newline="")))
        assert rows[1] == ["2", f"'{text}", "not made", f"'{text}", f"'{text}: made_up"]

    @pytest.mark.parametrize("text", ["林晚晴", "Ada", "a=b", "3-4", ""])
    def test_other_cells_stay_as_they_are(self, text: str) -> None:
        assert plain_cell(text) == text

    def test_excel_knows_it_for_utf_8(self) -> None:
        assert write_report([], "zh").startswith(b"\xef\xbb\xbf")
        assert b"\r\n" in write_report([], "zh")

    def test_reasons_are_said_in_the_readers_language(self) -> None:
        problems: list[dict[str, Any]] = [
            {"code": "invalid_spec", "loc": ["recipient"]},
            {"code": "generation_failed"},
        ]
        line = ReportLine(2, "", "failed", [], problems)
        assert "2,,失败,,收件人: 内容不符合要求; 制作失败，次数已退回" in write_report([line], "zh").decode()
        assert "2,,failed,,recipient: does not fit; could not be made" in write_report([line], "en").decode()

    def test_both_languages_know_every_outcome_and_reason(self) -> None:
        for part in ("outcomes", "reasons"):
            assert TEXTS["zh"][part].keys() == TEXTS["en"][part].keys()
        assert TEXTS["zh"]["outcomes"].keys() == {*(end.value for end in ENDS), "bad"}
        assert {"generation_failed", "attempts_spent", "output_rejected", "waited_too_long"} <= TEXTS["zh"][
            "reasons"
        ].keys()
