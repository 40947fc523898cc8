"""The batcher alone, then in a simulated service: how busy its device is, how long people wait, how fair."""

import heapq
import random
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from generators.batcher import Batcher, Pass, Waiting

A, B = 0.4, 0.1  # seconds of a pass, and of each member in it: reading weights costs more than a member
MOST = 8


def batcher(most: int = MOST) -> Batcher[int]:
    return Batcher(lambda _: most)


def leaving(queue: Batcher[int], now: float = 0.0) -> Pass[int]:
    found = queue.leave(now)
    assert isinstance(found, Pass)
    return found


class TestOrder:
    def test_the_oldest_head_leaves_first_and_only_its_shape_rides_along(self) -> None:
        queue = batcher()
        for item, shape in enumerate("xyxyx"):
            queue.add(item, shape, float(item))
        assert leaving(queue).items == [0, 2, 4]
        assert leaving(queue).items == [1, 3]
        assert queue.leave(9.0) is None

    def test_no_more_ride_than_fit(self) -> None:
        queue = batcher(most=2)
        for item in range(5):
            queue.add(item, "x", 0.0)
        assert [leaving(queue).items for _ in range(3)] == [[0, 1], [2, 3], [4]]

    def test_what_may_be_poison_rides_alone(self) -> None:
        queue = batcher()
        queue.add(1, "x", 0.0)
        queue.add(2, "x", 0.0, alone=True)
        queue.add(3, "x", 0.0)
        assert [leaving(queue).items for _ in range(2)] == [[1, 3], [2]]

    def test_what_was_cancelled_does_not_leave(self) -> None:
        queue = batcher()
        queue.add(1, "x", 0.0)
        queue.add(2, "x", 0.0)
        assert queue.drop(1)
        assert not queue.drop(1)
        assert leaving(queue).items == [2]
        assert not queue.drop(2)


class TestMemory:
    def test_a_pass_that_does_not_fit_is_halved_and_the_size_remembered(self) -> None:
        queue = batcher()
        for item in range(8):
            queue.add(item, "big", 0.0)
        queue.add(8, "small", 1.0)
        assert queue.too_large(leaving(queue))
        assert queue.too_large(leaving(queue))
        assert (queue.size_limit("big"), queue.size_limit("small")) == (2, 8)
        assert leaving(queue).items == [0, 1]

    def test_a_single_member_that_does_not_fit_is_given_up(self) -> None:
        queue = batcher()
        queue.add(1, "big", 0.0)
        assert not queue.too_large(leaving(queue))
        assert len(queue) == 0

    def test_a_broken_pass_is_taken_apart(self) -> None:
        queue = batcher()
        for item in range(3):
            queue.add(item, "x", 0.0)
        assert queue.part(leaving(queue))
        parts = [leaving(queue) for _ in range(3)]
        assert [part.items for part in parts] == [[0], [1], [2]]
        assert not queue.part(parts[1])


class TestWaiting:
    def learned(self, *, gap: float) -> Batcher[int]:
        """A batcher that knows the costs, and that somebody comes every `gap` seconds."""
        queue = batcher()
        for size in (1, 4):
            for _ in range(20):
                queue.finished(Pass("x", leaving_members(size)), A + B * size)
        for item in range(50):
            queue.add(1000 + item, "x", (item - 49) * gap)
        while len(queue):
            leaving(queue, 60.0)
        return queue

    def test_nobody_waits_while_the_costs_are_unknown(self) -> None:
        queue = batcher()
        queue.add(1, "x", 0.0)
        assert leaving(queue).items == [1]

    def test_a_rider_who_comes_soon_is_waited_for_and_not_for_ever(self) -> None:
        queue = self.learned(gap=0.02)
        queue.add(1, "x", 0.02)
        seconds = queue.leave(0.02)
        assert seconds == pytest.approx((A - B) / 2, rel=0.05)  # (a - n b) / (n + 1) with n = 1
        assert isinstance(queue.leave(0.02 + float(str(seconds)) + 1e-6), Pass)

    def test_a_rider_who_comes_late_is_not(self) -> None:
        queue = self.learned(gap=1.0)
        queue.add(1, "x", 1.0)
        assert leaving(queue, 1.0).items == [1]

    def test_another_shape_that_is_ready_goes_meanwhile(self) -> None:
        queue = self.learned(gap=0.02)
        queue.add(1, "x", 0.02)
        queue.add(2, "y", 0.03)
        assert leaving(queue, 0.03).items == [2]


def leaving_members(size: int) -> list[Waiting[int]]:
    return [Waiting(item, "x", 0.0) for item in range(size)]


@dataclass(slots=True)
class Outcome:
    """What a simulated run came to."""

    busy_share: float
    waits: dict[str, list[float]] = field(default_factory=dict)  # from arrival to result, by shape
    sizes: list[int] = field(default_factory=list)

    def p99(self, shape: str) -> float:
        return statistics.quantiles(self.waits[shape], n=100)[98]

    def mean(self, shape: str) -> float:
        return statistics.fmean(self.waits[shape])


