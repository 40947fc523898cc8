"""Smooth curves through given values."""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def catmull_rom(knots: Values, span: NDArray[np.intp], t: Values) -> Values:
    """Values between knots `span + 1` and `span + 2`, at 0..1 of the way.

    Args:
        knots: (n, ...) at even distances; the first and last only steer the ends.
        t: broadcastable to `knots[span]`.
    """
    before, start, end, after = (knots[span + shift] for shift in range(4))
    bent = 2 * before - 5 * start + 4 * end - after + t * (3 * (start - end) + after - before)
    curve: Values = start + 0.5 * t * (end - before + t * bent)
    return curve
