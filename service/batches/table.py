"""Rows as they were sent: from a CSV file of any spreadsheet program, before anything is believed of them."""

import csv
import io
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from service.batches.errors import UnreadableTableError

MAX_ROWS: Final = 500
MAX_COLUMNS: Final = 40
DELIMITERS: Final = (",", ";", "\t")
UTF8_MARK: Final = b"\xef\xbb\xbf"
UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")

# Names of columns, folded: what people write above them, and the field of a card's spec that is meant.
COLUMNS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("recipient", "name", "to", "姓名", "名字", "收件人", "收卡人", "称呼"), "recipient"),
    **dict.fromkeys(("message", "words", "wishes", "祝福语", "祝福", "寄语", "贺词", "内容"), "message"),
    **dict.fromkeys(("sender", "from", "落款", "署名", "寄件人", "送卡人"), "sender"),
    **dict.fromkeys(("occasion", "场合", "节日"), "occasion"),
    **dict.fromkeys(("language", "语言"), "language"),
    **dict.fromkeys(("style", "风格"), "style"),
    **dict.fromkeys(("format", "格式"), "format"),
    **dict.fromkeys(("seed", "种子"), "seed"),
}


@dataclass(frozen=True, slots=True)
class SentRow:
    """`line` is where people find it: the line of a file, or the place in a list, counted from 1."""

    line: int
    cells: Mapping[str, Any] = field(default_factory=dict)
    problem: str | None = None


def read_table(content: bytes) -> list[SentRow]:
    """The rows of a CSV file with a header; empty cells are absent, blank lines are skipped.

    A row that does not fit the header has a problem and no cells.
    Raises: UnreadableTableError for what is wrong with the file as a whole, more than MAX_ROWS included.
    """
    lines = _lines(_decode(content))
    header_line, header = next(lines, (1, []))
    fields = _fields(header, header_line)
    rows: list[SentRow] = []
    for line, cells in lines:
        if len(rows) == MAX_ROWS:
            raise UnreadableTableError(f"The file should have at most {MAX_ROWS} rows.", line=line)
        rows.append(_row(line, cells, fields))
    if not rows:
        raise UnreadableTableError("The file has no rows.")
    return rows


def _decode(content: bytes) -> str:
    """UTF-8 with or without its mark; else GB18030, which a Chinese Excel writes.

    Source: GB 18030-2022 includes GBK and GB 2312; text in it is hardly ever valid UTF-8.
    """
    if content.startswith(UTF16_MARKS):
        raise UnreadableTableError("The file is UTF-16; save it as CSV UTF-8.")
    try:
        return content.removeprefix(UTF8_MARK).decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("gb18030")
    except UnicodeDecodeError as error:
        raise UnreadableTableError("The file is neither UTF-8 nor GB18030.") from error


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """(line on which it begins, stripped cells) of every row that says anything."""
    first_line = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(DELIMITERS, key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise UnreadableTableError(f"The file cannot be read as CSV: {error}.", line=line) from error
        if cells is None:
            return
        stripped = [cell.strip() for cell in cells]
        if any(stripped):
            yield line, stripped
        line = reader.line_num + 1


def _fields(header: Sequence[str], line: int) -> list[str]:
    """The field of each column. Columns nobody named are none: a spreadsheet may write empty ones."""
    named = list(header)
    while named and not named[-1]:
        named.pop()
    if len(named) > MAX_COLUMNS:
        raise UnreadableTableError(f"The file should have at most {MAX_COLUMNS} columns.", line=line)
    fields = []
    for number, name in enumerate(named, start=1):
        column = COLUMNS.get(_folded(name))
        if column is None:
            known = ", ".join(sorted(set(COLUMNS.values())))
            raise UnreadableTableError(f"Column {number} has an unknown name; known are {known}.", line=line)
        if column in fields:
            raise UnreadableTableError(f"Column {number} is a second {column}.", line=line)
        fields.append(column)
    return fields


def _row(line: int, cells: Sequence[str], fields: Sequence[str]) -> SentRow:
    beyond = any(cells[len(fields) :])
    if beyond or len(cells) < len(fields):
        return SentRow(line, problem=f"has {len(cells)} cells where the header has {len(fields)}")
    return SentRow(line, {name: cell for name, cell in zip(fields, cells, strict=False) if cell})


def _folded(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().replace("_", " ").split())
