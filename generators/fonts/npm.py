"""Pinned npm packages through the npm client; nothing is unpacked before its sha512 is right."""

import base64
import hashlib
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Final

from generators.fonts.errors import FontSourceError

TIMEOUT_SECONDS: Final = 600


def has_npm() -> bool:
    return shutil.which("npm") is not None


def pack(package: str, version: str, integrity: str, into: Path) -> Path:
    """Download one package into the folder `into`; returns the verified tarball.

    Raises: FontSourceError when npm is missing, fails, or gives other bytes than the pinned ones.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise FontSourceError("npm is not installed")
    name = f"{package}@{version}"
    command = [npm, "pack", name, "--silent", "--ignore-scripts", "--pack-destination", str(into)]
    before = set(into.glob("*.tgz"))
    try:
        # Its own folder as working directory: a package.json above must not steer the client.
        subprocess.run(  # noqa: S603 - fixed arguments from the packaged catalogue
            command, cwd=into, check=True, capture_output=True, text=True, timeout=TIMEOUT_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise FontSourceError(f"npm pack {name} took longer than {TIMEOUT_SECONDS} s") from None
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip() or "no message").splitlines()[-1]
        raise FontSourceError(f"npm pack {name} failed: {last}") from None
    found = set(into.glob("*.tgz")) - before
    if len(found) != 1:
        raise FontSourceError(f"npm pack {name} left no package")
    tarball = found.pop()
    verify(tarball, integrity, name)
    return tarball


def verify(tarball: Path, integrity: str, name: str) -> None:
    """Compare with the pinned subresource-integrity string. Raises: FontSourceError."""
    with tarball.open("rb") as file:
        digest = hashlib.file_digest(file, "sha512").digest()
    if f"sha512-{base64.b64encode(digest).decode()}" != integrity:
        raise FontSourceError(f"{name} is not the pinned package (its sha512 differs)")


def read_member(tarball: Path, file: str) -> bytes:
    """The bytes of one file of the package. Raises: FontSourceError when it has none such."""
    with tarfile.open(tarball, "r:gz") as archive:
        try:
            member = archive.extractfile(f"package/{file}")
        except KeyError:
            member = None
        if member is None:
            raise FontSourceError(f"{tarball.name} has no file {file}")
        return member.read()


def unpack(tarball: Path, into: Path) -> Path:
    """Unpack the plain files of a whole verified package; returns its root.

    Raises: FontSourceError when one of them would land outside of the folder `into`.
    """
    root = into.resolve()
    with tarfile.open(tarball, "r:gz") as archive:
        for member in filter(tarfile.TarInfo.isfile, archive):
            place, file = (root / member.name).resolve(), archive.extractfile(member)
            if file is None or not place.is_relative_to(root):
                raise FontSourceError(f"{tarball.name} holds a file for somewhere else")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(file.read())  # not extractall(filter=...): Debian 12 has Python 3.11.2
    return into / "package"
