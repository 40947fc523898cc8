"""Who looks on while a backend works."""

from collections import defaultdict
from collections.abc import Mapping

from generators.contracts import Unwatched


class Recorder(Unwatched):
    """Remembers every step by brief; cancels some of them at a step."""

    def __init__(self, cancel: Mapping[int, int] | None = None) -> None:
        self.seen: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self._cancel = cancel or {}

    def step(self, index: int, step: int, steps: int) -> bool:
        self.seen[index].append((step, steps))
        return index not in self._cancel or step < self._cancel[index]

    def furthest(self, index: int) -> int:
        return max((step for step, _ in self.seen[index]), default=0)
