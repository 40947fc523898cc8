"""The whole examination, section by section."""

import importlib
from collections.abc import Sequence
from typing import Final

from core.settings import Settings
from service.main.doctor.findings import Section, Verdict, broken, one_line
from service.main.doctor.python import REINSTALL, examine_python

REST: Final = "service.main.doctor.sections"


async def examine(settings: Settings, *, start: bool = False) -> list[Section]:
    """Look at everything. Nothing is written, and nothing started unless `start`.

    What looks at the rest is imported only here: a doctor that cannot be imported where a package is
    missing would be no doctor.
    """
    python = Section("Python", examine_python())
    try:
        rest = importlib.import_module(REST)
    except ImportError as error:
        return [python, Section("Installation", [broken("Import", one_line(error), REINSTALL)])]
    sections: list[Section] = await rest.examine_rest(settings, start=start)
    return [python, *sections]


def count(sections: Sequence[Section], verdict: Verdict) -> int:
    """How many findings say so."""
    return sum(finding.verdict is verdict for section in sections for finding in section.findings)
