"""Members who owe, and money that goes back, to the fen; months that were paid in advance."""

import pytest

from billing.memberships.errors import AlreadyMemberError, NotWithdrawableError
from models.membership import MembershipEnd, MembershipState
from models.order import OrderState, ReturnReason
from service.flows.change_membership import (
    change_membership,
    withdraw_membership,
)
from tests.factories.credits import give
from tests.factories.members import Club, fee


class TestDunning:
    async def test_the_tier_stays_for_the_grace_and_is_then_free(self, club: Club) -> None:
        user = await club.join()
        order = await club.subscribe(user, "gold")
        await club.settle()
        club.rehearsal.biller.break_card((await club.order_now(order)).subscription_id or "")
        await club.wait_for_renewal(user)
        due = await club.membership(user)
        assert (due.state, (await club.credits(user)).tier) == (MembershipState.PAST_DUE, "gold")
        await club.wait(days=6)
        assert (await club.credits(user)).tier == "gold"
        assert (await club.credits(user)).available == 0
        await club.wait(days=1)
        assert ((await club.membership(user)).state, (await club.credits(user)).tier) == ("unpaid", "free")
        club.rehearsal.biller.give_up(due.subscription_id or "")
        await club.settle()
        ended = await club.membership(user)
        assert (ended.state, ended.end_reason) == (MembershipState.ENDED, MembershipEnd.UNPAID)
        charged = fee(900)
        assert await club.books() == {"1110": 900 - charged, "2020": -900, "5010": charged}

    @pytest.mark.parametrize(("days", "free"), [(2, 0), (10, 3)])
    async def test_who_pays_late_is_a_member_again(self, club: Club, days: int, free: int) -> None:
        """After the grace with the free month that had begun meanwhile."""
        user = await club.join()
        order = await club.subscribe(user, "gold")
        await club.settle()
        subscription_id = (await club.order_now(order)).subscription_id or ""
        club.rehearsal.biller.break_card(subscription_id)
        await club.wait_for_renewal(user)
        await club.wait(days=days)
        club.rehearsal.biller.mend_card(subscription_id)
        await club.settle()
        membership = await club.membership(user)
        assert (membership.state, membership.grace_ends_at) == (MembershipState.ACTIVE, None)
        credits = await club.credits(user)
        assert (credits.tier, credits.available) == ("gold", 30 + free)


