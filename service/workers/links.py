"""How a worker reaches a renderer: what has to be opened, spoken into, heard from and closed."""

from collections.abc import Callable
from typing import Final, Protocol

from service.workers.messages import News, Wish

LANE_VARIABLE: Final = "HUAJIAN_LANE"  # which of a worker's renderers this is, to choose a device by

Hear = Callable[[News | None], None]


class Link(Protocol):
    """One renderer's life at a time; `open` begins the next one."""

    @property
    def is_open(self) -> bool:
        """Whether the renderer is alive, as far as is known."""
        ...

    async def open(self, hear: Hear) -> None:
        """Start a renderer.

        Args:
            hear: called in the event loop with every piece of news, in order; with None once, when nothing
                more will come.
        Raises: OSError: it could not even be started.
        """
        ...

    def send(self, wish: Wish) -> None:
        """Say something; a renderer that is gone is noticed by the one who hears."""
        ...

    async def close(self) -> None:
        """End the renderer. It owns nothing that must be saved."""
        ...
