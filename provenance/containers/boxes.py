"""Boxes of the ISO base media file format, as far as a label needs them.

Source: ISO/IEC 14496-12 section 4.2: a box is its size, its type and its content.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from provenance.containers.errors import ContainerError

_SMALL: Final = 8
_LARGE: Final = 16
_MOST: Final = 4096  # boxes on one level; ours have a dozen


@dataclass(frozen=True, slots=True)
class IsoBox:
    """Where a box lies in the bytes it was found in: from `start` to `end`, its content from `body`."""

    kind: bytes
    start: int
    body: int
    end: int


def walk(content: bytes, start: int = 0, end: int | None = None) -> Iterator[IsoBox]:
    """The boxes of one level. Raises: ContainerError: a size cannot be."""
    stop = len(content) if end is None else end
    for _ in range(_MOST):
        if start == stop:
            return
        if stop - start < _SMALL:
            raise ContainerError("a box is cut off")
        size, kind = int.from_bytes(content[start : start + 4], "big"), content[start + 4 : start + 8]
        header = _SMALL
        if size == 1:
            size, header = int.from_bytes(content[start + 8 : start + 16], "big"), _LARGE
        elif size == 0:
            size = stop - start
        if size < header or start + size > stop:
            raise ContainerError("a box is larger than its surroundings")
        yield IsoBox(kind, start, start + header, start + size)
        start += size
    raise ContainerError("more boxes than any film has")


def find(content: bytes, kind: bytes, start: int = 0, end: int | None = None) -> IsoBox | None:
    """The first box of a kind on one level."""
    return next((box for box in walk(content, start, end) if box.kind == kind), None)


def box(kind: bytes, content: bytes) -> bytes:
    """A box around content of less than 4 GiB."""
    return (len(content) + _SMALL).to_bytes(4, "big") + kind + content
