"""A renderer as a Ray actor: on whichever machine of the cluster has the GPU it asks for.

Ray places it, starts machines for it where the cluster may grow, and tells when it dies. Jobs stay with the
database: an actor that dies is a lost renderer like any other, and its jobs are made again.
"""

import asyncio
import contextlib
import os
import queue
import threading
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import ray
import structlog
from ray.exceptions import RayError

from service.workers.links import LANE_VARIABLE, Hear, Link
from service.workers.messages import Broken, News, Ready, Wish
from service.workers.renderer import load_maker
from service.workers.rendering import Rendering

log = structlog.get_logger()

ADDRESS_VARIABLE: Final = "RAY_ADDRESS"  # Ray's own
NAMESPACE: Final = "huajian"
POLL_SECONDS: Final = 10.0  # how long the actor holds a question while it has no news
MOST_NEWS: Final = 64  # in one answer


@dataclass(frozen=True, slots=True)
class Share:
    """What one renderer takes of a machine; GPUs may be parts of one, such as 0.5."""

    gpus: float = 0.0
    cpus: float = 1.0


@dataclass(frozen=True, slots=True)
class RayFleet:
    """Renderers as actors of a Ray cluster. Implements `service.workers.lanes.Fleet`.

    address: of the cluster; None takes RAY_ADDRESS, or starts one on this machine.
    most: how many there may be at once; those above `always` come and go with the queue, and the cluster may
        add and remove machines for them.
    """

    share: Share
    always: int = 1
    most: int = 1
    address: str | None = None

    def open_links(self, producer: str) -> Sequence[Link]:
        """Join the cluster. Raises: ConnectionError: nobody answers there."""
        if not ray.is_initialized():
            # A cluster of our own is for this machine alone, and listens to nobody else.
            is_own = self.address is None and ADDRESS_VARIABLE not in os.environ
            own: dict[str, Any] = (
                {"_node_ip_address": "127.0.0.1", "include_dashboard": False} if is_own else {}
            )
            ray.init(
                address=self.address,
                log_to_driver=False,
                configure_logging=False,
                namespace=NAMESPACE,
                **own,
            )
        return [RayLink(producer, lane=lane, share=self.share) for lane in range(self.most)]


class RenderingActor:
    """Lives on the machine that has the device. Its methods are called through Ray, several at once."""

    def __init__(self, producer: str, lane: int) -> None:
        os.environ[LANE_VARIABLE] = str(lane)
        self._news: queue.SimpleQueue[News] = queue.SimpleQueue()
        self._rendering: Rendering | None = None
        threading.Thread(target=self._work, args=(producer,), name="device", daemon=True).start()

    def obey(self, wish: Wish) -> None:
        """Start or cancel a work."""
        if self._rendering is not None:
            self._rendering.obey(wish)

    def hear(self, seconds: float) -> list[News]:
        """What happened since the last call; waits for it, and answers with nothing after `seconds`."""
        news: list[News] = []
        with contextlib.suppress(queue.Empty):
            news.append(self._news.get(timeout=seconds))
            while len(news) < MOST_NEWS:
                news.append(self._news.get_nowait())
        return news

    def _work(self, producer: str) -> None:
        """The device's own thread: models are loaded and used in it."""
        try:
            maker = load_maker(producer)
            self._rendering = Rendering(maker, self._news.put)
            self._news.put(Ready(dict(maker.offers())))
            self._rendering.serve()
        except Exception:
            self._news.put(Broken(traceback.format_exc()))


class RayLink:
    """Implements `service.workers.links.Link`."""

    def __init__(self, producer: str, *, lane: int, share: Share) -> None:
        self._producer = producer
        self._lane = lane
        self._share = share
        self._actor: Any = None
        self._listening: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        return self._listening is not None and not self._listening.done()

    async def open(self, hear: Hear) -> None:
        """Ask for an actor; Ray may have to wait for a machine, or start one."""
        actor_class = ray.remote(RenderingActor)
        self._actor = actor_class.options(
            num_gpus=self._share.gpus,
            num_cpus=self._share.cpus,
            max_concurrency=4,  # obey, hear and Ray's own calls, beside the device's thread
            max_restarts=0,  # a new one is started by us, with a new desk
        ).remote(self._producer, self._lane)
        self._listening = asyncio.create_task(self._listen(self._actor, hear))

    def send(self, wish: Wish) -> None:
        if self._actor is not None:
            with contextlib.suppress(RayError):
                self._actor.obey.remote(wish)

    async def close(self) -> None:
        actor, self._actor = self._actor, None
        listening, self._listening = self._listening, None
        if actor is not None:
            with contextlib.suppress(RayError):
                ray.kill(actor)
        if listening is not None:
            await asyncio.wait({listening}, timeout=POLL_SECONDS)
            listening.cancel()

    async def _listen(self, actor: Any, hear: Hear) -> None:  # noqa: ANN401 - Ray's handles have no type
        """Ask for news until the actor is gone."""
        try:
            while True:
                for news in await actor.hear.remote(POLL_SECONDS):
                    hear(news)
        except RayError as error:
            log.info("renderer.actor_gone", lane=self._lane, error=type(error).__name__)
        finally:
            hear(None)
