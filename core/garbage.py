"""Python's collector of cyclic garbage, set for a process that serves for weeks."""

import gc
from typing import Final

# (young, middle, old). By default objects are walked whenever 700 are new, which is every few requests, and
# the whole heap whenever it has grown by a quarter.
THRESHOLDS: Final = (10_000, 20, 50)


def settle() -> None:
    """What is there by now stays, and is walked no more; the rest is collected in larger lots.

    For when everything is imported and opened. Measured: docs/performance.md.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
