"""When a month of quota begins and ends."""

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

# A period that would be shorter joins the next month: moving one's time zone or anchor must not
# make an extra month appear.
SHORTEST: Final = timedelta(days=27)


@dataclass(frozen=True, slots=True)
class Period:
    """Half-open, aware, in UTC."""

    start: datetime
    end: datetime


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _month_after(year: int, month: int) -> tuple[int, int]:
    return (year + 1, 1) if month == 12 else (year, month + 1)


def _boundary(year: int, month: int, *, timezone: str, anchor_at: datetime | None) -> datetime:
    """Where the month of that name begins: its first midnight, or the anchor's day and time."""
    if anchor_at is None:
        return datetime(year, month, 1, tzinfo=_zone(timezone)).astimezone(UTC)
    anchor = anchor_at.astimezone(UTC)
    last_day = calendar.monthrange(year, month)[1]
    return anchor.replace(year=year, month=month, day=min(anchor.day, last_day))


def period_at(
    now: datetime, *, timezone: str, anchor_at: datetime | None, previous_end: datetime | None
) -> Period:
    """The period that holds `now`.

    Args:
        timezone: IANA name; rules the free tier's calendar months.
        anchor_at: start of a paid membership; its day of month rules, clamped to the month's end.
        previous_end: end of the last period; the new one never begins before it.
    """
    local = now.astimezone(UTC if anchor_at else _zone(timezone))
    year, month = local.year, local.month
    start = _boundary(year, month, timezone=timezone, anchor_at=anchor_at)
    if start > now:
        year, month = (year - 1, 12) if month == 1 else (year, month - 1)
        start = _boundary(year, month, timezone=timezone, anchor_at=anchor_at)
    start = max(start, previous_end) if previous_end is not None and previous_end <= now else start
    end = start
    while end - start < SHORTEST or end <= now:
        year, month = _month_after(year, month)
        end = _boundary(year, month, timezone=timezone, anchor_at=anchor_at)
    return Period(start, end)


def month_after(anchor_at: datetime, count: int) -> datetime:
    """The same day and time so many months later, clamped to the month's end."""
    anchor = anchor_at.astimezone(UTC)
    years, month = divmod(anchor.month - 1 + count, 12)
    return _boundary(anchor.year + years, month + 1, timezone="UTC", anchor_at=anchor)
