"""Whatever members, cards, banks and time do in whatever order, books and credits keep their promises."""

from random import Random

import pytest

from tests.factories.club_walk import STEPS, ClubWalk
from tests.factories.members import Club
from tests.integration.memberships.conftest import require_order


@pytest.mark.parametrize("seed", [7, 20261128])
async def test_random_lives_keep_every_promise(club: Club, seed: int) -> None:
    """The full size is `benchmarks/membership_walk.py`."""
    walk = ClubWalk(club, Random(seed))
    await walk.begin()
    for _ in range(4):
        for _ in range(6):
            await walk.step(walk.random.randrange(STEPS))
        await walk.come_to_rest()
        await require_order(club)
