"""A renderer seen from the event loop: start, make works, cancel one, end it when stuck."""

import asyncio
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import structlog

from service.jobs.products import Made, Order
from service.workers.links import Link
from service.workers.messages import Broken, Cancel, Done, News, Passed, Ready, Start, Stepped, Told

log = structlog.get_logger()


class RendererLostError(Exception):
    """It died, hung or could not start; a new one is started for what comes next."""


class Listener(Protocol):
    """Who is told how one work comes along; called in the event loop."""

    def stepped(self, step: int, steps: int) -> None: ...

    def told(self, text: str) -> None: ...


@dataclass(slots=True)
class Attempt:
    """One work in the renderer's hands."""

    listener: Listener
    made: "asyncio.Future[Made]"


class Desk:
    """What a renderer was given and has not brought back. One for each of its lives."""

    def __init__(self, watch: Callable[[Passed], None]) -> None:
        self.ready: asyncio.Future[Mapping[str, int]] = asyncio.get_running_loop().create_future()
        self.attempts: dict[int, Attempt] = {}
        self._watch = watch

    def hear(self, news: News) -> None:
        """Pass one piece of news on to whom it concerns."""
        match news:
            case Ready(offers):
                self.ready.set_result(offers)
            case Broken(detail):
                self.lose(f"did not start: {detail}")
            case Passed():
                self._watch(news)
            case Stepped(number, step, steps) if number in self.attempts:
                self.attempts[number].listener.stepped(step, steps)
            case Told(number, text) if number in self.attempts:
                self.attempts[number].listener.told(text)
            case Done(number, made) if number in self.attempts:
                self.attempts.pop(number).made.set_result(made)

    def lose(self, why: str) -> None:
        """Tell everybody who waits that nothing will come."""
        attempts, self.attempts = list(self.attempts.values()), {}
        for attempt in attempts:
            attempt.made.set_exception(RendererLostError(why))
        if not self.ready.done():
            self.ready.set_exception(RendererLostError(why))
            self.ready.exception()  # heard: nobody may be waiting for it any more


class Renderer:
    """Makes several works at once where its device does; one life after the other over one link.

    silence_seconds: how long it may say nothing while it has work in hand.
    start_seconds: how long it may take to load its models.
    watch: told of every pass of its device.
    """

    def __init__(
        self,
        link: Link,
        *,
        silence_seconds: float,
        start_seconds: float,
        watch: Callable[[Passed], None] = lambda _: None,
    ) -> None:
        self._link = link
        self._silence_seconds = silence_seconds
        self._start_seconds = start_seconds
        self._watch = watch
        self._numbers = itertools.count(1)
        self._desk: Desk | None = None
        self._heard_at = 0.0

    async def start(self) -> Mapping[str, int]:
        """Start it; what it offers: the largest pass by kind. Raises: RendererLostError."""
        self._desk = desk = Desk(self._watch)
        try:
            await self._link.open(partial(self._hear, desk))
            async with asyncio.timeout(self._start_seconds):
                return await desk.ready
        except TimeoutError:
            raise await self._lost(f"was not ready after {self._start_seconds:.0f} s") from None
        except (OSError, RendererLostError) as error:
            raise await self._lost(str(error)) from error

    @property
    def is_running(self) -> bool:
        return self._desk is not None and self._link.is_open

    def next_number(self) -> int:
        """A number for an attempt, never used before."""
        return next(self._numbers)

    async def make(self, number: int, order: Order, listener: Listener) -> Made:
        """Make one work; others may be in hand.

        Raises: RendererLostError; the renderer is gone, and with it everything it had in hand.
        """
        desk, loop = self._desk, asyncio.get_running_loop()
        if desk is None or not self._link.is_open:
            raise RendererLostError("is not running")
        if not desk.attempts:
            self._heard_at = loop.time()
        made: asyncio.Future[Made] = loop.create_future()
        desk.attempts[number] = Attempt(listener, made)
        self._link.send(Start(number, order))
        try:
            while not made.done():
                await asyncio.wait({made}, timeout=self._silence_seconds / 4)
                if not made.done() and loop.time() - self._heard_at > self._silence_seconds:
                    await self._lost(f"said nothing for {self._silence_seconds:.0f} s")
            return made.result()
        finally:
            desk.attempts.pop(number, None)

    def cancel(self, number: int) -> None:
        """Ask to drop one work at its next step."""
        self._link.send(Cancel(number))

    async def stop(self) -> None:
        """End it, whatever it has in hand."""
        desk, self._desk = self._desk, None
        await self._link.close()
        if desk is not None:
            desk.lose("was stopped")

    def _hear(self, desk: Desk, news: News | None) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        if news is None:
            desk.lose("died")
        else:
            desk.hear(news)

    async def _lost(self, why: str) -> RendererLostError:
        """End it and tell everybody why."""
        if self._desk is not None:
            self._desk.lose(why)
        await self.stop()
        log.error("renderer.lost", why=why)
        return RendererLostError(why)
