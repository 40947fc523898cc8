"""A month of quota comes once a month, whatever clocks and moves may do."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.periods import SHORTEST, Period, period_at

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
ZONES = (
    "UTC",
    "Asia/Shanghai",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "America/New_York",
    "Asia/Kathmandu",
)
moments = st.integers(0, 8 * 365 * 24 * 60).map(lambda minutes: FIRST + timedelta(minutes=minutes))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class TestCalendarMonth:
    def test_it_follows_the_users_midnight(self) -> None:
        period = period_at(
            at("2026-11-24T08:00"), timezone="Asia/Shanghai", anchor_at=None, previous_end=None
        )
        assert period == Period(at("2026-10-31T16:00"), at("2026-11-30T16:00"))

    def test_daylight_saving_moves_the_boundary(self) -> None:
        period = period_at(
            at("2026-11-15T00:00"), timezone="America/New_York", anchor_at=None, previous_end=None
        )
        assert period == Period(at("2026-11-01T04:00"), at("2026-12-01T05:00"))

    @given(moments, st.sampled_from(ZONES))
    def test_it_holds_the_moment(self, now: datetime, zone: str) -> None:
        period = period_at(now, timezone=zone, anchor_at=None, previous_end=None)
        assert period.start <= now < period.end
        assert timedelta(days=27) < period.end - period.start < timedelta(days=32)


class TestAnchor:
    @pytest.mark.parametrize(
        ("now", "start", "end"),
        [
            ("2026-02-10T00:00", "2026-01-31T09:30", "2026-02-28T09:30"),
            ("2026-02-28T09:30", "2026-02-28T09:30", "2026-03-31T09:30"),
            ("2028-02-29T09:29", "2028-01-31T09:30", "2028-02-29T09:30"),
            ("2026-01-05T00:00", "2025-12-31T09:30", "2026-01-31T09:30"),
        ],
    )
    def test_the_31st_is_clamped_to_the_months_end(self, now: str, start: str, end: str) -> None:
        anchor = at("2025-10-31T09:30")
        period = period_at(at(now), timezone="Asia/Shanghai", anchor_at=anchor, previous_end=None)
        assert period == Period(at(start), at(end))


class TestMovingZones:
    def test_moving_west_at_the_boundary_brings_no_extra_month(self) -> None:
        """Kiritimati's November ends 25 hours before Pago Pago's: that day joins December."""
        east = period_at(
            at("2026-11-20T00:00"), timezone="Pacific/Kiritimati", anchor_at=None, previous_end=None
        )
        west = period_at(east.end, timezone="Pacific/Pago_Pago", anchor_at=None, previous_end=east.end)
        assert west == Period(east.end, at("2027-01-01T11:00"))

    @given(moments, st.lists(st.tuples(st.sampled_from(ZONES), st.integers(0, 40)), min_size=2, max_size=12))
    def test_periods_never_overlap_nor_grow_dense(self, now: datetime, moves: list[tuple[str, int]]) -> None:
        """However one moves, each period begins at or after the last one's end and is a month long."""
        previous: Period | None = None
        for zone, days in moves:
            if previous is not None:
                now = max(now, previous.end) + timedelta(days=days)
            period = period_at(
                now, timezone=zone, anchor_at=None, previous_end=previous.end if previous else None
            )
            assert period.start <= now < period.end
            if previous is not None:
                assert period.start >= previous.end
                assert period.end - previous.end >= SHORTEST
            previous = period
