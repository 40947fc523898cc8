"""Pages that were rendered a moment ago, kept while what they show is the same object."""

from collections.abc import Callable, Hashable
from typing import Final

from service.unlocking.looks import Look

MAX_PAGES: Final = 64  # some 50 kB each


class KeptPages:
    """HTML by the look that it shows and by whatever else is in it. A newer look is another page."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Look, Hashable], str] = {}

    def get(self, look: Look, said: Hashable, render: Callable[[], str]) -> str:
        """The page, rendered now if it is not kept; the longest kept makes room."""
        key = look, said
        if key not in self._kept:
            while len(self._kept) >= MAX_PAGES:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = render()
        return self._kept[key]
