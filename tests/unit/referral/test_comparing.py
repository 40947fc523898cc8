"""Shares with their doubt, against published numbers."""

import pytest

from referral.comparing import compare, share_of


class TestShare:
    @pytest.mark.parametrize(
        ("successes", "trials", "low", "high"),
        # Newcombe (1998), Two-sided confidence intervals for the single proportion, table I, method 3.
        [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
    )
    def test_intervals_are_those_of_the_literature(
        self, successes: int, trials: int, low: float, high: float
    ) -> None:
        share = share_of(successes, trials)
        assert share is not None
        assert (share.low, share.high) == pytest.approx((low, high), abs=5e-5)
        assert share.share == successes / trials

    def test_nothing_has_no_share(self) -> None:
        assert share_of(0, 0) is None


class TestComparison:
    def test_the_handbooks_example(self) -> None:
        """NIST handbook 7.3.3: 12 of 200 against 22 of 200; z = -1.79."""
        found = compare((12, 200), (22, 200))
        assert found is not None
        assert found.difference == pytest.approx(0.05)
        assert found.p_value == pytest.approx(0.0735, abs=1e-3)

    def test_no_difference_is_chance(self) -> None:
        found = compare((0, 10), (0, 20))
        assert found is not None
        assert (found.difference, found.p_value) == (0.0, 1.0)

    def test_a_side_without_links_is_not_compared(self) -> None:
        assert compare((0, 0), (3, 9)) is None
