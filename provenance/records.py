"""Records of exports: entries of the log, each about one further file of a certified work."""

from dataclasses import dataclass
from typing import Any, Final

import regex
import rfc8785

from provenance.certificates import NUMBER
from provenance.leaves import VERSION, canonical, parse

MAX_BYTES: Final = 4096
_HEX: Final = regex.compile(r"[0-9a-f]{64}")


class RecordError(ValueError):
    """Not the record of an export as this version writes it."""


@dataclass(frozen=True, slots=True)
class ExportRecord:
    """entry: the leaf's bytes. number: of the certificate. sha256: of the file."""

    entry: bytes
    number: str
    sha256: bytes
    manifest_sha256: bytes | None
    media_type: str


def read_record(content: bytes) -> ExportRecord:
    """Nothing is verified; a record means something only with its proof. Raises: RecordError."""
    if len(content) > MAX_BYTES:
        raise RecordError("longer than any record")
    try:
        return _read(parse(content), content)
    except RecordError:
        raise
    except (ValueError, KeyError, TypeError, RecursionError, rfc8785.CanonicalizationError) as error:
        raise RecordError("not a record") from error


def _read(found: dict[str, Any], content: bytes) -> ExportRecord:
    if (found["v"], found["type"]) != (VERSION, "export") or NUMBER.fullmatch(found["certificate"]) is None:
        raise RecordError("not the record of an export")
    if canonical(found) != content:
        raise RecordError("not as it stands in the log")
    manifest = found["manifest_sha256"]
    return ExportRecord(
        entry=content,
        number=found["certificate"],
        sha256=_hash(found["sha256"]),
        manifest_sha256=None if manifest is None else _hash(manifest),
        media_type=str(found["media_type"]),
    )


def _hash(value: str) -> bytes:
    if _HEX.fullmatch(value) is None:
        raise RecordError("not a SHA-256")
    return bytes.fromhex(value)
