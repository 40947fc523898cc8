"""Events that come twice, late, in disorder or never; keepers that die; people who hurry."""

import asyncio
from datetime import timedelta
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from billing.memberships.queries import claim_notice, list_due_notices
from billing.stripe_catalog import price_key
from billing.subscriptions import PriceChange
from models.membership import FirstMonthClaim, MembershipEnd, MembershipPeriod, MembershipState
from models.order import Order, OrderState, ReturnReason
from service.flows.apply_payments import apply_report, complete
from service.flows.read_membership import read_membership
from service.flows.return_money import return_money
from service.flows.sweep_payments import sweep_payments
from tests.factories.members import Club, fee
from tests.fakes.killer import Killed, killing

CHARGED = fee(500, 6800 - 500, 6800)


def gone_subscription(club: Club, order: Order) -> str:
    """The id of the subscription that an order opened, as the bank knows it."""
    session = club.rehearsal.objects.get("checkout.session", order.checkout_id or "")
    return str(session["subscription"])


def to_tier(club: Club, subscription_id: str, tier: str, price_minor: int) -> PriceChange:
    key = price_key(f"membership:{tier}", "CNY", price_minor)
    return PriceChange(subscription_id, key, price_minor, "CNY", f"to {tier}", club.clock())


async def live_through(club: Club, user: UUID) -> str:
    """A month with an upgrade, and a second one whose money went back; nobody has told us of any of it."""
    order = await club.subscribe(user, "silver")
    subscription_id = gone_subscription(club, order)
    await club.channel.upgrade(to_tier(club, subscription_id, "studio", 6800))
    club.clock.advance(days=30, seconds=1)
    club.rehearsal.biller.tick()
    newest = club.rehearsal.objects.all("payment_intent")[0]
    assert newest["amount"] == 6800
    club.rehearsal.bank.refund(newest["id"])
    return subscription_id


async def require_told(club: Club, user: UUID) -> None:
    """Where that month ends, whoever told of it."""
    membership = await club.membership(user)
    assert (membership.state, membership.end_reason) == (MembershipState.ENDED, MembershipEnd.REFUNDED)
    assert membership.subscription_ended_at is not None
    async with club.sessions() as session:
        orders = {one.amount_minor: one.state for one in await session.scalars(select(Order))}
        periods = [one.kind for one in await session.scalars(select(MembershipPeriod))]
    assert orders == {500: OrderState.PAID, 6300: OrderState.PAID, 6800: OrderState.REFUNDED}
    assert sorted(periods) == ["month", "month", "upgrade"]
    assert await club.books() == {"1110": 6800 - CHARGED, "2020": -6800, "5010": CHARGED}
    assert (await club.credits(user)).tier == "free"


class TestDisorder:
    @pytest.mark.parametrize("seed", [1, 2])
    async def test_shuffled_and_repeated_events_end_alike(self, club: Club, seed: int) -> None:
        user = await club.join()
        await live_through(club, user)
        await club.settle(shuffle=Random(seed), copies=3)
        await require_told(club, user)

    async def test_what_no_event_told_is_healed_by_the_sweep(self, club: Club) -> None:
        user = await club.join()
        await live_through(club, user)
        club.taken |= {event["id"] for event in club.events()}
        for _ in range(2):  # what follows from the first is read by the second
            swept = await sweep_payments(club.sessions, club.channel, rules=club.rules, now=club.clock())
            assert (swept.faults, swept.gaps) == ([], {"CNY": 0})
            await return_money(club.sessions, club.channel, rules=club.rules, now=club.clock())
        club.taken |= {event["id"] for event in club.events()}
        assert swept.healed == set()
        await require_told(club, user)

    async def test_a_state_that_was_read_earlier_and_comes_later_changes_nothing(self, club: Club) -> None:
        user = await club.join()
        order = await club.subscribe(user, "silver")
        subscription_id = gone_subscription(club, order)
        stale = [await read_membership(club.sessions, club.channel, subscription_id)]
        await club.channel.set_cancelling(subscription_id, cancels=True)
        stale.append(await read_membership(club.sessions, club.channel, subscription_id))
        await club.channel.upgrade(to_tier(club, subscription_id, "gold", 2500))
        await club.settle()
        before = await club.membership(user)
        assert (before.tier, before.cancels_at_period_end) == ("gold", True)
        for facts in (*stale, *reversed(stale)):
            report = await complete(club.sessions, club.channel, facts)
            async with club.sessions.begin() as session:
                await apply_report(session, report, rules=club.rules, now=club.clock())
        after = await club.membership(user)
        assert (after.tier, after.cancels_at_period_end) == ("gold", True)
        assert (await club.credits(user)).available == 30

    async def test_an_event_that_comes_before_its_order_is_there_waits_for_it(self, club: Club) -> None:
        user = await club.join()
        order = await club.subscribe(user, "silver")
        async with club.sessions.begin() as session:
            kept = (await session.execute(text("DELETE FROM orders RETURNING *"))).one()
        await club.deliver()
        await club.handle()
        waiting = "SELECT count(*) FROM inbox_events WHERE state = 'waiting' AND reason ~ 'UnknownOrder'"
        async with club.sessions.begin() as session:
            assert await session.scalar(text(waiting)) == 3
            session.add(Order(**{name: value for name, value in kept._mapping.items() if value is not None}))
        club.clock.advance(minutes=1)
        await club.settle()
        assert (await club.order_now(order)).state is OrderState.PAID
        assert (await club.credits(user)).tier == "silver"

    async def test_killed_between_two_steps_everything_happens_once(
        self, club: Club, engine: AsyncEngine
    ) -> None:
        """Dies at its second, fifth, eighth… statement, until it comes through."""
        user, other = await club.join(), await club.join()
        await club.subscribe(user, "silver", card="fp_shared")
        await club.subscribe(other, "gold", card="fp_shared")
        deaths = 0
        for _ in range(2):  # the second round is of the money that goes back
            await club.deliver()
            deaths += await die_until_done(club, engine)
        assert deaths > 12
        tiers = sorted([(await club.credits(one)).tier for one in (user, other)])
        async with club.sessions() as session:
            orders = (await session.scalars(select(Order).order_by(Order.state))).all()
        assert [one.return_reason for one in orders] == [None, ReturnReason.FIRST_MONTH_TAKEN]
        assert [one.state for one in orders] == [OrderState.PAID, OrderState.REFUNDED]
        assert tiers in (["free", "gold"], ["free", "silver"])
        charged, kept = fee(500, 900), orders[0].amount_minor
        assert await club.books() == {"1110": kept - charged, "2020": -kept, "5010": charged}


