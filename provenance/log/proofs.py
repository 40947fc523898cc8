"""`.tlog-proof`: everything that shows, without asking anybody, that an entry is in the log.

Source: c2sp.org/tlog-proof v1: `index`, the inclusion proof, and the checkpoint as it was signed.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import regex

from provenance.log.checkpoints import Checkpoint, open_checkpoint, parse_checkpoint
from provenance.log.errors import LogFormatError
from provenance.log.merkle import HASH_BYTES, leaf_hash, verify_inclusion
from provenance.log.notes import Verifier, decode

MEDIA_TYPE: Final = "text/plain; charset=utf-8"
MAX_BYTES: Final = 64 * 1024
_HEAD: Final = "c2sp.org/tlog-proof@v1"
_INDEX: Final = regex.compile(r"index (0|[1-9][0-9]{0,18})")
_DEEPEST: Final = 63


@dataclass(frozen=True, slots=True)
class LogProof:
    """path: the inclusion proof. checkpoint: the signed note, verbatim."""

    index: int
    path: Sequence[bytes]
    checkpoint: str

    def to_text(self) -> str:
        path = "".join(f"{base64.b64encode(one).decode()}\n" for one in self.path)
        return f"{_HEAD}\nindex {self.index}\n{path}\n{self.checkpoint}"

    @property
    def claims(self) -> Checkpoint:
        """What its checkpoint says, unchecked. Raises: LogFormatError."""
        return parse_checkpoint(self.checkpoint).checkpoint

    def verify(self, entry: bytes, verifier: Verifier, witnesses: Sequence[Verifier] = ()) -> Checkpoint:
        """The checkpoint in whose tree the entry is proved to be.

        Raises: LogFormatError, ProofError.
        """
        checkpoint = open_checkpoint(self.checkpoint, verifier, witnesses)
        verify_inclusion(leaf_hash(entry), self.index, checkpoint.size, self.path, checkpoint.root)
        return checkpoint


def parse_proof(text: str) -> LogProof:
    """Nothing is verified. Raises: LogFormatError."""
    if len(text) > MAX_BYTES:
        raise LogFormatError("a proof of that length")
    head, gap, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if not gap or lines[0] != _HEAD:
        raise LogFormatError("not a proof")
    rest = lines[2:] if len(lines) > 1 and lines[1].startswith("extra ") else lines[1:]
    index = _INDEX.fullmatch(rest[0]) if rest else None
    if index is None or len(rest) - 1 > _DEEPEST:
        raise LogFormatError("not a proof")
    path = [decode(line) for line in rest[1:]]
    if any(len(one) != HASH_BYTES for one in path):
        raise LogFormatError("a hash of another length")
    return LogProof(int(index[1]), path, checkpoint)
