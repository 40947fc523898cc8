"""Makes what it is told to, on one device, and says what becomes of it; whoever carries the words."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from generators.batcher import Batcher
from generators.device import Device
from generators.failures import Failure, FailureReason
from service.jobs.products import Made, Order, WorkMaker
from service.workers.messages import Done, News, Passed, Start, Stepped, Told, Wish

REPORT_SECONDS: Final = 0.1  # between two reports of one job, so that progress never floods


class Rendering:
    """A maker behind a batcher.

    say: delivers one piece of news; called from several threads.
    """

    def __init__(self, maker: WorkMaker, say: Callable[[News], None]) -> None:
        self._maker = maker
        self._say = say
        self._orders: dict[int, Order] = {}
        self._cancelled: set[int] = set()
        largest = maker.offers()
        self._device: Device[int, object] = Device(
            Batcher(lambda shape: largest[shape.partition(":")[0]]),
            self._generate,
            self._finish,
            lambda number, why: self._end(number, Failure(FailureReason.INTERNAL, why)),
            lambda shape, size, seconds: self._say(Passed(shape.partition(":")[0], size, seconds)),
        )

    def obey(self, wish: Wish) -> None:
        """Start or cancel; from any thread, at once."""
        if isinstance(wish, Start):
            self._start(wish)
        elif wish.number in self._orders:
            self._cancelled.add(wish.number)
            if self._device.drop(wish.number):
                self._end(wish.number, Failure(FailureReason.CANCELLED, "cancelled before its pass"))

    def serve(self) -> None:
        """Work in this thread until `close`."""
        self._device.serve()

    def close(self) -> None:
        """Finish what was started; `serve` returns then."""
        self._device.close()

    def _start(self, wish: Start) -> None:
        order = wish.order
        self._orders[wish.number] = order
        try:
            shape = f"{order.kind.value}:{self._maker.shape_of(order)}"
        except Exception as error:  # a stored spec that this version cannot read
            self._end(wish.number, Failure(FailureReason.INVALID, repr(error)))
            return
        self._device.submit(wish.number, shape, alone=order.alone)

    def _generate(self, numbers: Sequence[int]) -> Sequence[object]:
        orders = [self._orders[number] for number in numbers]
        return self._maker.generate(orders, _PassProgress(numbers, self._cancelled, self._say))

    def _finish(self, number: int, draft: object) -> None:
        self._end(number, self._maker.finish(self._orders[number], draft))

    def _end(self, number: int, made: Made) -> None:
        self._orders.pop(number, None)
        self._cancelled.discard(number)
        self._say(Done(number, made))


class _PassProgress:
    """Reports the steps of a pass job by job, and tells which of its members were cancelled."""

    def __init__(self, numbers: Sequence[int], cancelled: set[int], say: Callable[[News], None]) -> None:
        self._numbers = numbers
        self._cancelled = cancelled
        self._say = say
        self._reported: dict[int, float] = {}

    def step(self, index: int, step: int, steps: int) -> bool:
        now = time.monotonic()
        if step == steps or now - self._reported.get(index, 0.0) >= REPORT_SECONDS:
            self._reported[index] = now
            self._say(Stepped(self._numbers[index], step, steps))
        return self._numbers[index] not in self._cancelled

    def section(self, index: int, text: str) -> None:
        self._say(Told(self._numbers[index], text))


class Locked:
    """Lets several threads say something one after the other."""

    def __init__(self, say: Callable[[News], None]) -> None:
        self._say = say
        self._lock = threading.Lock()

    def __call__(self, news: News) -> None:
        with self._lock:
            self._say(news)