class TestMoneyBack:
    async def test_a_refunded_month_ends_the_membership_and_its_spent_credits_are_owed(
        self, club: Club
    ) -> None:
        user = await club.join()
        order = await club.subscribe(user, "silver")
        await club.settle()
        await club.spend(user, 4)
        paid = await club.order_now(order)
        club.rehearsal.bank.refund(paid.payment_id or "")
        await club.settle()
        ended = await club.membership(user)
        assert (ended.state, ended.end_reason) == (MembershipState.ENDED, MembershipEnd.REFUNDED)
        assert club.rehearsal.objects.get("subscription", paid.subscription_id or "")["status"] == "canceled"
        credits = await club.credits(user)
        assert (credits.tier, credits.debt, credits.available) == (
            "free",
            1,
            0,
        )  # 3 of 4 paid by the free month
        assert await club.books() == {"1110": -fee(500), "5010": fee(500)}

    async def test_a_refunded_upgrade_takes_only_the_upgrade(self, club: Club) -> None:
        user = await club.join()
        await club.subscribe(user, "silver")
        await club.settle()
        await change_membership(club.member(user), "gold", key="k", at=None, now=club.clock())
        upgrade = club.rehearsal.objects.all("payment_intent")[0]
        club.rehearsal.bank.refund(upgrade["id"])
        await club.settle()
        membership = await club.membership(user)
        assert (membership.tier, membership.state) == ("silver", MembershipState.ACTIVE)
        credits = await club.credits(user)
        assert (credits.tier, credits.available) == ("silver", 10)
        charged = fee(500, 2000)
        assert await club.books() == {"1110": 500 - charged, "2020": -500, "5010": charged}

    async def test_no_calendar_month_of_free_credits_is_given_twice(self, club: Club) -> None:
        user = await club.join()
        await club.spend(user, 3)
        order = await club.subscribe(user, "silver")
        await club.settle()
        club.rehearsal.bank.refund((await club.order_now(order)).payment_id or "")
        await club.settle()
        credits = await club.credits(user)
        assert (credits.tier, credits.available) == ("free", 0)
        club.clock.now = credits.next_reset_at
        assert (credits.next_reset_at.month, (await club.credits(user)).available) == (12, 3)

    async def test_a_refund_that_fails_gives_the_month_back(self, club: Club) -> None:
        user = await club.join()
        order = await club.subscribe(user, "silver")
        await club.settle()
        refund = club.rehearsal.bank.refund((await club.order_now(order)).payment_id or "")
        await club.settle()
        club.rehearsal.bank.fail_refund(refund["id"])
        await club.settle()
        membership = await club.membership(user)
        assert (membership.state, membership.cancels_at_period_end) == (MembershipState.ACTIVE, True)
        credits = await club.credits(user)
        # Beside the free month that had begun meanwhile.
        assert (credits.tier, credits.available) == ("silver", 10 + 3)
        charged = fee(500)
        assert await club.books() == {"1110": 500 - charged, "2020": -500, "5010": charged}

    async def test_what_fails_twice_is_given_twice(self, club: Club) -> None:
        """With what other credits have paid of the debt meanwhile."""
        user = await club.join()
        order = await club.subscribe(user, "silver")
        await club.settle()
        await club.spend(user, 10)
        bank, payment_id = club.rehearsal.bank, (await club.order_now(order)).payment_id or ""
        for _ in range(2):
            club.clock.advance(minutes=1)
            refund = bank.refund(payment_id)
            await club.settle()
            async with club.sessions.begin() as session:
                await give(session, user, 5, now=club.clock())
            bank.fail_refund(refund["id"])
            await club.settle()
        credits = await club.credits(user)
        assert (credits.tier, credits.debt, credits.available) == ("silver", 0, 5 + 5 + 3)

    async def test_a_dispute_freezes_the_months_credits_and_lost_it_ends_the_membership(
        self, club: Club
    ) -> None:
        user = await club.join()
        order = await club.subscribe(user, "silver")
        await club.settle()
        dispute = club.rehearsal.bank.dispute((await club.order_now(order)).payment_id or "")
        await club.settle()
        credits = await club.credits(user)
        assert (credits.tier, credits.available) == ("silver", 0)
        club.rehearsal.bank.lose_dispute(dispute["id"])
        await club.settle()
        assert (await club.membership(user)).end_reason is MembershipEnd.REFUNDED
        assert await club.books() == {"1110": -fee(500) - 1500, "5010": fee(500), "5030": 1500}

    async def test_withdrawn_within_its_time_all_of_the_money_goes_back(self, club: Club) -> None:
        user = await club.join()
        order = await club.subscribe(user, "silver")
        await club.settle()
        member = club.member(user)
        await change_membership(member, "gold", key="k", at=None, now=club.clock())
        await club.settle()
        for _ in range(2):  # again changes nothing
            await withdraw_membership(member, order.id, now=club.clock())
        await club.settle()
        assert (await club.membership(user)).end_reason is MembershipEnd.REFUNDED
        assert (await club.credits(user)).tier == "free"
        charged = fee(500, 2000)
        assert await club.books() == {"1110": -charged, "5010": charged}
        club.clock.advance(days=1)
        again = await club.subscribe(user, "silver")
        await club.settle()
        club.clock.advance(days=14)
        with pytest.raises(NotWithdrawableError):
            await withdraw_membership(member, again.id, now=club.clock())


class TestPrepaid:
    async def test_each_month_brings_its_quota_and_the_last_one_ends_it(self, club: Club) -> None:
        user = await club.join()
        await club.prepay(user, "silver", 3)
        await club.settle()
        assert (await club.credits(user)).available == 10
        for _ in range(2):
            await club.wait(days=31)
            credits = await club.credits(user)
            assert (credits.tier, credits.available) == ("silver", 10)
        await club.wait(days=31)
        ended = await club.membership(user)
        assert (ended.state, ended.end_reason) == (MembershipState.ENDED, MembershipEnd.OVER)
        assert (await club.credits(user)).tier == "free"
        charged = fee(2800)
        assert await club.books() == {"1110": 2800 - charged, "2020": -2800, "5010": charged}

    async def test_months_that_are_paid_beside_a_subscription_go_back(self, club: Club) -> None:
        user = await club.join()
        months = await club.prepay(user, "gold", 1)
        await club.subscribe(user, "silver")
        for event in club.events():
            if "subscription" in event["type"] or event["type"] == "invoice.paid":
                await club.deliver_one(event)
        await club.handle()
        await club.settle()
        returned = await club.order_now(months)
        assert (returned.state, returned.return_reason) == (OrderState.REFUNDED, ReturnReason.ALREADY_MEMBER)
        assert (await club.credits(user)).tier == "silver"
        charged = fee(2500, 500)
        assert await club.books() == {"1110": 500 - charged, "2020": -500, "5010": charged}

    async def test_more_months_of_the_same_tier_follow_those_that_run(self, club: Club) -> None:
        user = await club.join()
        await club.prepay(user, "gold", 1)
        await club.settle()
        first = await club.membership(user)
        order = await club.prepay(user, "gold", 3)
        await club.settle()
        membership = await club.membership(user)
        assert (membership.id, membership.paid_until.month) == (first.id, 3)
        assert (await club.credits(user)).available == 30
        with pytest.raises(AlreadyMemberError):
            await club.order(user, "membership:silver")
        club.rehearsal.bank.refund((await club.order_now(order)).payment_id or "")
        await club.settle()
        membership = await club.membership(user)
        assert (membership.state, membership.paid_until) == (MembershipState.ACTIVE, first.paid_until)
        assert (await club.credits(user)).available == 30
