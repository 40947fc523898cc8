"""One member's misfortune is nobody else's: what cannot be done for one is not left undone for all."""

from uuid import UUID

from sqlalchemy import text

from models.membership import MembershipEnd, MembershipState
from models.order import Order, OrderState, ReturnReason
from service.flows.change_membership import cancel_membership
from service.flows.sweep_payments import sweep_payments
from service.rehearsal.lines import line_of, period_of
from tests.factories.members import Club


async def close(club: Club, user_id: UUID) -> None:
    async with club.sessions.begin() as session:
        closing = text("UPDATE credit_accounts SET closed_at = :now WHERE user_id = :id")
        await session.execute(closing, {"now": club.clock(), "id": user_id})


async def forget_subscription(club: Club, user_id: UUID, name: str) -> None:
    """As where a database was copied to another account of the channel."""
    async with club.sessions.begin() as session:
        renaming = text("UPDATE memberships SET subscription_id = :name WHERE user_id = :id")
        await session.execute(renaming, {"name": name, "id": user_id})


async def recall_subscription(club: Club, user_id: UUID) -> None:
    async with club.sessions.begin() as session:
        renaming = text("""
            UPDATE memberships m SET subscription_id = o.subscription_id
            FROM orders o WHERE o.owner_id = m.user_id AND m.user_id = :id""")
        await session.execute(renaming, {"id": user_id})


async def pay_after_leaving(club: Club, item: str) -> Order:
    user = await club.join()
    order = await club.order(user, item)
    await close(club, user)
    club.rehearsal.bank.pay(order.checkout_id or "", card=None)
    await club.settle()
    return order


class TestClosedAccounts:
    async def test_months_in_advance_of_who_left_stop_nobody_elses_time(self, club: Club) -> None:
        gone, other = await club.join(), await club.join()
        await club.prepay(gone, "gold", 3)
        await club.prepay(other, "gold", 3)
        await club.settle()
        await close(club, gone)
        first = await club.membership(other)
        await club.wait(seconds=(first.period_end - club.clock()).total_seconds() + 1)
        second = await club.membership(other)
        assert second.period_start == first.period_end
        assert (await club.credits(other)).available > 0
        await club.wait(days=100)
        assert (await club.membership(gone)).end_reason is MembershipEnd.OVER

    async def test_months_that_are_paid_after_leaving_go_back(self, club: Club) -> None:
        order = await pay_after_leaving(club, "months:gold:3")
        paid = await club.order_now(order)
        assert (paid.state, paid.return_reason) == (OrderState.REFUNDED, ReturnReason.ACCOUNT_CLOSED)
        assert club.rehearsal.objects.balance().get("cny", 0) <= 0

    async def test_so_do_credits_that_are_paid_after_leaving(self, club: Club) -> None:
        order = await pay_after_leaving(club, "pack:small")
        paid = await club.order_now(order)
        assert (paid.state, paid.return_reason) == (OrderState.REFUNDED, ReturnReason.ACCOUNT_CLOSED)
        assert "2010" not in await club.books()  # nothing is owed to anybody

    async def test_a_refund_that_fails_to_who_has_left_is_asked_for_again(self, club: Club) -> None:
        order = await pay_after_leaving(club, "pack:small")
        club.rehearsal.bank.fail_refund(club.rehearsal.objects.all("refund")[0]["id"])
        await club.settle()
        assert (await club.order_now(order)).state is OrderState.PAID
        await club.wait(minutes=2)
        await club.settle()
        assert (await club.order_now(order)).state is OrderState.REFUNDED
        assert "2010" not in await club.books()


class TestOneThatTheChannelDoesNotKnow:
    async def test_others_are_ended_and_have_their_money_back(self, club: Club) -> None:
        lost, other = await club.join(), await club.join()
        for user, card in ((lost, "fp_lost"), (other, "fp_other")):
            await club.subscribe(user, "silver", card=card)
            await club.settle()
        await forget_subscription(club, lost, "sub_nobody_knows")
        await close(club, lost)
        await close(club, other)
        await club.settle()
        assert (await club.membership(other)).subscription_ended_at is not None
        await recall_subscription(club, lost)
        await club.settle()
        assert (await club.membership(lost)).subscription_ended_at is not None

    async def test_the_sweep_names_it_and_goes_on(self, club: Club) -> None:
        lost, other = await club.join(), await club.join()
        for user, card in ((lost, "fp_lost"), (other, "fp_other")):
            order = await club.subscribe(user, "silver", card=card)
            await club.settle()
        await forget_subscription(club, lost, "sub_nobody_knows")
        paid = await club.order_now(order)
        assert paid.payment_id is not None
        await club.channel.give_back(paid.payment_id, key="kindness")
        club.taken |= {event["id"] for event in club.events()}  # no event tells of it
        swept = await sweep_payments(club.sessions, club.channel, rules=club.rules, now=club.clock())
        assert [fault for fault in swept.faults if "sub_nobody_knows" in fault]
        assert (await club.membership(other)).state is MembershipState.ENDED
        await recall_subscription(club, lost)


class TestInvoicesByHand:
    async def test_what_somebody_bills_beside_it_stops_no_renewal_and_no_end(self, club: Club) -> None:
        user = await club.join()
        order = await club.subscribe(user, "silver")
        await club.settle()
        first = await club.membership(user)
        objects, biller = club.rehearsal.objects, club.rehearsal.biller
        subscription = objects.get("subscription", (await club.order_now(order)).subscription_id or "")
        price = subscription["items"]["data"][0]["price"]
        lines = [line_of(subscription, price, 0, period_of(subscription))]
        biller._pay(subscription, biller._write(subscription, "manual", lines))
        club.taken |= {event["id"] for event in club.events()}  # its own event is for somebody to look at
        await club.wait_for_renewal(user)
        renewed = await club.membership(user)
        assert renewed.period_start == first.period_end
        await cancel_membership(club.member(user), now=club.clock())
        assert (await club.membership(user)).cancels_at_period_end
        swept = await sweep_payments(club.sessions, club.channel, rules=club.rules, now=club.clock())
        assert swept.faults == []  # it is older than what the sweep looks at
