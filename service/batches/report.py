"""The report in a batch's archive: what became of each row, for people and their spreadsheet programs."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from service.batches.names import plain_cell

MARK: Final = "\ufeff"  # without it, Excel takes UTF-8 for the local code page
HEADERS: Final = {
    "zh": ("行", "收件人", "结果", "文件", "原因"),
    "en": ("line", "recipient", "outcome", "file", "reason"),
}
OUTCOMES: Final = {
    "zh": {
        "succeeded": "已完成",
        "rejected": "未通过审核",
        "failed": "失败",
        "cancelled": "已取消",
        "bad": "有误",
    },
    "en": {
        "succeeded": "made",
        "rejected": "refused",
        "failed": "failed",
        "cancelled": "cancelled",
        "bad": "not made",
    },
}


@dataclass(frozen=True, slots=True)
class ReportLine:
    """`outcome` is a key of OUTCOMES."""

    line: int
    recipient: str
    outcome: str
    file: str
    reason: str


def write_report(lines: Iterable[ReportLine], language: str) -> bytes:
    """CSV as Excel opens it: UTF-8 with its mark, CRLF (RFC 4180); no cell is a formula."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(HEADERS[language])
    for line in lines:
        outcome = OUTCOMES[language][line.outcome]
        cells = (line.recipient, outcome, line.file, line.reason)
        writer.writerow([str(line.line), *map(plain_cell, cells)])
    return (MARK + buffer.getvalue()).encode()
