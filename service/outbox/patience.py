"""How long a failing endpoint is tried: quickly at first, then seldom, for a day; then it is paused."""

import random
from datetime import datetime, timedelta
from typing import Final

FIRST_WAIT: Final = timedelta(seconds=5)
FACTOR: Final = 4
LONGEST_WAIT: Final = timedelta(hours=3)
JITTER: Final = 0.2  # of the wait, either way: endpoints that failed together do not come back together
PATIENCE: Final = timedelta(days=1)


def next_attempt(*, failures: int, failing_since: datetime, now: datetime) -> datetime | None:
    """When to try again after `failures` in a row (1 or more); None when a day of trying is over."""
    gives_up_at = failing_since + PATIENCE
    if now >= gives_up_at:
        return None
    wait: timedelta = min(FIRST_WAIT * FACTOR ** min(failures - 1, 10), LONGEST_WAIT)
    again_at: datetime = now + wait * random.uniform(1 - JITTER, 1 + JITTER)
    return min(again_at, gives_up_at)
