"""Keepers that die, come late or work side by side: at least once, and never the same twice at once."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from service.outbox.delivering import Courier, Outcome
from service.outbox.queries import LEASE
from service.wiring import Services
from tests.factories.people import Person, SignIn
from tests.factories.webhooks import add_endpoint, courier_for, deliveries, happen, numbers
from tests.fakes.clock import MovableClock
from tests.fakes.killer import Killed, killing
from tests.fakes.webhook_receiver import Receiver, receiving


@pytest.fixture
def other() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


class TestCrashes:
    async def test_dying_between_send_and_mark_sends_again_under_the_same_id(
        self,
        client: httpx.AsyncClient,
        services: Services,
        courier: Courier,
        owner: Person,
        receiver: Receiver,
        clock: MovableClock,
    ) -> None:
        await add_endpoint(client, owner, receiver.url)
        await happen(services, owner.id, 1, 2)
        claimed = await courier.claim()
        assert claimed is not None
        await courier.attempt(claimed)  # and dies
        assert await courier.deliver_due() == 0
        clock.now += LEASE + timedelta(seconds=1)
        assert await courier.deliver_due() == 2
        assert numbers(receiver.received) == [1, 1, 2]
        assert receiver.received[0].id == receiver.received[1].id

    async def test_dying_at_any_statement_loses_nothing_and_keeps_the_order(
        self,
        client: httpx.AsyncClient,
        services: Services,
        courier: Courier,
        owner: Person,
        receiver: Receiver,
        clock: MovableClock,
    ) -> None:
        await add_endpoint(client, owner, receiver.url)
        await happen(services, owner.id, 0, 1)
        survived = False
        for at_statement in range(1, 20):
            await happen(services, owner.id, at_statement + 1)
            try:
                with killing(services.engine, at_statement=at_statement):
                    survived = await courier.deliver_next() is not None
            except Killed:
                clock.now += LEASE + timedelta(seconds=1)
            if survived:
                break
        assert survived
        assert at_statement > 5, "it was killed at every statement on the way"
        await courier.deliver_due()
        heard = numbers(receiver.received)
        assert heard == sorted(heard)
        assert set(heard) == set(range(at_statement + 2))
        assert len({one.id for one in receiver.received}) == at_statement + 2

    async def test_an_attempt_whose_lease_was_lost_changes_nothing(
        self,
        client: httpx.AsyncClient,
        services: Services,
        courier: Courier,
        owner: Person,
        receiver: Receiver,
        clock: MovableClock,
    ) -> None:
        endpoint = await add_endpoint(client, owner, receiver.url)
        await happen(services, owner.id, 1)
        receiver.statuses = [500]
        slow = await courier.claim()
        assert slow is not None
        clock.now += LEASE + timedelta(seconds=1)
        fast = await courier.claim()
        assert fast is not None
        assert await courier.carry(slow) is Outcome.LOST
        assert await courier.carry(fast) is Outcome.DELIVERED
        (delivery,) = await deliveries(client, owner, endpoint)
        assert (delivery["state"], delivery["attempts"]) == ("delivered", 1)

    async def test_two_keepers_never_make_the_same_attempt(
        self,
        client: httpx.AsyncClient,
        services: Services,
        owner: Person,
        receiver: Receiver,
    ) -> None:
        await add_endpoint(client, owner, receiver.url)
        await happen(services, owner.id, *range(30))
        made = await asyncio.gather(*(courier_for(services).deliver_due() for _ in range(3)))
        made.append(await courier_for(services).deliver_due())
        assert numbers(receiver.received) == list(range(30))
        assert (sum(made), receiver.most_at_once) == (30, 1)

    async def test_a_slow_endpoint_holds_up_nobody_else(
        self,
        client: httpx.AsyncClient,
        services: Services,
        courier: Courier,
        owner: Person,
        sign_in: SignIn,
        receiver: Receiver,
        other: Receiver,
    ) -> None:
        stranger = await sign_in()
        await add_endpoint(client, owner, receiver.url)
        await add_endpoint(client, stranger, other.url)
        receiver.held.clear()
        await happen(services, owner.id, 1)
        await happen(services, stranger.id, *range(10))
        delivering = asyncio.create_task(courier.deliver_due())
        assert await asyncio.to_thread(other.wait_for, 10)
        receiver.held.set()
        assert await delivering == 11
        assert numbers(receiver.received) == [1]

    async def test_racing_transactions_of_one_owner_get_places_of_their_own(
        self,
        client: httpx.AsyncClient,
        services: Services,
        courier: Courier,
        owner: Person,
        receiver: Receiver,
    ) -> None:
        await add_endpoint(client, owner, receiver.url)
        await asyncio.gather(*(happen(services, owner.id, *range(n, n + 5)) for n in range(0, 40, 5)))
        assert await courier.deliver_due() == 40
        assert sorted(numbers(receiver.received)) == list(range(40))
