"""Farmers against the whole programme, through its endpoints; and how many honest helpers it costs.

Small sizes; `python -m benchmarks.red_team` plays the full ones.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI

from models.risk import RiskDecision
from service.wiring import Services
from tests.factories import red_team
from tests.factories.helps import ANDROID
from tests.factories.honest_helps import Population
from tests.factories.red_team import Loot, RedTeam
from tests.factories.replays import Replay

Attack = Callable[[RedTeam, int], Awaitable[Loot]]

MACBOOK = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/26.0 Safari/605.1.15"
)
OWNERS_LINKS_A_DAY = 3
MANY = 1000


@pytest.mark.parametrize(
    ("attack", "size", "most_rewards", "most_counted"),
    [
        (red_team.many_taps, 25, 0, 1),
        (red_team.guests_of_one_device, 18, OWNERS_LINKS_A_DAY, MANY),
        (red_team.guests_of_one_network, 18, OWNERS_LINKS_A_DAY, MANY),
        (red_team.ring_of_three, 2, 0, MANY),
        (red_team.circle_of_eight, 1, 1, MANY),
        (red_team.new_for_many, 4, 1, MANY),
        (red_team.second_account, 6, 0, 0),
        (red_team.private_window, 9, OWNERS_LINKS_A_DAY, MANY),
        (red_team.bad_tokens, 4, 0, 1),
        (red_team.enumeration, 20, 0, 0),
        (red_team.crawlers, 5, 0, 0),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_attack(
    services: Services, app: FastAPI, attack: Attack, size: int, most_rewards: int, most_counted: int
) -> None:
    async with RedTeam(services, app) as team:
        loot = await attack(team, size)
    print(f"{attack.__name__}: {loot}")
    assert loot.rewards <= most_rewards
    assert loot.counted <= most_counted


@pytest.mark.parametrize("farm", [red_team.farm_on_one_device, red_team.farm_in_one_home])
async def test_a_farm_where_guests_also_ask_dries_up(services: Services, app: FastAPI, farm: Attack) -> None:
    """Each owner is within every cap; what gives it away is that all of it happens in one place."""
    async with RedTeam(services, app) as team:
        loot = await farm(team, 36)
    print(loot)
    assert loot.rewards <= 4


async def test_taps_that_are_refused_speak_against_nobody_else(services: Services, app: FastAPI) -> None:
    """Two guests in a dormitory, and one page token that is spent already, tapped again and again."""
    async with RedTeam(services, app) as team:
        prankster = await team.guest(red_team.FARM_ADDRESS)
        code = await team.ask(prankster)
        assert code is not None
        page = await team.open_page(code)
        first, second = [await team.guest(red_team.FARM_ADDRESS) for _ in range(2)]
        assert (await team.tap(first, page)).status_code == 201
        for _ in range(130):
            assert (await team.tap(second, page)).json()["code"] == "page_token_spent"
        honest = await team.guest(red_team.FARM_ADDRESS, ANDROID)
        asked = await team.ask(honest)
        assert asked is not None
        page = await team.open_page(asked)
        answer = await team.tap(await team.guest(red_team.FARM_ADDRESS, MACBOOK), page)
        assert (answer.json()["state"], answer.json()["weight"]) == ("qualified", 2), answer.text


async def test_honest_helps_are_let_through(services: Services) -> None:
    start = datetime(2026, 11, 1, tzinfo=UTC)
    population = Population(7, start)
    taps = population.taps(300)
    async with services.sessions() as session:
        tally = await Replay(session, services.risk, services.keys, start).play(population.people, taps)
    denied, held = tally.share(RiskDecision.DENY), tally.share(RiskDecision.HOLD)
    print(f"honest helps: {tally.count}, denied {denied:.2%}, held {held:.2%}, {tally.codes}")
    assert denied < 0.01
    assert held < 0.03
