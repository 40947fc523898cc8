"""`huajian doctor`: what is switched on, what is missing, how to switch it on."""

import asyncio
import dataclasses
import json
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated, Final

import typer

from service.main.commands.environment import keep_logs_quiet, read_settings
from service.main.commands.files import print_text
from service.main.doctor.examination import count, examine
from service.main.doctor.findings import MARKS, Finding, Section, Verdict

app = typer.Typer(add_completion=False)
COLOURS: Final = {Verdict.OK: "green", Verdict.NOTE: "yellow", Verdict.BROKEN: "red"}


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    start: Annotated[
        bool, typer.Option("--start", help="Start embedded engines that sleep, and stop them again.")
    ] = False,
) -> None:
    """Say what is switched on, what is missing, and how to switch it on.

    Looks, and changes nothing. ✓ works, ! could be better or is off, ✗ is needed and broken: then the
    status is 1.
    """
    keep_logs_quiet()
    sections = asyncio.run(examine(read_settings(), start=start))
    print_text(to_json(sections) if as_json else to_text(sections))
    if count(sections, Verdict.BROKEN):
        raise typer.Exit(1)


def to_json(sections: Sequence[Section]) -> str:
    """One object; `ok` is what the exit status says."""
    facts = {
        "version": version("huajian"),
        "ok": count(sections, Verdict.BROKEN) == 0,
        "sections": [dataclasses.asdict(section) for section in sections],
    }
    return json.dumps(facts, ensure_ascii=False, indent=2)


def to_text(sections: Sequence[Section]) -> str:
    """For a person: a line a finding, and what to do beneath."""
    lines: list[str] = []
    for section in sections:
        lines += [typer.style(section.name, bold=True), *map(_describe, section.findings), ""]
    notes, breaks = count(sections, Verdict.NOTE), count(sections, Verdict.BROKEN)
    verdict = f"{breaks} broken" if breaks else "Everything that is needed works"
    return "\n".join([*lines, f"{verdict}; {notes} worth a look."])


def _describe(finding: Finding) -> str:
    mark = typer.style(MARKS[finding.verdict], fg=COLOURS[finding.verdict])
    line = f"  {mark} {finding.name}: {finding.says}"
    return line if finding.advice is None else f"{line}\n      → {finding.advice}"
