"""Writing what was made: whole or not at all, and never over something else."""

import io
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeVar

import typer

from generators.specs import CardFormat, PictureFormat

SUFFIXES: Final = {
    ".png": PictureFormat.PNG,
    ".jpg": PictureFormat.JPEG,
    ".jpeg": PictureFormat.JPEG,
    ".webp": PictureFormat.WEBP,
}
CARD_SUFFIXES: Final = {
    **{suffix: CardFormat(picture.value) for suffix, picture in SUFFIXES.items()},
    ".mp4": CardFormat.MP4,
    ".html": CardFormat.HTML,
}
_Format = TypeVar("_Format", PictureFormat, CardFormat)
OUTPUT: Final = "--output"


def choose_format(path: Path, wanted: PictureFormat | None) -> PictureFormat:
    """The picture format that was asked for, or the one that the file's name says.

    Raises: typer.BadParameter: the name says none that we can write.
    """
    return wanted or _said_by(path, SUFFIXES)


def choose_card_format(path: Path, wanted: CardFormat | None) -> CardFormat:
    """As `choose_format`, for cards, which move as well; .webp alone says a still one."""
    return wanted or _said_by(path, CARD_SUFFIXES)


def _said_by(path: Path, suffixes: Mapping[str, _Format]) -> _Format:
    try:
        return suffixes[path.suffix.lower()]
    except KeyError as error:
        known = ", ".join(suffixes)
        raise typer.BadParameter(
            f"{path.name} should end in one of {known}, or give --format", param_hint=OUTPUT
        ) from error


def require_free(path: Path, *, force: bool) -> None:
    """Refuse before any work is done. Raises: typer.BadParameter."""
    if not path.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {path.parent}", param_hint=OUTPUT)
    if path.is_dir():
        raise typer.BadParameter(f"{path} is a folder", param_hint=OUTPUT)
    if os.path.lexists(path) and not force:
        raise typer.BadParameter(f"{path} exists; --force replaces it", param_hint=OUTPUT)


def write_whole(path: Path, content: bytes, *, force: bool) -> None:
    """Write beside the place, then move there: a reader sees all of it or nothing.

    Raises: FileExistsError: without `force`, also when the file has appeared meanwhile; OSError.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if force:
            part.replace(path)
        else:
            _move_to_free(part, path)
    finally:
        part.unlink(missing_ok=True)


def _move_to_free(part: Path, path: Path) -> None:
    """A rename would replace; a link refuses to, and where there are no links, exclusive creation does."""
    try:
        path.hardlink_to(part)
    except FileExistsError:
        raise
    except OSError:
        path.open("xb").close()
        part.replace(path)


def save(path: Path, content: bytes, *, force: bool) -> None:
    """As `write_whole`, for a command. Raises: typer.Exit: with status 1, after saying why."""
    try:
        write_whole(path, content, force=force)
    except OSError as error:
        typer.echo(f"{path} was not written: {error.strerror or error}", err=True)
        raise typer.Exit(1) from error


def print_text(text: str) -> None:
    """To stdout; a terminal that cannot show a character shows a question mark instead of a traceback."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    typer.echo(text, nl=not text.endswith("\n"))
