"""A clock that tests move."""

from datetime import UTC, datetime, timedelta


class MovableClock:
    """Starts on a quiet weekday and moves only when told."""

    def __init__(self, now: datetime = datetime(2026, 11, 11, 8, 0, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **amount: float) -> None:
        """Move forward by a `timedelta(**amount)`."""
        self.now += timedelta(**amount)
