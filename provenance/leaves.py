"""The entries of the log: canonical JSON that names nobody. What each says is what anybody can recompute.

Source: RFC 8785 for the bytes. A commitment stands for the owner: without its salt, which is kept apart and
goes with the account, nobody can tell whose it is.
"""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any, Final

import rfc8785

VERSION: Final = 1
SALT_BYTES: Final = 32


def canonical(value: dict[str, Any]) -> bytes:
    """The one way to write it. Raises: rfc8785.CanonicalizationError."""
    return rfc8785.dumps(value)


def parse(content: bytes) -> Any:  # noqa: ANN401 - whatever it is
    """JSON that every reader understands alike: no key stands twice. Raises: ValueError, RecursionError."""
    return json.loads(content, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def moment(at: datetime) -> str:
    """RFC 3339 in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def commit(salt: bytes, owner: str, title: str) -> bytes:
    """What stands for a work's owner and title. Whoever knows all three can show that they belong to it."""
    return hashlib.sha256(canonical({"owner": owner, "salt": salt.hex(), "title": title})).digest()


def certificate_entry(
    *,
    number: str,
    content_sha256: bytes,
    manifest_sha256: bytes | None,
    commitment: bytes,
    issued_at: datetime,
) -> bytes:
    """manifest_sha256: None for files that cannot carry a C2PA manifest."""
    return canonical(
        {
            "v": VERSION,
            "type": "certificate",
            "certificate": number,
            "content_sha256": content_sha256.hex(),
            "manifest_sha256": None if manifest_sha256 is None else manifest_sha256.hex(),
            "commitment": commitment.hex(),
            "at": moment(issued_at),
        }
    )


def export_entry(
    *, number: str, sha256: bytes, manifest_sha256: bytes | None, media_type: str, made_at: datetime
) -> bytes:
    """A further file of a certified work."""
    return canonical(
        {
            "v": VERSION,
            "type": "export",
            "certificate": number,
            "sha256": sha256.hex(),
            "manifest_sha256": None if manifest_sha256 is None else manifest_sha256.hex(),
            "media_type": media_type,
            "at": moment(made_at),
        }
    )


def transfer_entry(*, number: str, commitment: bytes, at: datetime) -> bytes:
    """From now on another owner; the commitment is theirs, under a salt of its own."""
    return canonical(
        {
            "v": VERSION,
            "type": "transfer",
            "certificate": number,
            "commitment": commitment.hex(),
            "at": moment(at),
        }
    )


def revocation_entry(*, number: str, reason: str, at: datetime) -> bytes:
    """reason: a code, never somebody's words."""
    return canonical(
        {"v": VERSION, "type": "revocation", "certificate": number, "reason": reason, "at": moment(at)}
    )
