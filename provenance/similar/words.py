"""Fingerprints as arrays of words, to be compared by the thousand."""

from typing import Final

import numpy as np
import numpy.typing as npt

from provenance.looks import FINE_BITS

BIG_ENDIAN: Final = np.dtype(">u8")

Words = npt.NDArray[np.uint64]


def coarse_words(coarse: bytes) -> Words:
    """Any number of 64 bits as words, (n,)."""
    return np.frombuffer(coarse, dtype=BIG_ENDIAN).astype(np.uint64)


def fine_words(fine: bytes) -> Words:
    """Any number of 256 bits as four words each, (n, 4), to be compared with `fine_distances`."""
    return coarse_words(fine).reshape(-1, 4)


def fine_distances(originals: Words, supposed: Words) -> npt.NDArray[np.uint16]:
    """The bits in which each original (n, 4) differs from whichever supposition (m, 4) is nearest; (n,)."""
    words = np.ascontiguousarray(originals.T)  # four long rows: summing over four short columns is slow
    nearest = np.full(len(originals), FINE_BITS, dtype=np.uint16)
    for one in supposed:
        bits = np.zeros(len(originals), dtype=np.uint16)
        for word, supposed_word in zip(words, one, strict=True):
            bits += np.bitwise_count(word ^ supposed_word)
        np.minimum(nearest, bits, out=nearest)
    return nearest
