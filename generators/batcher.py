"""Which requests ride one forward pass, and when it leaves. Pure: no thread, no clock, no device.

A pass of n members of one shape takes about T(n) = a + b n seconds: a is paid once a pass (launching,
reading the weights), b by each member. Both are measured as passes finish. With n members aboard, the device
idle and somebody coming every g seconds, waiting for one more rider

- costs (n + 1) g + n b job-seconds: everybody aboard waits for the rider, and rides with him;
- saves a job-seconds: the rider need not wait for a pass of his own to begin after this one.

So a pass leaves when it is full, or as soon as waiting would cost more than it saves. Nothing is waited for
while the cost of a shape is unknown, so a quiet service answers at once and a busy one fills its passes.
The same trade under Poisson arrivals: Deb and Serfozo, "Optimal control of batch service queues",
Advances in Applied Probability 5, 1973 (https://doi.org/10.2307/1426040).
"""

import math
import statistics
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

Item = TypeVar("Item", bound=Hashable)

FADE: Final = 0.3  # weight of the newest measurement
KEPT_GAPS: Final = 15


@dataclass(frozen=True, slots=True)
class Waiting(Generic[Item]):
    """alone: rides with nobody, because it may be what killed an earlier pass."""

    item: Item
    shape: str
    since: float
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Pass(Generic[Item]):
    """Members of one shape, oldest first."""

    shape: str
    members: Sequence[Waiting[Item]]

    @property
    def items(self) -> list[Item]:
        return [member.item for member in self.members]


@dataclass(slots=True)
class ShapeCost:
    """What was measured of one shape."""

    seconds_by_size: dict[int, float] = field(default_factory=dict)  # fading means
    gaps_seconds: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT_GAPS))
    arrived_at: float | None = None
    largest: int | None = None  # that fits; None while none was too large

    def arrive(self, now: float) -> None:
        if self.arrived_at is not None:
            self.gaps_seconds.append(max(now - self.arrived_at, 0.0))
        self.arrived_at = now

    def learn(self, size: int, seconds: float) -> None:
        known = self.seconds_by_size.get(size, seconds)
        self.seconds_by_size[size] = known + FADE * (seconds - known)

    def line(self) -> tuple[float, float] | None:
        """(a, b) by least squares over the sizes seen; None before two sizes were."""
        if len(self.seconds_by_size) < 2:
            return None
        sizes = list(self.seconds_by_size)
        mean_n = sum(sizes) / len(sizes)
        mean_t = sum(self.seconds_by_size.values()) / len(sizes)
        spread = sum((n - mean_n) ** 2 for n in sizes)
        b = sum((n - mean_n) * (t - mean_t) for n, t in self.seconds_by_size.items()) / spread
        b = max(b, 0.0)
        return max(mean_t - b * mean_n, 0.0), b

    def patience(self, aboard: int) -> float:
        """How long after the last arrival one more rider is still worth waiting for; 0 for not at all."""
        line = self.line()
        if line is None:
            return 0.0
        a, b = line
        worth = (a - aboard * b) / (aboard + 1)
        # The median: people come in flurries, and the pause between two of them says nothing of the next gap.
        is_soon = bool(self.gaps_seconds) and statistics.median(self.gaps_seconds) < worth
        return worth if is_soon else 0.0


class Batcher(Generic[Item]):
    """The queue in front of one device.

    most: the largest pass of a shape that its backend takes, >= 1.
    """

    def __init__(self, most: Callable[[str], int]) -> None:
        self._most = most
        self._lanes: dict[Hashable, list[Waiting[Item]]] = {}  # by shape; a lone rider has his own
        self._costs: dict[str, ShapeCost] = {}

    def __len__(self) -> int:
        return sum(map(len, self._lanes.values()))

    def add(self, item: Item, shape: str, now: float, *, alone: bool = False) -> None:
        """Queue one request behind those of its shape."""
        self._cost(shape).arrive(now)
        self._lanes.setdefault((item,) if alone else shape, []).append(Waiting(item, shape, now, alone))

    def drop(self, item: Item) -> bool:
        """Take a request out that has not left yet; False when it has, or never came."""
        for lane, waiting in self._lanes.items():
            for place, member in enumerate(waiting):
                if member.item == item:
                    del waiting[place]
                    if not waiting:
                        del self._lanes[lane]
                    return True
        return False

    def leave(self, now: float) -> Pass[Item] | float | None:
        """Ask when the device is idle.

        Returns: the pass that leaves now, oldest head first among those that are ready; or the seconds
            after which to ask again unless something arrives; or None when nothing waits.
        """
        earliest = math.inf
        for lane, waiting in sorted(self._lanes.items(), key=lambda entry: entry[1][0].since):
            seconds = self._worth_waiting(waiting, now)
            if seconds <= 0.0:
                return self._take(lane)
            earliest = min(earliest, seconds)
        return None if math.isinf(earliest) else earliest

    def finished(self, done: Pass[Item], seconds: float) -> None:
        """Learn from a pass that came back whole."""
        self._cost(done.shape).learn(len(done.members), seconds)

    def too_large(self, failed: Pass[Item]) -> bool:
        """Queue the members again, in front, for passes half as large from now on.

        Returns: False when a single member does not fit; it is not queued again.
        """
        if len(failed.members) == 1:
            return False
        self._cost(failed.shape).largest = len(failed.members) // 2
        self._lanes[failed.shape] = [*failed.members, *self._lanes.get(failed.shape, ())]
        return True

    def part(self, failed: Pass[Item]) -> bool:
        """Queue the members again, each alone: one of them broke the pass, and nobody knows which.

        Returns: False when there was only one, which is then known; it is not queued again.
        """
        if len(failed.members) == 1:
            return False
        for member in failed.members:
            lone = Waiting(member.item, member.shape, member.since, alone=True)
            self._lanes[member.item,] = [lone]
        return True

    def size_limit(self, shape: str) -> int:
        """The largest pass of this shape that leaves now."""
        largest = self._cost(shape).largest
        return self._most(shape) if largest is None else min(largest, self._most(shape))

    def _worth_waiting(self, waiting: Sequence[Waiting[Item]], now: float) -> float:
        head = waiting[0]
        if head.alone or len(waiting) >= self.size_limit(head.shape):
            return 0.0
        cost = self._cost(head.shape)
        patience = cost.patience(len(waiting))
        if not patience or cost.arrived_at is None:
            return 0.0
        return cost.arrived_at + patience - now

    def _take(self, lane: Hashable) -> Pass[Item]:
        waiting = self._lanes[lane]
        size = self.size_limit(waiting[0].shape)
        self._lanes[lane] = waiting[size:]
        if not self._lanes[lane]:
            del self._lanes[lane]
        return Pass(waiting[0].shape, tuple(waiting[:size]))

    def _cost(self, shape: str) -> ShapeCost:
        return self._costs.setdefault(shape, ShapeCost())
