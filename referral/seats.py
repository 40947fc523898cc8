"""Free seats of the links in a batch, as of a look, counted down in memory while the batch is decided."""

import random
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from uuid import UUID


class Seats:
    """`taken`: how many of each (link, shard) the batch takes. What it was is checked again by the write."""

    def __init__(self) -> None:
        self._free: dict[UUID, list[int]] = {}
        self._first: dict[UUID, int] = {}
        self.taken: Counter[tuple[UUID, int]] = Counter()

    def show(self, link_id: UUID, free: Sequence[int]) -> int:
        """How many of a link's seats are free, by shard as they were seen first.

        One shard comes first, any: so batches of several processes seldom meet.
        """
        if link_id not in self._free:
            self._free[link_id] = list(free)
            self._first[link_id] = random.randrange(len(free))
        return sum(self._free[link_id])

    def take(self, link_id: UUID) -> int:
        """The shard of a seat that was free. Raises: LookupError: none is."""
        free, first = self._free[link_id], self._first[link_id]
        for shard in chain(range(first, len(free)), range(first)):
            if free[shard] > 0:
                free[shard] -= 1
                self.taken[link_id, shard] += 1
                return shard
        raise LookupError("No seat is free.")
