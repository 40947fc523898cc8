"""Every certified picture's fingerprint in the memory of one process: 40 bytes each, all of them looked at.

A scan by blocks that fit the processor's cache beats every index in the database at a million, and it cannot
miss: nothing is approximate (docs/decisions/similar-pictures.md). Used from one thread at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from provenance.looks import ALIKE_BITS, COARSE_BITS, SEARCH_RADIUS, Suppositions
from provenance.similar.words import Words, coarse_words, fine_distances, fine_words

_BLOCK: Final = 1 << 15  # fingerprints at a time: 256 KiB of coarse ones
_FIRST_ROOM: Final = 1 << 10


@dataclass(frozen=True, slots=True)
class Match:
    """position: of the fingerprint. bits: of 256, in which it differs."""

    position: int
    bits: int


class FingerprintIndex:
    """Grows at its end; what was deleted elsewhere stays until the process does, so look a match up."""

    def __init__(self) -> None:
        self._count = 0
        self._positions = np.empty(_FIRST_ROOM, np.int64)
        self._coarse = np.empty(_FIRST_ROOM, np.uint64)
        self._fine = np.empty((_FIRST_ROOM, 4), np.uint64)

    def __len__(self) -> int:
        return self._count

    @property
    def last_position(self) -> int:
        """Everything up to here is known; 0 when nothing is."""
        return int(self._positions[self._count - 1]) if self._count else 0

    def extend(self, rows: Sequence[tuple[int, int, bytes]]) -> None:
        """Add (position, coarse as a signed or unsigned integer, fine) in ascending positions."""
        if not rows:
            return
        positions, coarse, fine = zip(*rows, strict=True)
        start, end = self._count, self._count + len(rows)
        self._make_room(end)
        self._positions[start:end] = positions
        self._coarse[start:end] = [value & 0xFFFF_FFFF_FFFF_FFFF for value in coarse]
        self._fine[start:end] = fine_words(b"".join(fine))
        self._count = end

    def within(self, coarse: Words, *, radius: int = SEARCH_RADIUS) -> npt.NDArray[np.intp]:
        """Rows whose 64 bits differ from any of these in at most `radius`: all of them, ascending."""
        found = [np.empty(0, np.intp)]
        differing, bits = np.empty(_BLOCK, np.uint64), np.empty(_BLOCK, np.uint8)
        for start in range(0, self._count, _BLOCK):
            block = self._coarse[start : min(start + _BLOCK, self._count)]
            nearest = np.full(len(block), COARSE_BITS, np.uint8)
            for one in coarse:
                np.bitwise_xor(block, one, out=differing[: len(block)])
                np.bitwise_count(differing[: len(block)], out=bits[: len(block)])
                np.minimum(nearest, bits[: len(block)], out=nearest)
            found.append(np.flatnonzero(nearest <= radius) + start)
        return np.concatenate(found)

    def search(self, supposed: Suppositions, *, limit: int) -> list[Match]:
        """The pictures most alike, nearest first; none when none is."""
        rows = self.within(coarse_words(supposed.coarse))
        bits = fine_distances(self._fine[rows], fine_words(supposed.fine))
        order = np.argsort(bits, kind="stable")[:limit]
        return [
            Match(int(self._positions[rows[at]]), int(bits[at])) for at in order if bits[at] <= ALIKE_BITS
        ]

    def _make_room(self, count: int) -> None:
        if count <= len(self._positions):
            return
        room = max(count, 2 * len(self._positions))
        self._positions = np.resize(self._positions, room)
        self._coarse = np.resize(self._coarse, room)
        self._fine = np.resize(self._fine, (room, 4))
