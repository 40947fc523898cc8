"""Keeps one device busy: passes leave one after the other, and what comes back is finished beside them."""

import queue
import threading
import time
import traceback
from collections.abc import Callable, Hashable, Sequence
from typing import Final, Generic, TypeVar

from generators.batcher import Batcher, Pass
from generators.contracts import DeviceMemoryError

Item = TypeVar("Item", bound=Hashable)
Draft = TypeVar("Draft")

UNFINISHED_PASSES: Final = 2  # bounds what waits for the encoder, and so the memory it takes


class Device(Generic[Item, Draft]):
    """`submit` and `drop` may be called from any thread; `serve` belongs to the device's own.

    generate: makes one pass, one draft per item in order; blocks; only called from the thread of `serve`.
    finish: encodes, labels and delivers one draft; called from another thread, while the next pass runs.
    fail: told of an item that cannot be made or finished, and why; called from either of the two threads.
    watch: told (shape, size, seconds) of every pass that came back.
    """

    def __init__(
        self,
        batcher: Batcher[Item],
        generate: Callable[[Sequence[Item]], Sequence[Draft]],
        finish: Callable[[Item, Draft], None],
        fail: Callable[[Item, str], None],
        watch: Callable[[str, int, float], None] = lambda *_: None,
    ) -> None:
        self._batcher = batcher
        self._generate = generate
        self._finish = finish
        self._fail = fail
        self._watch = watch
        self._changed = threading.Condition()
        self._closed = False
        self._made: queue.SimpleQueue[list[tuple[Item, Draft]] | None] = queue.SimpleQueue()
        self._room = threading.Semaphore(UNFINISHED_PASSES)
        self.busy_seconds = 0.0  # in passes so far

    def submit(self, item: Item, shape: str, *, alone: bool = False) -> None:
        """Queue one request; items are told apart by equality and must differ."""
        with self._changed:
            self._batcher.add(item, shape, time.monotonic(), alone=alone)
            self._changed.notify()

    def drop(self, item: Item) -> bool:
        """Take out a request that has not left yet; False when it has."""
        with self._changed:
            return self._batcher.drop(item)

    def close(self) -> None:
        """Let `serve` return once everything queued has left and been finished."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def serve(self) -> None:
        """Make passes until `close`; returns when the last draft is finished."""
        finisher = threading.Thread(target=self._finish_all, name="finisher", daemon=True)
        finisher.start()
        while (leaving := self._next()) is not None:
            self._run(leaving)
        self._made.put(None)
        finisher.join()

    def _next(self) -> Pass[Item] | None:
        """The next pass, waited for; None when closed and empty."""
        with self._changed:
            while True:
                found = self._batcher.leave(time.monotonic())
                if isinstance(found, Pass):
                    return found
                if self._closed and found is None:
                    return None
                self._changed.wait(found)

    def _run(self, leaving: Pass[Item]) -> None:
        started = time.monotonic()
        try:
            drafts = self._generate(leaving.items)
            if len(drafts) != len(leaving.members):
                raise ValueError(f"{len(drafts)} results for {len(leaving.members)} requests")  # noqa: TRY301
        except DeviceMemoryError as error:
            self._retry(leaving, self._batcher.too_large, f"out of device memory: {error}")
            return
        except Exception:
            self._retry(leaving, self._batcher.part, traceback.format_exc())
            return
        seconds = time.monotonic() - started
        self.busy_seconds += seconds
        with self._changed:
            self._batcher.finished(leaving, seconds)
        self._watch(leaving.shape, len(leaving.members), seconds)
        self._hand_over(leaving.items, drafts)

    def _retry(self, failed: Pass[Item], again: Callable[[Pass[Item]], bool], why: str) -> None:
        with self._changed:
            is_queued = again(failed)
        if not is_queued:
            self._fail(failed.items[0], why)

    def _hand_over(self, items: Sequence[Item], drafts: Sequence[Draft]) -> None:
        self._room.acquire()
        self._made.put(list(zip(items, drafts, strict=True)))

    def _finish_all(self) -> None:
        while (made := self._made.get()) is not None:
            for item, draft in made:
                try:
                    self._finish(item, draft)
                except Exception:
                    self._fail(item, traceback.format_exc())
            self._room.release()
