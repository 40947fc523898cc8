"""What comes beside a file to verify it by: certificate, records of exports, proofs; loose or in a bundle.

Nothing here is believed or even parsed further than to tell one from another.
"""

import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import regex

MOST_MEMBERS: Final = 32  # files in a bundle; ours have six
MOST_EVIDENCE_BYTES: Final = 64 * 1024  # of one certificate, record or proof
MOST_PIECES: Final = 8  # of each
MOST_FILE_BYTES: Final = 64 * 1024 * 1024  # of anything else in a bundle
_PROOF: Final = b"c2sp.org/tlog-proof@"
_RECORD: Final = b'"type":"export"'
_ENTRY: Final = b'"type":"certificate"'
_CERTIFICATE: Final = (b'"statement"', b'"signature"')  # either: the other may be what was altered
_BESIDE: Final = regex.compile(r"(certificate|export)[\w.-]*\.json|.*\.tlog-proof")
_EXPLAINING: Final = regex.compile(r"certificate\.pdf|(how-to|如何).*\.md")  # what people read
_HIDDEN: Final = "."  # what systems leave in archives


class BundleError(ValueError):
    """Not a bundle, damaged, or larger than any."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Unverified. records: entries of the log about further files of the certified work.

    entry: the leaf of the certificate, for those who verify without us; the certificate says the same.
    strays: pieces that should be evidence and are none: damaged, or somebody's.
    """

    certificate: bytes | None = None
    entry: bytes | None = None
    records: tuple[bytes, ...] = ()
    proofs: tuple[str, ...] = ()
    strays: int = 0

    def __bool__(self) -> bool:
        return self.certificate is not None or bool(self.records or self.proofs or self.strays)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A file with its evidence. name: of the file in the bundle; None when there is none."""

    name: str | None
    content: bytes | None
    evidence: Evidence


def gather(pieces: Iterable[bytes]) -> Evidence:
    """Tell certificate, records and proofs apart; the first certificate counts, everything else is stray."""
    certificates: list[bytes] = []
    entries: list[bytes] = []
    records: list[bytes] = []
    proofs: list[str] = []
    strays = 0
    for piece in pieces:
        if len(piece) <= MOST_EVIDENCE_BYTES and piece.startswith(_PROOF) and len(proofs) < MOST_PIECES:
            proofs.append(piece.decode("utf-8", "replace"))
        elif len(piece) <= MOST_EVIDENCE_BYTES and _RECORD in piece and len(records) < MOST_PIECES:
            records.append(piece)
        elif any(key in piece for key in _CERTIFICATE) and not certificates:
            certificates.append(piece)
        elif len(piece) <= MOST_EVIDENCE_BYTES and _ENTRY in piece and not entries:
            entries.append(piece)
        else:
            strays += 1
    return Evidence(
        certificate=certificates[0] if certificates else None,
        entry=entries[0] if entries else None,
        records=tuple(records),
        proofs=tuple(proofs),
        strays=strays,
    )


def is_bundle(content: bytes) -> bool:
    """Whether it may be a ZIP."""
    return content.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def open_bundle(content: bytes) -> Bundle:
    """A ZIP of ours, or somebody's. Raises: BundleError."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _choose(_named(_members(archive)))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise BundleError("not a whole ZIP file") from error


def read_folder(folder: Path) -> Evidence:
    """The evidence in an unpacked bundle, or in any folder. Raises: BundleError; OSError."""
    paths = sorted(path for path in folder.iterdir() if path.is_file() and _is_beside(path.name))
    if len(paths) > MOST_MEMBERS:
        raise BundleError("more evidence than any bundle has")
    pieces = []
    for path in paths:
        with path.open("rb") as file:
            pieces.append(file.read(MOST_EVIDENCE_BYTES + 1))
    return gather(pieces)


def _members(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    """Unpacked with a bound on what arrives: sizes in the directory may lie."""
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) > MOST_MEMBERS:
        raise BundleError("more files than any bundle has")
    left = MOST_FILE_BYTES
    for member in members:
        with archive.open(member) as file:
            content = file.read(left + 1)
        left -= len(content)
        if left < 0:
            raise BundleError("larger than any bundle")
        yield member.filename.rpartition("/")[2], content


def _named(members: Iterable[tuple[str, bytes]]) -> Mapping[str, bytes]:
    """By name, whatever the folder. Raises: BundleError: we would look at one, and people at the other."""
    files: dict[str, bytes] = {}
    for name, content in members:
        if name in files:
            raise BundleError("two files of one name")
        files[name] = content
    return files


def _choose(files: Mapping[str, bytes]) -> Bundle:
    """Raises: BundleError: what is said of one file would be believed of the other."""
    evidence = gather(content for name, content in files.items() if _is_beside(name))
    others = [name for name in files if not _is_beside(name)]
    about = [name for name in others if not _is_explaining(name)]
    if len(about) > 1:
        raise BundleError("more than one file that it could be about")
    name = next(iter(about or others), None)
    return Bundle(name, files[name] if name else None, evidence)


def _is_beside(name: str) -> bool:
    return not name.startswith(_HIDDEN) and _BESIDE.fullmatch(name.lower()) is not None


def _is_explaining(name: str) -> bool:
    return name.startswith(_HIDDEN) or _EXPLAINING.fullmatch(name.lower()) is not None
