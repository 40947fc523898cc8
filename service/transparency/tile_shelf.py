"""The published tiles, read from the object store; and proofs made of them."""

from typing import Final

from core.database import Sessions
from models.transparency import LogHead
from provenance.log import queries
from provenance.log.merkle import Node, consistency_ranges, cover, hash_range, inclusion_ranges
from provenance.log.tiles import HEIGHT, WIDTH, Tile, read_node, shorten, tile_at
from service.storage.store import FileStore
from service.transparency.growing import key_of

TRIES: Final = 3  # a tile may be replaced by a wider one while it is read


class NotPublishedError(LookupError):
    """The log has no such tile, or does not show it yet."""


class TileShelf:
    """Reads what the log has published, and nothing that it has not."""

    def __init__(self, sessions: Sessions, store: FileStore) -> None:
        self._sessions = sessions
        self._store = store

    async def find_head(self) -> LogHead | None:
        async with self._sessions() as session:
            return await queries.find_head(session)

    async def read(self, tile: Tile) -> bytes:
        """A tile or bundle as of any published size. Raises: NotPublishedError."""
        for _ in range(TRIES):
            head = await self.find_head()
            size = head.published_size if head is not None else 0
            widest = min(WIDTH, (size >> (tile.level or 0) * HEIGHT) - tile.index * WIDTH)
            if tile.width > widest:
                break
            try:
                return shorten(tile, await self._get(Tile(tile.level, tile.index, widest)))
            except FileNotFoundError:
                continue
        raise NotPublishedError(f"{tile.path} is not published")

    async def inclusion(self, index: int, size: int) -> list[bytes]:
        """The proof that leaf `index` is in the published tree of `size`. Raises: NotPublishedError."""
        return await self._prove(inclusion_ranges(index, size), size)

    async def consistency(self, old: int, new: int) -> list[bytes]:
        """The proof that the published tree of `new` begins with that of `old`. Raises: NotPublishedError."""
        return await self._prove(consistency_ranges(old, new), new)

    async def _prove(self, ranges: list[tuple[int, int]], size: int) -> list[bytes]:
        nodes = [node for start, end in ranges for node in cover(start, end)]
        tiles = {tile: await self.read(tile) for tile in {tile_at(node, size) for node in nodes}}

        def find(node: Node) -> bytes:
            return read_node(node, tiles[tile_at(node, size)])

        return [hash_range(start, end, find) for start, end in ranges]

    async def _get(self, tile: Tile) -> bytes:
        return await self._store.read_whole(key_of(tile))
