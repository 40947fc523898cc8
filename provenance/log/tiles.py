"""The tree as files of 256 hashes, and its entries as bundles beside them. Pure.

Source: c2sp.org/tlog-tiles v0.1.0.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import regex

from provenance.log.errors import LogFormatError
from provenance.log.merkle import HASH_BYTES, Node, cover, node_hash, root_of_peaks

WIDTH: Final = 256  # hashes of a full tile, and entries of a full bundle
HEIGHT: Final = 8  # levels of the tree in one tile
ENTRIES: Final = "entries"
MAX_LEVEL: Final = 5
MAX_ENTRY_BYTES: Final = 65_535
_PATH: Final = regex.compile(
    r"(?P<level>entries|[0-5])/(?P<number>(?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True)
class Tile:
    """level: of tiles, 0 holds the leaves' hashes; None: a bundle of entries. width: how many are there."""

    level: int | None
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Below `tile/`: "0/x001/x234/067.p/8"."""
        digits = f"{self.index:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        number = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"{ENTRIES if self.level is None else self.level}/{number}{partial}"


def parse_path(path: str) -> Tile:
    """Raises: LogFormatError: no tile has that path."""
    found = _PATH.fullmatch(path)
    if found is None:
        raise LogFormatError("not the path of a tile")
    level = None if found["level"] == ENTRIES else int(found["level"])
    width = int(found["width"] or WIDTH)
    tile = Tile(level, int(found["number"].replace("/", "").replace("x", "")), width)
    if tile.path != path:  # leading zeros, a full tile named as a partial one, too wide
        raise LogFormatError("not the path of a tile")
    return tile


def tile_at(node: Node, size: int) -> Tile:
    """The tile of a tree of `size` from which the node can be told."""
    level, height = divmod(node.level, HEIGHT)
    index = node.index >> HEIGHT - height
    return Tile(level, index, min(WIDTH, (size >> level * HEIGHT) - index * WIDTH))


def read_node(node: Node, content: bytes) -> bytes:
    """The node's hash from its tile. Raises: LogFormatError: the tile does not reach so far."""
    height = node.level % HEIGHT
    first = (node.index << height) % WIDTH
    hashes = split_hashes(content)[first : first + (1 << height)]
    if len(hashes) != 1 << height:
        raise LogFormatError("the tile is too short")
    return fold(hashes)


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root of a perfect subtree of 1, 2, 4, ... hashes."""
    level = list(hashes)
    while len(level) > 1:
        level = [node_hash(level[at], level[at + 1]) for at in range(0, len(level), 2)]
    return level[0]


def partial_tiles(size: int) -> list[Tile]:
    """The open tiles of a tree of `size`, and its open bundle."""
    open_ = [Tile(None, size // WIDTH, size % WIDTH)] if size % WIDTH else []
    for level in range(MAX_LEVEL + 1):
        count = size >> level * HEIGHT
        if count % WIDTH:
            open_.append(Tile(level, count // WIDTH, count % WIDTH))
    return open_


def shorten(tile: Tile, content: bytes) -> bytes:
    """The first `tile.width` members of a wider one. Raises: LogFormatError: it is not wider."""
    if tile.level is None:
        members = unpack_entries(content)[: tile.width]
    else:
        members = split_hashes(content)[: tile.width]
    if len(members) < tile.width:
        raise LogFormatError("the tile is too short")
    return pack_entries(members) if tile.level is None else b"".join(members)


def split_hashes(content: bytes) -> list[bytes]:
    """Raises: LogFormatError: not 1 to 256 whole hashes."""
    count, rest = divmod(len(content), HASH_BYTES)
    if rest or not 0 < count <= WIDTH:
        raise LogFormatError("a tile holds 1 to 256 hashes")
    return [content[at * HASH_BYTES : (at + 1) * HASH_BYTES] for at in range(count)]


def pack_entries(entries: Sequence[bytes]) -> bytes:
    """A bundle: each entry behind its length in two bytes. Raises: LogFormatError: one is too long."""
    if any(len(entry) > MAX_ENTRY_BYTES for entry in entries):
        raise LogFormatError("an entry is longer than 65,535 bytes")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def unpack_entries(content: bytes) -> list[bytes]:
    """Raises: LogFormatError: not a bundle of 1 to 256 entries."""
    entries: list[bytes] = []
    at = 0
    while at < len(content):
        end = at + 2 + int.from_bytes(content[at : at + 2], "big")
        if at + 2 > len(content) or end > len(content) or len(entries) == WIDTH:
            raise LogFormatError("a bundle is cut off, or holds too much")
        entries.append(content[at + 2 : end])
        at = end
    if not entries:
        raise LogFormatError("a bundle holds at least one entry")
    return entries


class Edge:
    """The right edge of a tree as tiles: of every level, the hashes of its open tile."""

    def __init__(self, size: int = 0, hashes: bytes = b"") -> None:
        """Args: hashes: what `to_bytes` of an edge of that size gave; the leaves' level is not in it.

        Raises: LogFormatError: they are not of a tree of that size.
        """
        self.size = size
        self._open: dict[int, list[bytes]] = {0: []}
        at = 0
        for level in range(1, MAX_LEVEL + 1):
            end = at + ((size >> level * HEIGHT) % WIDTH) * HASH_BYTES
            self._open[level] = split_hashes(hashes[at:end]) if end > at else []
            at = end
        if at != len(hashes):
            raise LogFormatError("the edge is not of a tree of that size")

    def to_bytes(self) -> bytes:
        return b"".join(b"".join(self._open[level]) for level in range(1, MAX_LEVEL + 1))

    def root(self) -> bytes:
        """The root of the tree; once `add` has been told of the leaves in its open tile."""
        peaks = [
            fold(hashes[node.index << node.level : node.index + 1 << node.level])
            for level in range(MAX_LEVEL, -1, -1)
            if (hashes := self._open[level])
            for node in cover(0, len(hashes))
        ]
        return root_of_peaks(peaks)

    def add(self, leaves: Sequence[bytes]) -> Iterator[tuple[Tile, bytes]]:
        """Grow by leaves and give every tile that is new or wider, leaves' level first.

        Args:
            leaves: hashes from the beginning of the open tile of level 0 on: those that are in it already
                come first.
        """
        old, first = self.size, self.size // WIDTH
        self.size = first * WIDTH + len(leaves)
        self._open[0] = list(leaves[len(leaves) - len(leaves) % WIDTH :])
        for number, at in enumerate(range(0, len(leaves), WIDTH), start=first):
            hashes = leaves[at : at + WIDTH]
            yield Tile(0, number, len(hashes)), b"".join(hashes)
            if len(hashes) == WIDTH:
                yield from self._push(1, number, fold(hashes))
        for level in range(1, MAX_LEVEL + 1):
            if self._open[level] and self.size >> level * HEIGHT > old >> level * HEIGHT:
                index = self.size >> (level + 1) * HEIGHT
                yield Tile(level, index, len(self._open[level])), b"".join(self._open[level])

    def _push(self, level: int, index: int, found: bytes) -> Iterator[tuple[Tile, bytes]]:
        """One more hash on a level; a tile that is full with it moves up."""
        if level > MAX_LEVEL:
            raise LogFormatError("a tree of more than 2^48 leaves")
        self._open[level].append(found)
        if len(self._open[level]) == WIDTH:
            hashes, self._open[level] = self._open[level], []
            yield Tile(level, index // WIDTH), b"".join(hashes)
            yield from self._push(level + 1, index // WIDTH, fold(hashes))
