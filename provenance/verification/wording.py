"""What a report says to people, in zh or en."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from provenance.verification.report import Answer, Check, Outcome

_TEXTS: Final[Mapping[str, Any]] = tomllib.loads(Path(__file__).with_name("wording.toml").read_text("utf-8"))


def title_of(answer: Answer, language: str) -> str:
    return str(_TEXTS["answers"][answer]["title"][language])


def summary_of(answer: Answer, language: str) -> str:
    return str(_TEXTS["answers"][answer]["summary"][language])


def name_of_step(step: str, language: str) -> str:
    return str(_TEXTS["steps"][step][language])


def name_of_outcome(outcome: Outcome, language: str) -> str:
    return str(_TEXTS["outcomes"][outcome][language])


def text_of(check: Check, language: str) -> str:
    """One sentence or two; facts come from the file, so they are text and never markup."""
    return str(_TEXTS["checks"][check.code][language]).format_map(check.facts)


def never_checked(code: str, language: str) -> str:
    return str(_TEXTS["never"][code][language])
