"""The report in a batch's archive: what became of each row, for people and their spreadsheet programs."""

import csv
import io
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from service.batches.names import plain_cell

MARK: Final = "\ufeff"  # without it, Excel takes UTF-8 for the local code page
TEXTS: Final[Mapping[str, Mapping[str, Any]]] = tomllib.loads(
    Path(__file__).with_name("report.toml").read_text("utf-8")
)


@dataclass(frozen=True, slots=True)
class ReportLine:
    """`outcome` is the end of the row's job, or "bad"; problems have a "code", and perhaps a "loc"."""

    line: int
    recipient: str
    outcome: str
    files: Sequence[str]
    problems: Sequence[Mapping[str, Any]]


def write_report(lines: Iterable[ReportLine], language: str) -> bytes:
    """CSV as Excel opens it: UTF-8 with its mark, CRLF (RFC 4180); no cell is a formula."""
    texts = TEXTS[language]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(texts["headers"])
    for line in lines:
        reasons = "; ".join(_reason(problem, texts) for problem in line.problems)
        cells = (line.recipient, texts["outcomes"][line.outcome], " ".join(line.files), reasons)
        writer.writerow([str(line.line), *map(plain_cell, cells)])
    return (MARK + buffer.getvalue()).encode()


def _reason(problem: Mapping[str, Any], texts: Mapping[str, Any]) -> str:
    code = str(problem["code"])
    reason = texts["reasons"].get(code, code)
    loc = problem.get("loc")
    return f"{texts['fields'].get(loc[0], loc[0])}: {reason}" if loc else str(reason)
