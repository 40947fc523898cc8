"""Fonts out of Debian packages, without root: download, unpack aside, check the file's sha256."""

import hashlib
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from generators.fonts.catalogue import DebianSource
from generators.fonts.errors import FontSourceError

TIMEOUT_SECONDS: Final = 600


@dataclass(frozen=True, slots=True)
class DebianFont:
    data: bytes
    licence: str
    version: str


def has_apt() -> bool:
    return shutil.which("apt-get") is not None and shutil.which("dpkg-deb") is not None


def get_font(source: DebianSource, into: Path) -> DebianFont:
    """Download the package into `into` (once) and take one font out of it.

    Raises: FontSourceError when apt is missing or fails, or the file is not the pinned one.
    """
    if not has_apt():
        raise FontSourceError("apt-get or dpkg-deb is not installed")
    root = into / source.package
    if not root.is_dir():
        _unpack(_download(source.package, into), root)
    return _take(source, root)


def _take(source: DebianSource, root: Path) -> DebianFont:
    path = root / source.file
    if not path.is_file():
        raise FontSourceError(f"{source.package} has no file {source.file}")
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != source.sha256:
        raise FontSourceError(f"{source.package} holds another version of {path.name} than the pinned one")
    licence = (root / "usr/share/doc" / source.package / "copyright").read_text(encoding="utf-8")
    version = _run(["dpkg-deb", "-f", str(_archive(source.package, root.parent)), "Version"], root).strip()
    return DebianFont(data, licence, version)


def _download(package: str, into: Path) -> Path:
    try:
        _run(["apt-get", "download", package], into)
    except FontSourceError:
        # Slim images carry no package lists, and only root may write the machine's: use private ones.
        private = _private_lists(into / "apt")
        _run(["apt-get", *private, "update"], into)
        _run(["apt-get", *private, "download", package], into)
    return _archive(package, into)


def _private_lists(folder: Path) -> Sequence[str]:
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return (
        f"-oDir::State::lists={folder / 'lists'}",
        f"-oDir::Cache={folder / 'cache'}",
        "-oAPT::Sandbox::User=",
    )


def _archive(package: str, folder: Path) -> Path:
    found = sorted(folder.glob(f"{package}_*.deb"))
    if not found:
        raise FontSourceError(f"apt-get download {package} left no package")
    return found[-1]


def _unpack(archive: Path, root: Path) -> None:
    part = root.with_name(f"{root.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    _run(["dpkg-deb", "-x", str(archive), str(part)], archive.parent)
    part.rename(root)


def _run(command: Sequence[str], cwd: Path) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments from the packaged catalogue
            command, cwd=cwd, check=True, capture_output=True, text=True, timeout=TIMEOUT_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise FontSourceError(f"{' '.join(command[:3])} took longer than {TIMEOUT_SECONDS} s") from None
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip() or "no message").splitlines()[-1]
        raise FontSourceError(f"{' '.join(command[:3])} failed: {last}") from None
    return done.stdout
