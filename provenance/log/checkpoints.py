"""Checkpoints: what the log says of itself, in three lines and signed.

Source: c2sp.org/tlog-checkpoint v1.0.0.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import regex

from provenance.log.errors import LogFormatError, ProofError
from provenance.log.merkle import HASH_BYTES
from provenance.log.notes import Note, Verifier, decode, parse_note

_SIZE: Final = regex.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree of `size` leaves has this root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    checkpoint: Checkpoint
    note: Note


def parse_checkpoint(signed: str) -> SignedCheckpoint:
    """Signatures are not checked; extension lines are allowed, and signed with the rest.

    Raises: LogFormatError.
    """
    note = parse_note(signed)
    lines = note.text[:-1].split("\n")
    if len(lines) < 3 or not lines[0] or "" in lines or _SIZE.fullmatch(lines[1]) is None:
        raise LogFormatError("not a checkpoint")
    root = decode(lines[2])
    if len(root) != HASH_BYTES:
        raise LogFormatError("the root is no hash")
    return SignedCheckpoint(Checkpoint(lines[0], int(lines[1]), root), note)


def open_checkpoint(signed: str, verifier: Verifier, witnesses: Sequence[Verifier] = ()) -> Checkpoint:
    """A checkpoint that the log signed; every given witness must have signed it too.

    The log's key has the origin for its name.

    Raises: LogFormatError, ProofError.
    """
    found = parse_checkpoint(signed)
    if found.checkpoint.origin != verifier.name:
        raise ProofError(f"a checkpoint of {found.checkpoint.origin}, not of {verifier.name}")
    for one in (verifier, *witnesses):
        found.note.require(one)
    return found.checkpoint


def add_signatures(signed: str, lines: Sequence[str]) -> str:
    """The note with more signature lines below."""
    return signed + "".join(f"{line}\n" for line in lines if f"{line}\n" not in signed)
