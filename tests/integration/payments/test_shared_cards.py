"""Whoever pays with the same card is the same person to unlock links, whatever it was that they bought."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from sqlalchemy import text

from referral.payers import note_cards
from service.rehearsal.server import Rehearsal
from service.wiring import Services
from tests.factories.asking import available, give_help, look, open_link, open_page, press, prove
from tests.factories.orders import checkout_of, empty_inbox, order
from tests.factories.people import Person, SignIn
from tests.fakes.stripe_server.deliveries import Deliveries

Sell = Callable[..., Awaitable[None]]


@pytest.fixture
def sell(client: httpx.AsyncClient, services: Services, rehearsal: Rehearsal, deliveries: Deliveries) -> Sell:
    """Sells a pack to whoever comes with a card."""

    async def selling(buyer: Person, *, card: str) -> None:
        rehearsal.bank.pay(checkout_of(await order(client, buyer)), card=card)
        await deliveries.deliver()
        await empty_inbox(services)

    return selling


async def test_who_bought_packs_with_one_card_do_not_help_each_other(
    client: httpx.AsyncClient, sell: Sell, sign_in: SignIn
) -> None:
    owner, second, friend = [await sign_in() for _ in range(3)]
    code = await open_link(client, owner)
    for buyer, card in ((owner, "fp_mine"), (second, "fp_mine"), (friend, "fp_theirs")):
        await sell(buyer, card=card)
    refused = await press(client, await open_page(client, code), second)
    assert (refused.status_code, refused.json()["code"]) == (409, "own_help")
    assert (await give_help(client, code, friend))["state"] == "pending"


async def test_a_card_that_shows_after_the_help_brings_no_reward(
    client: httpx.AsyncClient, services: Services, sell: Sell, sign_in: SignIn
) -> None:
    owner, second = await sign_in(), await sign_in()
    code = await open_link(client, owner)
    await prove(services, second)
    assert (await give_help(client, code, second))["progress"] == 1
    for buyer in (owner, second):
        await sell(buyer, card="fp_mine")
    before = await available(services, owner.id)
    for _ in range(2):
        await prove(services, friend := await sign_in())
        await give_help(client, code, friend)
    assert await available(services, owner.id) == before
    view = await look(client, code)
    assert (view["state"], view["progress"]) == ("open", 2)
    async with services.sessions() as session:
        denied = await session.execute(text("SELECT helper_id, reason FROM helps WHERE state = 'denied'"))
        assert [tuple(one) for one in denied] == [(second.id, "own_card")]


async def test_nothing_is_noted_of_whoever_has_left(
    client: httpx.AsyncClient, services: Services, sign_in: SignIn
) -> None:
    """Money for a certificate may be told of when its buyer's account is closed, and cards are forgotten."""
    gone, here = await sign_in(), await sign_in()
    assert (await client.delete("/v1/me", headers=gone.headers)).status_code == 204
    async with services.sessions.begin() as session:
        for person in (gone, here):
            for _ in range(2):
                await note_cards(session, person.id, [b"mine", b"mine"], now=services.clock())
    async with services.sessions() as session:
        marks = await session.execute(text("SELECT user_id, digest FROM payment_marks"))
        assert [tuple(mark) for mark in marks] == [(here.id, b"mine")]
