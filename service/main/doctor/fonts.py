"""Which fonts cards are set in, and under which licences."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from generators.fonts.report import FontReport, in_use
from service.main.doctor.findings import Finding, broken, note, ok


def examine_fonts(folder: Path | None = None) -> list[Finding]:
    """One finding a family in use, and one for all that wait for the same remedy.

    Args:
        folder: None means this installation's.
    """
    reports = in_use(folder)
    good = [report for report in reports if report.is_in_use and report.advice is None]
    lacking = sorted((report for report in reports if report not in good), key=_remedy)
    families = {report.family: report for report in good}
    return [
        *(
            ok(name, f"{report.version}, {report.licence}, {report.source}")
            for name, report in families.items()
        ),
        *(_describe(remedy, list(group)) for remedy, group in groupby(lacking, key=_remedy)),
    ]


def _remedy(report: FontReport) -> str:
    return report.advice or "make setup"


def _describe(remedy: str, reports: Sequence[FontReport]) -> Finding:
    families = ", ".join(dict.fromkeys(report.family for report in reports))
    if any(report.version == "bundled" for report in reports):  # the last resort is gone
        return broken("Missing", families, remedy)
    return note("Outdated" if all(report.is_in_use for report in reports) else "Missing", families, remedy)
