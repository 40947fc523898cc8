"""What is remembered of a picture's looks, and what a found one's original may have looked like: bits only.

How they are made of pixels is in `provenance.fingerprints`; nothing here needs more than Python.
"""

from dataclasses import dataclass
from typing import Any, Final, Self

ALGORITHM: Final = "huajian-dct-1"  # raise it whenever the same picture would get another fingerprint
COARSE_BITS: Final = 64
FINE_BITS: Final = 256
SEARCH_RADIUS: Final = 10  # coarse bits in which a copy may differ; measured by benchmarks/fingerprints.py
ALIKE_BITS: Final = 40  # fine bits in which a copy may differ; measured there as well
_FINE_BYTES: Final = FINE_BITS // 8


class FingerprintError(ValueError):
    """Not a fingerprint of ours, or of another algorithm."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """coarse: to be found by; 0 to 2^64 - 1. fine: to be told apart by; 32 bytes."""

    coarse: int
    fine: bytes

    def to_statement(self) -> dict[str, str]:
        """As a certificate holds it."""
        return {"algorithm": ALGORITHM, "coarse": f"{self.coarse:016x}", "fine": self.fine.hex()}

    @classmethod
    def from_statement(cls, statement: Any) -> Self:  # noqa: ANN401 - what a stranger's JSON holds
        """Raises: FingerprintError."""
        if not isinstance(statement, dict) or statement.get("algorithm") != ALGORITHM:
            raise FingerprintError("not a fingerprint of this algorithm")
        try:
            coarse, fine = bytes.fromhex(statement["coarse"]), bytes.fromhex(statement["fine"])
        except (KeyError, TypeError, ValueError) as error:
            raise FingerprintError("a hash is missing or malformed") from error
        if (len(coarse) * 8, len(fine) * 8) != (COARSE_BITS, FINE_BITS):
            raise FingerprintError("a hash has another length")
        return cls(int.from_bytes(coarse, "big"), fine)


@dataclass(frozen=True, slots=True)
class Suppositions:
    """What a found picture's original may look like. coarse: 16 of 8 bytes; fine: 81 of 32; big-endian."""

    coarse: bytes
    fine: bytes

    def fine_distance(self, original: bytes) -> int:
        """The fine bits in which an original differs from whichever supposition is nearest."""
        wanted = int.from_bytes(original, "big")
        supposed = (self.fine[at : at + _FINE_BYTES] for at in range(0, len(self.fine), _FINE_BYTES))
        return min((wanted ^ int.from_bytes(one, "big")).bit_count() for one in supposed)
