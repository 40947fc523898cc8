"""What a picture looks like, in 64 and in 256 bits: alike pictures differ in few of them.

A hash is the signs of a picture's lowest frequencies against their median, so size, encoding and brightness
hardly matter. Only the inner part is hashed: a label over an edge does not matter either. A crop does, so
whoever looks for a picture supposes crops and hashes the inner part under each (`suppose`): a kept picture
costs one fingerprint, however it was cut. docs/decisions/similar-pictures.md has the figures.

Source: the DCT hash of C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Self

import cv2
import numpy as np
import numpy.typing as npt

ALGORITHM: Final = "huajian-dct-1"  # raise it whenever the same picture would get another fingerprint
COARSE_BITS: Final = 64
FINE_BITS: Final = 256
SEARCH_RADIUS: Final = 10  # coarse bits in which a copy may differ; measured by benchmarks/fingerprints.py
ALIKE_BITS: Final = 40  # fine bits in which a copy may differ; measured there as well

_PAGE_PX: Final = 256  # every picture is first brought to this square
_MARGIN: Final = 0.08  # of each side that is not hashed
_COARSE_PX: Final = 32
_FINE_PX: Final = 64
_COARSE_CUTS: Final = (0.0, 0.05)  # what may have been cut off an edge, as a share of the whole side
_FINE_CUTS: Final = (0.0, 0.025, 0.05)
_BIG_ENDIAN: Final = np.dtype(">u8")

Pixels = npt.NDArray[np.uint8]  # RGB (height, width, 3)
Words = npt.NDArray[np.uint64]
_Cut = tuple[float, float, float, float]  # left, right, top, bottom


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
    """What a found picture's original may look like. coarse: (16,); fine: (81, 4); both uint64."""

    coarse: Words
    fine: Words


def fingerprint(pixels: Pixels) -> Fingerprint:
    """The fingerprint of an original: uint8 RGB, (height, width, 3), each side at least 32."""
    page = _page(pixels)
    inner = _inner(page, (0.0, 0.0, 0.0, 0.0))
    coarse, fine = _hash(inner, _COARSE_PX, COARSE_BITS), _hash(inner, _FINE_PX, FINE_BITS)
    return Fingerprint(int(coarse[0]), fine.astype(_BIG_ENDIAN).tobytes())


def suppose(pixels: Pixels) -> Suppositions:
    """Fingerprints of the original under every crop of up to 5 % off each edge, nothing cut included."""
    page = _page(pixels)
    return Suppositions(
        coarse=np.concatenate(
            [_hash(_inner(page, cut), _COARSE_PX, COARSE_BITS) for cut in _cuts(_COARSE_CUTS)]
        ),
        fine=np.stack([_hash(_inner(page, cut), _FINE_PX, FINE_BITS) for cut in _cuts(_FINE_CUTS)]),
    )


def fine_words(fine: bytes) -> Words:
    """The 256 bits as four words, (4,), to be compared with `fine_distances`."""
    return np.frombuffer(fine, dtype=_BIG_ENDIAN).astype(np.uint64)


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


def _cuts(shares: tuple[float, ...]) -> Iterator[_Cut]:
    return itertools.product(shares, shares, shares, shares)


def _page(pixels: Pixels) -> npt.NDArray[np.float32]:
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    square = cv2.resize(grey, (_PAGE_PX, _PAGE_PX), interpolation=cv2.INTER_AREA)
    return square.astype(np.float32)


def _inner(page: npt.NDArray[np.float32], cut: _Cut) -> npt.NDArray[np.float32]:
    """The part of the page that is the original's inner part, if that much was cut off the original."""
    left, right, top, bottom = cut
    columns = _stretch(left, right)
    rows = _stretch(top, bottom)
    return page[rows, columns]


def _stretch(before: float, after: float) -> slice:
    whole = _PAGE_PX / (1 - before - after)  # how long the original's side is on this page
    return slice(round((_MARGIN - before) * whole), round((1 - _MARGIN - before) * whole))


def _hash(inner: npt.NDArray[np.float32], side_px: int, bits: int) -> Words:
    """(bits / 64,) words; the lowest frequency but the mean is the first bit."""
    small = cv2.resize(inner, (side_px, side_px), interpolation=cv2.INTER_AREA)
    rows, columns = _LOWEST[bits]
    frequencies = cv2.dct(small)[rows, columns]
    return np.packbits(frequencies > np.median(frequencies)).view(_BIG_ENDIAN).astype(np.uint64)


def _lowest(count: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows and columns of the lowest frequencies without the mean, diagonal by diagonal."""
    side = range(32)
    order = sorted(((row, column) for row in side for column in side), key=lambda at: (sum(at), at))
    chosen = np.array(order[1 : count + 1])
    return chosen[:, 0], chosen[:, 1]


_LOWEST: Final = {bits: _lowest(bits) for bits in (COARSE_BITS, FINE_BITS)}
