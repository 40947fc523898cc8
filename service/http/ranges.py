"""Parts of a file: players of films ask for them, and some phones refuse to play without."""

import re
from dataclasses import dataclass
from typing import Final

_ONE: Final = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})")


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes `first` to `last`, both included, of `size`."""

    first: int
    last: int
    size: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1

    @property
    def headers(self) -> dict[str, str]:
        return {
            "content-range": f"bytes {self.first}-{self.last}/{self.size}",
            "content-length": str(self.length),
        }


def part_of(header: str | None, size: int) -> Part | None:
    """What a Range header asks for; None, which is the whole, for none, several or impossible parts.

    Source: RFC 9110 section 14.2: a server may ignore the header.
    """
    found = _ONE.fullmatch(header.strip()) if header else None
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        first, last = max(0, size - int(found[2])), size - 1
    else:
        first, last = int(found[1]), min(size - 1, int(found[2]) if found[2] else size - 1)
    return Part(first, last, size) if first <= last else None
