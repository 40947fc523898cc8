"""Who pays when a job does not simply succeed. The public table in docs/api.md is this one."""

from enum import StrEnum
from typing import Final

from models.generation import JobState


class Payment(StrEnum):
    SETTLE = "settle"
    RELEASE = "release"


KEEP_FROM_SHARE: Final = 0.5  # of the steps of a job that is cancelled while it runs


def decide_payment(
    state: JobState,
    *,
    share_done: float = 0.0,
    rejections_today: int = 0,
    free_rejections: int = 3,
) -> Payment:
    """What happens to the hold when a job ends in `state`.

    Args:
        share_done: steps done / steps, when a running job was cancelled; 0 while queued.
        rejections_today: refused outputs of this user today, this one included.
        free_rejections: how many of them are released.
    """
    match state:
        case JobState.SUCCEEDED:
            return Payment.SETTLE
        case JobState.CANCELLED if share_done >= KEEP_FROM_SHARE:
            return Payment.SETTLE
        case JobState.REJECTED if rejections_today > free_rejections:
            return Payment.SETTLE
        case _:
            return Payment.RELEASE
