"""Large arrays kept by each thread: fresh megabytes cost milliseconds of page faults a card."""

import threading

import numpy as np

from generators.contracts import Pixels

_local = threading.local()


def borrow(name: str, height_px: int, width_px: int, channels: int) -> Pixels:
    """This thread's buffer of that name, (height_px, width_px, channels) uint8, holding leftovers.

    Valid until the thread borrows the name again; never hand it to a caller.
    """
    size = height_px * width_px * channels
    kept: dict[str, Pixels] = _local.__dict__
    if name not in kept or kept[name].size < size:
        kept[name] = np.empty(size, np.uint8)
    return kept[name][:size].reshape(height_px, width_px, channels)
