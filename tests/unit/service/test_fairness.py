"""The queue's promises, checked by simulating it: shares, least recently served first, no starvation."""

import heapq
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from service.jobs.fairness import MAX_HEAD_START, MAX_LEAD, SHARE, next_user_tag, row_tags, start_tag

START = datetime(2026, 11, 11, tzinfo=UTC)


class Queue:
    """Jobs in tag order, as the claim statement takes them."""

    def __init__(self) -> None:
        self.tags: dict[str, datetime] = {}
        self.waiting: list[tuple[datetime, int, str, datetime]] = []
        self.count = 0

    def arrive(self, user: str, weight: int, seconds: float) -> datetime:
        now = START + timedelta(seconds=seconds)
        tag = start_tag(now, user_tag=self.tags.get(user), weight=weight)
        self.tags[user] = next_user_tag(tag, price_credits=1, weight=weight)
        self.count += 1
        heapq.heappush(self.waiting, (tag, self.count, user, now))
        return tag

    def serve(self) -> str:
        return heapq.heappop(self.waiting)[2]


def order(arrivals: Iterable[tuple[str, int, float]]) -> list[str]:
    queue = Queue()
    for user, weight, seconds in arrivals:
        queue.arrive(user, weight, seconds)
    return [queue.serve() for _ in range(queue.count)]


class TestFairness:
    def test_one_who_asks_much_lets_one_who_asks_little_pass(self) -> None:
        arrivals = [("greedy", 1, n / 10) for n in range(10)] + [("modest", 1, 1.0)]
        assert order(arrivals).index("modest") == 1

    def test_users_of_a_tier_take_turns(self) -> None:
        served = order([(user, 1, n / 10) for user in "abc" for n in range(6)])
        for turn in range(6):
            assert set(served[turn * 3 : turn * 3 + 3]) == {"a", "b", "c"}

    def test_under_load_shares_follow_the_weights(self) -> None:
        weights = {"free": 1, "silver": 3, "gold": 6}
        queue = Queue()
        backlog = Counter(dict.fromkeys(weights, 0))
        served: Counter[str] = Counter()
        for second in range(600):
            for user, weight in weights.items():
                while backlog[user] < 5:  # each keeps five jobs in the queue
                    queue.arrive(user, weight, float(second))
                    backlog[user] += 1
            user = queue.serve()
            backlog[user] -= 1
            served[user] += 1
        assert served["free"] < served["silver"] < served["gold"]
        assert served["free"] >= 0.5 * 600 / 10  # at least half of the ideal share of weight 1 in 10

    def test_a_higher_tier_is_served_sooner_on_arrival(self) -> None:
        queue = Queue()
        for n in range(50):
            queue.arrive(f"free{n}", 1, n)
        queue.arrive("gold", 6, 50)
        assert [queue.serve() for _ in range(queue.count)].index("gold") <= 1

    @given(
        st.lists(
            st.tuples(st.sampled_from("abcdef"), st.sampled_from([1, 3, 6, 12]), st.floats(0, 3600)),
            min_size=2,
            max_size=80,
        )
    )
    def test_nobody_is_overtaken_by_what_arrives_long_after(
        self, arrivals: list[tuple[str, int, float]]
    ) -> None:
        """The bound that the module promises: MAX_LEAD + MAX_HEAD_START."""
        queue = Queue()
        tagged = [
            (queue.arrive(user, weight, seconds), seconds)
            for user, weight, seconds in sorted(arrivals, key=lambda arrival: arrival[2])
        ]
        bound = (MAX_LEAD + MAX_HEAD_START).total_seconds()
        for early_tag, early in tagged:
            for late_tag, late in tagged:
                if late - early > bound:
                    assert early_tag < late_tag


class TestRowTags:
    def test_five_hundred_rows_let_everybody_else_pass(self) -> None:
        """While a batch of a heavy tier waits, one single work a minute of anybody is served on arrival."""
        tags = row_tags(START, 500, previous=None, price_credits=1, weight=12)
        for minute in range(40):
            single = start_tag(START + timedelta(minutes=minute), user_tag=None, weight=1)
            before = sum(tag < single for tag in tags)
            assert before <= 12 * minute

    def test_the_owners_own_single_work_goes_first(self) -> None:
        for weight in (1, 3, 6, 12):
            tags = row_tags(START, 20, previous=None, price_credits=1, weight=weight)
            assert start_tag(START, user_tag=None, weight=weight) <= tags[0]

    def test_a_second_batch_takes_its_turn(self) -> None:
        first = row_tags(START, 10, previous=None, price_credits=1, weight=3)
        second = row_tags(START, 10, previous=first[-1], price_credits=1, weight=3)
        assert second[0] - first[-1] == first[1] - first[0] == SHARE / 3

    def test_after_a_rest_it_starts_now(self) -> None:
        later = START + timedelta(hours=9)
        assert row_tags(later, 1, previous=START, price_credits=1, weight=1) == [later]
