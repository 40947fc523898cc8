"""A lane: one renderer and the jobs that it has in hand."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from service.workers.links import Link
from service.workers.process_link import ProcessLink
from service.workers.renderers import Renderer

PASSES_IN_HAND: Final = 2  # one on the device, one that gathers behind it
WAIT_SECONDS: Final = 5.0  # jobs wait so long for each spare lane before it opens
IDLE_SECONDS: Final = 60.0  # a spare lane without work gives its device back


class Fleet(Protocol):
    """What a worker's renderers run on."""

    @property
    def always(self) -> int:
        """How many lanes are open whether there is work or not; the others are spare."""
        ...

    def open_links(self, producer: str) -> Sequence[Link]:
        """A link for every lane. `producer`: "module:function" of what makes the WorkMaker."""
        ...


@dataclass(frozen=True, slots=True)
class LocalFleet:
    """Child processes of this machine, all of them always open."""

    processes: int

    @property
    def always(self) -> int:
        return self.processes

    def open_links(self, producer: str) -> Sequence[Link]:
        return [ProcessLink(producer, lane=lane) for lane in range(self.processes)]


@dataclass(slots=True)
class Lane:
    """patience_seconds: how long the oldest job waits before this lane opens; None: it is always open."""

    renderer: Renderer
    patience_seconds: float | None = None
    offers: Mapping[str, int] = field(default_factory=dict)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    busy_at: float = 0.0

    def add(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin to make one more job."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._done)

    def room(self) -> dict[str, int]:
        """How many more jobs of each kind may be taken.

        A maker of single works keeps one: the next may be begun sooner by somebody who is idle.
        """
        in_hand = len(self.tasks)
        most_in_hand = {kind: most * PASSES_IN_HAND if most > 1 else 1 for kind, most in self.offers.items()}
        free = {kind: min(most, most_in_hand[kind] - in_hand) for kind, most in self.offers.items()}
        return {kind: count for kind, count in free.items() if count > 0}

    async def open(self) -> None:
        """Start the renderer, once nothing of its last life is in hand. Raises: RendererLostError."""
        await self.drained()
        self.offers = await self.renderer.start()
        self._touch()

    @property
    def is_spent(self) -> bool:
        """Whether a spare lane has had nothing to do for so long that it should close."""
        if self.patience_seconds is None or self.tasks or not self.renderer.is_running:
            return False
        return asyncio.get_running_loop().time() - self.busy_at > IDLE_SECONDS

    async def drained(self) -> None:
        """Until nothing is in hand."""
        while self.tasks:
            await asyncio.wait(self.tasks)

    async def abandoned(self) -> None:
        """Give up what is in hand; each job is handed back."""
        for task in self.tasks:
            task.cancel()
        await self.drained()

    def _done(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        self._touch()

    def _touch(self) -> None:
        self.busy_at = asyncio.get_running_loop().time()
