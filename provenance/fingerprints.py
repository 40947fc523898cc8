"""What a picture looks like, in 64 and in 256 bits: alike pictures differ in few of them.

A hash is the signs of a picture's lowest frequencies against their median, so size, encoding and brightness
hardly matter. Only the inner part is hashed: a label over an edge does not matter either. A crop does, so
whoever looks for a picture supposes crops and hashes the inner part under each (`suppose`): a kept picture
costs one fingerprint, however it was cut. docs/decisions/similar-pictures.md has the figures.

Source: the DCT hash of C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from provenance.looks import COARSE_BITS, FINE_BITS, Fingerprint, Suppositions

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


def fingerprint(pixels: Pixels) -> Fingerprint:
    """The fingerprint of an original: uint8 RGB, (height, width, 3), each side at least 32."""
    page = _page(pixels)
    inner = _inner(page, (0.0, 0.0, 0.0, 0.0))
    coarse, fine = _hash(inner, _COARSE_PX, COARSE_BITS), _hash(inner, _FINE_PX, FINE_BITS)
    return Fingerprint(int(coarse[0]), _packed([fine]))


def suppose(pixels: Pixels) -> Suppositions:
    """Fingerprints of the original under every crop of up to 5 % off each edge, nothing cut included."""
    page = _page(pixels)
    coarse = [_hash(_inner(page, cut), _COARSE_PX, COARSE_BITS) for cut in _cuts(_COARSE_CUTS)]
    fine = [_hash(_inner(page, cut), _FINE_PX, FINE_BITS) for cut in _cuts(_FINE_CUTS)]
    return Suppositions(coarse=_packed(coarse), fine=_packed(fine))


def _packed(hashes: Sequence[Words]) -> bytes:
    return b"".join(words.astype(_BIG_ENDIAN).tobytes() for words in hashes)


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
