"""Where fetched fonts lie: `<id>.ttf`, its licence and a receipt that says what was installed."""

import hashlib
import os
import secrets
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from core.settings import load_settings
from generators.fonts.catalogue import FontEntry

FOLDER_NAME: Final = "fonts"


class Receipt(BaseModel):
    """Written last, so a font with a receipt is complete."""

    model_config = ConfigDict(frozen=True)

    source: Literal["npm", "debian"]
    package: str
    version: str
    sha256: str  # of the TrueType file in the folder
    size_bytes: int


def default_folder() -> Path:
    """The configured fonts folder, or the one in the data folder; absolute."""
    settings = load_settings()
    return (settings.fonts_dir or settings.data_dir / FOLDER_NAME).absolute()


def font_path(folder: Path, font_id: str) -> Path:
    return folder / f"{font_id}.ttf"


def licence_path(folder: Path, font_id: str) -> Path:
    return folder / f"{font_id}.LICENSE.txt"


def read_receipt(folder: Path, font_id: str) -> Receipt | None:
    """The receipt of a font whose file has the size it says; None when missing or damaged."""
    try:
        receipt = Receipt.model_validate_json((folder / f"{font_id}.json").read_bytes())
        complete = font_path(folder, font_id).stat().st_size == receipt.size_bytes
    except (OSError, ValidationError):
        return None
    return receipt if complete else None


def is_current(folder: Path, entry: FontEntry) -> bool:
    """Whether the pinned font lies there with exactly the bytes its receipt names."""
    receipt = read_receipt(folder, entry.id)
    if receipt is None:
        return False
    pinned = (
        receipt.version == entry.npm.version
        if receipt.source == "npm"
        else entry.debian is not None and receipt.sha256 == entry.debian.sha256
    )
    return pinned and _digest(font_path(folder, entry.id)) == receipt.sha256


def face_index(folder: Path, entry: FontEntry) -> int:
    """The face's place in its file: Debian ships some fonts as collections."""
    receipt = read_receipt(folder, entry.id)
    from_debian = receipt is not None and receipt.source == "debian"
    return entry.debian.index if from_debian and entry.debian else 0


def install(
    folder: Path,
    entry: FontEntry,
    data: bytes,
    licence: str,
    *,
    source: Literal["npm", "debian"],
    version: str,
) -> None:
    """Put a font in its place: file, licence, then receipt, each by an atomic rename."""
    origin = entry.debian if source == "debian" and entry.debian else entry.npm
    receipt = Receipt(
        source=source,
        package=origin.package,
        version=version,
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
    )
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(font_path(folder, entry.id), data)
    write_atomically(licence_path(folder, entry.id), licence.encode())
    write_atomically(folder / f"{entry.id}.json", receipt.model_dump_json(indent=1).encode())


def write_atomically(path: Path, data: bytes) -> None:
    """Readers see the old bytes or the new ones, never a part."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