def simulate(arrivals: Iterable[tuple[float, str]], queue: Batcher[int]) -> Outcome:
    """One device, T(n) = A + B n, in a time of its own."""
    coming = [(at, number, shape) for number, (at, shape) in enumerate(sorted(arrivals))]
    came = {number: at for at, number, _ in coming}
    heapq.heapify(coming)
    now, busy, outcome = 0.0, 0.0, Outcome(0.0)
    while coming or len(queue):
        while coming and coming[0][0] <= now:
            at, number, shape = heapq.heappop(coming)
            queue.add(number, shape, at)
        found = queue.leave(now)
        if isinstance(found, Pass):
            seconds = A + B * len(found.members)
            now, busy = now + seconds, busy + seconds
            queue.finished(found, seconds)
            outcome.sizes.append(len(found.members))
            for number in found.items:
                outcome.waits.setdefault(found.shape, []).append(now - came[number])
        else:
            times = [coming[0][0]] if coming else []
            now = min([*times, *([] if found is None else [now + max(found, 1e-9)])])
    outcome.busy_share = busy / now
    return outcome


def poisson(rate: float, seconds: float, shape: str, seed: int = 7) -> list[tuple[float, str]]:
    dice, now, arrivals = random.Random(f"{seed}/{shape}"), 0.0, []
    while (now := now + dice.expovariate(rate)) < seconds:
        arrivals.append((now, shape))
    return arrivals


def bursts(size: int, every: float, seconds: float, *, spread: float = 0.0) -> list[tuple[float, str]]:
    """`size` requests every so often, coming within `spread` seconds of each other."""
    step = spread / size
    return [(at * every + n * step, "x") for at in range(int(seconds / every)) for n in range(size)]


BEST_RATE = MOST / (A + B * MOST)  # of full passes, one after the other


class TestSimulation:
    def test_under_load_passes_are_full_and_the_device_never_rests(self) -> None:
        outcome = simulate(poisson(1.3 * BEST_RATE, 300, "x"), batcher())
        assert outcome.busy_share > 0.99
        assert statistics.fmean(outcome.sizes) > 0.97 * MOST

    def test_mixed_shapes_under_load_reach_the_rate_of_full_passes(self) -> None:
        arrivals = [pair for shape in "wxyz" for pair in poisson(BEST_RATE / 3.6, 400, shape)]
        outcome = simulate(arrivals, batcher())
        finished = sum(map(len, outcome.waits.values()))
        ideal = finished / BEST_RATE
        assert ideal / sum(A + B * size for size in outcome.sizes) > 0.95

    @pytest.mark.parametrize("load", [0.3, 0.6, 0.9])
    def test_waiting_for_riders_never_costs_much_and_gains_under_load(self, load: float) -> None:
        arrivals = poisson(load * BEST_RATE, 600, "x")
        eager = simulate(arrivals, Eager(lambda _: MOST))
        outcome = simulate(arrivals, batcher())
        assert outcome.mean("x") < 1.03 * eager.mean("x")
        assert outcome.p99("x") < 1.1 * eager.p99("x")

    def test_a_flurry_is_waited_for(self) -> None:
        """Its first member would have left alone, and everybody else would have waited for that pass."""
        arrivals = bursts(8, 2.5, 500, spread=0.15)
        eager, outcome = simulate(arrivals, Eager(lambda _: MOST)), simulate(arrivals, batcher())
        assert outcome.mean("x") < 0.9 * eager.mean("x")

    def test_a_lone_request_is_answered_as_if_there_were_no_batcher(self) -> None:
        outcome = simulate(poisson(0.002, 60_000, "x"), batcher())
        assert outcome.p99("x") < 2 * (A + B)
        assert statistics.median(outcome.waits["x"]) == pytest.approx(A + B)

    def test_bursts_ride_together(self) -> None:
        outcome = simulate(bursts(8, 2.0, 200), batcher())
        assert outcome.p99("x") <= A + B * MOST + 1e-6

    def test_a_hot_shape_does_not_starve_a_rare_one(self) -> None:
        arrivals = poisson(1.2 * BEST_RATE, 120, "hot") + poisson(0.2, 120, "rare")
        outcome = simulate(arrivals, batcher())
        longest_pass = A + B * MOST
        backlog = max(outcome.waits["hot"])
        assert max(outcome.waits["rare"]) <= backlog + longest_pass
        assert outcome.mean("rare") < outcome.mean("hot") + longest_pass

    @pytest.mark.parametrize("pattern", ["poisson", "bursts"])
    def test_everybody_is_served_exactly_once(self, pattern: str) -> None:
        arrivals = poisson(3, 100, "x") if pattern == "poisson" else bursts(11, 1.0, 50)
        outcome = simulate(arrivals, batcher(most=4))
        assert sum(outcome.sizes) == len(arrivals) == len(outcome.waits["x"])


class Eager(Batcher[int]):
    """What one would write first: leave with whoever is there."""

    def leave(self, now: float) -> Pass[int] | float | None:
        found = super().leave(now)
        return super().leave(now + 1e6) if isinstance(found, float) else found
