"""Whether two variants differ, or only seem to."""

import math
from dataclasses import dataclass
from typing import Final

_Z95: Final = 1.959964  # of the normal distribution, two-sided 95 %


@dataclass(frozen=True, slots=True)
class Share:
    """A share of successes with the range in which the true one lies 19 times out of 20."""

    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """b less a. `p_value`: how often chance alone makes a difference as large as this."""

    difference: float
    p_value: float


def share_of(successes: int, trials: int) -> Share | None:
    """None without trials.

    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    if trials <= 0:
        return None
    share, square = successes / trials, _Z95 * _Z95
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    doubt = share * (1 - share) / trials + square / (4 * trials * trials)
    half = _Z95 * math.sqrt(doubt) / (1 + square / trials)
    return Share(share, max(0.0, middle - half), min(1.0, middle + half))


def compare(a: tuple[int, int], b: tuple[int, int]) -> Comparison | None:
    """Two (successes, trials), by the two-proportion z-test; None where a side has no trials.

    Source: https://www.itl.nist.gov/div898/handbook/prc/section3/prc33.htm
    """
    (won_a, tried_a), (won_b, tried_b) = a, b
    if tried_a <= 0 or tried_b <= 0:
        return None
    difference = won_b / tried_b - won_a / tried_a
    pooled = (won_a + won_b) / (tried_a + tried_b)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / tried_a + 1 / tried_b))
    p_value = math.erfc(abs(difference) / spread / math.sqrt(2)) if spread else 1.0
    return Comparison(difference, p_value)
