"""The time of a rehearsal: the real one, and as much later as somebody has said, so that months can pass."""

import json
from datetime import datetime, timedelta
from pathlib import Path

from core.clock import utc_now


class RehearsalClock:
    """The clock of the whole service where no money moves. It never goes back.

    Args:
        path: where it is kept over a restart.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ahead = timedelta()
        if path.is_file():
            self._ahead = timedelta(seconds=json.loads(path.read_text("utf-8"))["ahead_seconds"])

    def __call__(self) -> datetime:
        return utc_now() + self._ahead

    def advance_to(self, moment: datetime) -> None:
        """Let it be then; what is past stays past."""
        ahead = moment - utc_now()
        if ahead > self._ahead:
            self._ahead = ahead
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(json.dumps({"ahead_seconds": ahead.total_seconds()}), "utf-8")
