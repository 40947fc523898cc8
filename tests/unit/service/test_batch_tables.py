"""CSV files as spreadsheet programs and people write them, and as enemies do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.batches.errors import UnreadableTableError
from service.batches.table import MAX_ROWS, read_table

TEXT = "姓名,祝福语,落款\r\n林晚晴,月色如水。,知夏\r\n"
CELLS = {"recipient": "林晚晴", "message": "月色如水。", "sender": "知夏"}


class TestReading:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
    def test_every_encoding_that_spreadsheets_write(self, encoding: str) -> None:
        (row,) = read_table(TEXT.encode(encoding))
        assert (row.line, dict(row.cells), row.problem) == (2, CELLS, None)

    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    @pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
    def test_every_delimiter_and_line_ending(self, delimiter: str, ending: str) -> None:
        content = f"name{delimiter}from{ending}Ada{delimiter}Bea{ending}"
        (row,) = read_table(content.encode())
        assert dict(row.cells) == {"recipient": "Ada", "sender": "Bea"}

    @pytest.mark.parametrize("name", ["Name", " NAME ", "recipient", "姓 名", "收件人", "ｎａｍｅ"])
    def test_columns_are_known_by_many_names(self, name: str) -> None:
        (row,) = read_table(f"{name}\nAda\n".encode())
        assert dict(row.cells) == {"recipient": "Ada"}

    def test_lines_are_those_of_the_file(self) -> None:
        content = '\nname,message\n\nAda,"one\ntwo"\n,\nBea,\n'
        rows = read_table(content.encode())
        assert [(row.line, dict(row.cells)) for row in rows] == [
            (4, {"recipient": "Ada", "message": "one\ntwo"}),
            (7, {"recipient": "Bea"}),
        ]

    def test_a_ragged_row_is_bad_alone(self) -> None:
        rows = read_table(b"name,message\nAda\nBea,x,y\nCleo,x,\nDora,x\n")
        assert [row.problem for row in rows] == [
            "has 1 cells where the header has 2",
            "has 3 cells where the header has 2",
            None,
            None,
        ]

    def test_columns_that_a_spreadsheet_made_up_are_none(self) -> None:
        (row,) = read_table(b"name,,\nAda,,\n")
        assert dict(row.cells) == {"recipient": "Ada"}

    def test_a_formula_or_a_nul_is_a_text_like_any(self) -> None:
        (row,) = read_table(b"name,message\n=1+1,a\x00b\n")
        assert dict(row.cells) == {"recipient": "=1+1", "message": "a\x00b"}


class TestRefusing:
    @pytest.mark.parametrize(
        ("content", "line"),
        [
            (b"", None),
            (b"name\n", None),
            (b"\n\n\n", None),
            (b"\xff\xfen\x00", None),
            (b"\x80\xff\xff\x80", None),
            (b"name,phone\na,b\n", 1),
            (b"\nname,name\na,b\n", 2),
            (b",name\na,b\n", 1),
            (b"name," * 41 + b"\n", 1),
            (b'name\n"never closed\n' + b"a\n" * 9, 2),
            (b"name\n" + b"a" * 200_000 + b"\n", 2),
            (b"name\n" + b"a\n" * (MAX_ROWS + 1), MAX_ROWS + 2),
        ],
    )
    def test_what_is_wrong_as_a_whole(self, content: bytes, line: int | None) -> None:
        with pytest.raises(UnreadableTableError) as refusal:
            read_table(content)
        assert refusal.value.line == line

    def test_a_million_rows_are_not_read_to_the_end(self) -> None:
        """After the limit nothing is looked at: what follows could not even be read."""
        content = b"name\n" + b"a\n" * (MAX_ROWS + 1) + b'"never closed'
        with pytest.raises(UnreadableTableError, match="at most 500 rows"):
            read_table(content)

    @given(st.binary(max_size=300))
    def test_no_bytes_do_anything_else(self, content: bytes) -> None:
        for sent in (content, b"name,message\n" + content):
            try:
                rows = read_table(sent)
            except UnreadableTableError:
                continue
            assert 0 < len(rows) <= MAX_ROWS
            assert all(not row.cells if row.problem else row.line > 0 for row in rows)
