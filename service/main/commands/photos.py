"""A photo from the user's own disk, treated with the same suspicion as one that was uploaded."""

import asyncio
from pathlib import Path
from typing import Final

import typer

from core.errors import DomainError
from service.main.commands.environment import keep_logs_quiet, read_settings
from service.photos.sandbox import PhotoSandbox

PHOTO: Final = "--photo"


def read_photo(path: Path) -> bytes:
    """Upright, sRGB, without metadata, as JPEG. Raises: typer.BadParameter."""
    keep_logs_quiet()
    most_bytes = read_settings().limits.photo_bytes
    try:
        with path.open("rb") as file:
            content = file.read(most_bytes + 1)
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror or error}", param_hint=PHOTO) from error
    if len(content) > most_bytes:
        raise typer.BadParameter(f"{path} has more than {most_bytes:,} bytes", param_hint=PHOTO)
    try:
        return asyncio.run(PhotoSandbox().decode(content)).jpeg
    except DomainError as refusal:
        raise typer.BadParameter(str(refusal), param_hint=PHOTO) from refusal