async def die_until_done(club: Club, engine: AsyncEngine) -> int:
    """How often it died. What waits for another attempt is due again at once."""
    step, deaths = -1, 0
    while True:
        step += 3
        try:
            with killing(engine, at_statement=step):
                await club.handle()
                await return_money(club.sessions, club.channel, rules=club.rules, now=club.clock())
        except Killed:
            deaths += 1
            async with club.sessions.begin() as session:
                due = "UPDATE inbox_events SET next_attempt_at = :now WHERE state = 'waiting'"
                await session.execute(text(due), {"now": club.clock()})
        else:
            return deaths


class TestHurry:
    async def test_of_two_who_pay_with_one_card_at_once_one_has_the_first_month(self, club: Club) -> None:
        users = [await club.join() for _ in range(2)]
        for user in users:
            await club.subscribe(user, "gold", card="fp_shared")
        await club.deliver()
        await asyncio.gather(*(club.handle() for _ in range(4)))
        await club.settle()
        tiers = sorted([(await club.credits(user)).tier for user in users])
        assert tiers == ["free", "gold"]
        async with club.sessions() as session:
            claims = (await session.scalars(select(FirstMonthClaim.kind))).all()
        assert sorted(claims) == ["account", "card"]
        assert (await club.books())["2020"] == -900

    async def test_a_closed_account_is_charged_no_more_and_keeps_no_money_of_it(self, club: Club) -> None:
        user = await club.join()
        order = await club.subscribe(user, "gold")
        await club.settle()
        async with club.sessions.begin() as session:
            closing = text("UPDATE credit_accounts SET closed_at = :now")
            await session.execute(closing, {"now": club.clock()})
        club.clock.advance(days=30, seconds=1)
        club.rehearsal.biller.tick()  # it was charged before anybody could end it
        await club.settle()
        subscription = club.rehearsal.objects.get("subscription", gone_subscription(club, order))
        assert subscription["status"] == "canceled"
        charged = fee(900, 2500)
        assert await club.books() == {"1110": 900 - charged, "2020": -900, "5010": charged}

    async def test_a_notice_is_due_once_for_each_renewal(self, club: Club) -> None:
        user = await club.join()
        await club.subscribe(user, "gold")
        await club.settle()
        paid_until = (await club.membership(user)).paid_until
        club.clock.now = paid_until - timedelta(days=5)
        async with club.sessions.begin() as session:
            (due,) = await list_due_notices(session, notice=club.rules.notice, now=club.clock(), limit=9)
            claims = [await claim_notice(session, due.id, paid_until, now=club.clock()) for _ in range(2)]
            assert claims == [True, False]
            assert not await list_due_notices(session, notice=club.rules.notice, now=club.clock(), limit=9)
