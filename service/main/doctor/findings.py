"""What the doctor says of one thing."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from core.database import DatabaseAwayError


class Verdict(StrEnum):
    OK = "ok"
    NOTE = "note"  # works without, or is worth a thought; `advice` says how to switch it on
    BROKEN = "broken"  # something that is needed does not work


MARKS: Final = {Verdict.OK: "✓", Verdict.NOTE: "!", Verdict.BROKEN: "✗"}


@dataclass(frozen=True, slots=True)
class Finding:
    """`advice` is a command to type or a variable to set; None where nothing is to be done."""

    name: str
    verdict: Verdict
    says: str
    advice: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    name: str
    findings: Sequence[Finding]


def ok(name: str, says: str) -> Finding:
    return Finding(name, Verdict.OK, says)


def note(name: str, says: str, advice: str | None = None) -> Finding:
    return Finding(name, Verdict.NOTE, says, advice)


def broken(name: str, says: str, advice: str) -> Finding:
    return Finding(name, Verdict.BROKEN, says, advice)


def without_secrets(url: str) -> str:
    """An address for showing: no user, password or query."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"


def one_line(error: BaseException) -> str:
    """What an error says to operators, in one line; its name when it says nothing."""
    says = error.reason if isinstance(error, DatabaseAwayError) else str(error)
    return says.strip().partition("\n")[0] or type(error).__name__
