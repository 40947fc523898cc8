"""`huajian templates`: what there is, and whether a template bears everything that may stand on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import cv2
import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from generators.backends.studio.card.templates.checking import Finding, check_template, count_trials
from generators.backends.studio.card.templates.entry import Template
from generators.backends.studio.card.templates.shelf import (
    TemplateError,
    load_templates,
    read_template,
    trying,
)
from generators.contracts import Pixels
from generators.encoders import encode
from generators.specs import PictureFormat
from service.main.commands.environment import read_settings
from service.main.commands.files import require_free, save

THUMBNAIL_PX: Final = (216, 288)
A_ROW: Final = 12
FAILED: Final = 1

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def templates() -> None:
    """See and check card templates.

    docs/templates.md says how to write one.
    """


@app.command("list")
def list_templates() -> None:
    """List the shipped templates and those of HUAJIAN_TEMPLATES_DIR, one a line."""
    for template in _load().values():
        photo = "needs a photo" if template.needs_photo else "takes a photo" if template.takes_photo else ""
        languages = ",".join(sorted(template.languages))
        line = f"{template.id:<14} {template.names.en:<18} {template.names.zh:<6} {languages:<6} {photo}"
        typer.echo(line.rstrip())


@app.command()
def check(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="Template files; none: all there are.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write a contact sheet there, a .png.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
) -> None:
    """Render with the longest and shortest inputs; report what overlaps, overflows or cannot be read.

    The status is 1 when anything was found.
    """
    if out is not None:
        require_free(out, force=force)
    chosen = _read(paths) if paths else list(_load().values())
    findings, pictures = _check_all(chosen, with_pictures=out is not None)
    for finding in findings:
        typer.echo(f"{finding.template}: {finding.kind}: {finding.says} ({finding.trial})")
    if out is not None:
        save(out, encode(contact_sheet(pictures), PictureFormat.PNG), force=force)
        typer.echo(out)
    names = ", ".join(template.id for template in chosen)
    typer.echo(f"{len(findings)} problems in {names}" if findings else f"No problems in {names}", err=True)
    if findings:
        raise typer.Exit(FAILED)


def _check_all(chosen: Sequence[Template], *, with_pictures: bool) -> tuple[list[Finding], list[Pixels]]:
    console = Console(stderr=True)
    pictures: list[Pixels] = []
    findings: list[Finding] = []

    def keep(pixels: Pixels) -> None:
        pictures.append(cv2.resize(pixels, THUMBNAIL_PX, interpolation=cv2.INTER_AREA).astype(np.uint8))

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        for template in chosen:
            total = count_trials(template, with_pictures=with_pictures)
            tell = _Teller(bar, bar.add_task(template.id, total=total))
            with trying(template):
                findings += check_template(
                    template, on_trial=tell, on_picture=keep if with_pictures else None
                )
    return findings, pictures


@dataclass(frozen=True, slots=True)
class _Teller:
    """Moves one bar on."""

    bar: Progress
    task: TaskID

    def __call__(self, trial: str) -> None:
        self.bar.advance(self.task)


def contact_sheet(pictures: Sequence[Pixels]) -> Pixels:
    """Thumbnails in rows on white, RGB."""
    width, height = THUMBNAIL_PX
    blank = np.full((height, width, 3), 255, np.uint8)
    padded = [*pictures, *[blank] * (-len(pictures) % A_ROW)]
    rows = [np.hstack(padded[start : start + A_ROW]) for start in range(0, len(padded), A_ROW)]
    return np.ascontiguousarray(np.vstack(rows))


def _read(paths: Sequence[Path]) -> list[Template]:
    try:
        return [read_template(path) for path in paths]
    except TemplateError as error:
        raise _unusable(error) from error


def _load() -> dict[str, Template]:
    read_settings()
    try:
        return dict(load_templates())
    except TemplateError as error:
        raise _unusable(error) from error


def _unusable(error: TemplateError) -> typer.Exit:
    typer.echo(str(error), err=True)
    return typer.Exit(FAILED)
