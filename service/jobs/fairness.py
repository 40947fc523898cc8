"""Who goes first: a start tag for each job, given once at admission; the queue is served in tag order.

Start-time fair queueing with the wall clock as virtual time. Source: Goyal, Vin, Cheng, "Start-time fair
queueing", SIGCOMM 1996 (https://doi.org/10.1145/248156.248171); why it fits and what was left out is in
docs/decisions/scheduling.md.

- A user's next job starts where the last one's share ends, so one who asks much waits behind one who
  asks little, and within a tier the least recently served goes first.
- A share is shorter for a heavier tier, and its jobs start a little in the past.
- Tags never lie further ahead than MAX_LEAD, so no job is overtaken by anything that arrives later than
  MAX_LEAD + MAX_HEAD_START after it: waiting is what raises a job's priority, and nobody starves.
- The rows of a batch stand one share apart from now on, without a head start and without MAX_LEAD, and do not
  move the user's tag: under load a batch gets what a user gets who asks for one work after the other, and
  neither the owner's single works nor anybody else's wait behind all of it. An idle queue serves it at once.
  Its last row starves no more than others do: its tag, however late, is a moment that comes.
"""

from datetime import datetime, timedelta
from typing import Final

SHARE: Final = timedelta(seconds=60)  # one credit's worth of queue for weight 1
MAX_HEAD_START: Final = timedelta(seconds=120)
MAX_LEAD: Final = timedelta(minutes=10)


def start_tag(now: datetime, *, user_tag: datetime | None, weight: int) -> datetime:
    """Where a job arriving now stands.

    Args:
        user_tag: where the user's previous job's share ended; None for the first.
        weight: of the user's tier, >= 1.
    """
    earliest = now - MAX_HEAD_START * (1 - 1 / weight)
    return min(max(earliest, user_tag or earliest), now + MAX_LEAD)


def next_user_tag(tag: datetime, *, price_credits: int, weight: int) -> datetime:
    """Where the job's share ends: the start of the same user's next one."""
    return tag + SHARE * price_credits / weight


def row_tags(
    now: datetime, count: int, *, previous: datetime | None, price_credits: int, weight: int
) -> list[datetime]:
    """Where the `count` rows of a batch stand.

    Args:
        previous: the last tag among the rows of the same user that wait or run already; None without any.
        price_credits: of one row.
    """
    share = SHARE * price_credits / weight
    first = now if previous is None else max(now, previous + share)
    return [first + share * row for row in range(count)]
