"""What members, their cards and time do, to the fen: tier, credits, the membership's state and our books."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from billing.memberships.errors import AlreadyMemberError, RenewalUnderWayError
from models.membership import MembershipEnd, MembershipState
from models.order import OrderState, ReturnReason
from service.flows.change_membership import (
    cancel_membership,
    change_membership,
    preview_change,
    resume_membership,
)
from tests.factories.credits import give
from tests.factories.members import Club, fee


class TestJoining:
    async def test_the_first_month_is_cheaper_and_brings_the_whole_quota_at_once(self, club: Club) -> None:
        user = await club.join()
        order = await club.subscribe(user, "silver")
        assert (order.amount_minor, order.is_first_month) == (500, True)
        before = await club.credits(user)
        assert (before.tier, before.available) == ("free", 3)
        await club.settle()
        membership = await club.membership(user)
        credits = await club.credits(user)
        assert (credits.tier, membership.tier, membership.state) == ("silver", "silver", "active")
        # The free month was never looked at, so there is none beside the paid one.
        assert (credits.available, credits.next_reset_at) == (10, membership.period_end)
        assert (await club.order_now(order)).state is OrderState.PAID
        charged = fee(500)
        assert await club.books() == {"1110": 500 - charged, "2020": -500, "5010": charged}

    async def test_the_second_month_costs_its_price_and_begins_at_the_anchor(self, club: Club) -> None:
        user = await club.join()
        await club.subscribe(user, "silver")
        await club.settle()
        first = await club.membership(user)
        await club.wait_for_renewal(user)
        second = await club.membership(user)
        assert (second.period_start, second.renewal_minor) == (first.period_end, 1000)
        assert second.period_end.day == first.anchor_at.day
        charged = fee(500, 1000)
        assert await club.books() == {"1110": 1500 - charged, "2020": -1500, "5010": charged}
        # What was left of the first month lapses three hours after the second has come.
        assert (await club.credits(user)).available == 20
        await club.wait(hours=3)
        assert (await club.credits(user)).available == 10

    async def test_free_credits_that_are_there_stay_until_their_month_ends_and_no_others_come(
        self, club: Club
    ) -> None:
        user = await club.join()
        await club.touch(user)
        await club.subscribe(user, "silver")
        await club.settle()
        assert (await club.credits(user)).available == 13
        await club.wait(days=20)  # another calendar month: no free month comes to a member
        assert (await club.credits(user)).available == 10

    async def test_the_same_card_gets_no_second_first_month_and_its_money_back(self, club: Club) -> None:
        first, second = await club.join(), await club.join()
        await club.subscribe(first, "gold", card="fp_shared")
        await club.settle()
        order = await club.subscribe(second, "gold", card="fp_shared")
        await club.settle()
        returned = await club.order_now(order)
        assert (returned.state, returned.return_reason) == (
            OrderState.REFUNDED,
            ReturnReason.FIRST_MONTH_TAKEN,
        )
        assert (await club.credits(second)).tier == "free"
        subscription = club.rehearsal.objects.get("subscription", returned.subscription_id or "")
        assert subscription["status"] == "canceled"
        charged = fee(900, 900)
        assert await club.books() == {"1110": 900 - charged, "2020": -900, "5010": charged}
        async with club.sessions() as session:  # nor may the two accounts help each other unlock
            sharing = "SELECT count(DISTINCT user_id), count(DISTINCT digest) FROM payment_marks"
            assert tuple((await session.execute(text(sharing))).one()) == (2, 1)
        # At the ordinary price the card is as good as any.
        again = await club.subscribe(second, "gold", card="fp_other")
        assert (again.amount_minor, again.is_first_month) == (900, True)
        await club.settle()
        assert (await club.credits(second)).tier == "gold"

    async def test_neither_account_nor_contact_gets_a_second_one(self, club: Club) -> None:
        user = await club.join("a@example.com")
        await club.subscribe(user, "silver")
        await club.settle()
        await cancel_membership(club.member(user), now=club.clock())
        await club.wait_for_renewal(user)
        assert (await club.order(user, "membership:gold")).amount_minor == 2500
        assert (await club.credits(user)).tier == "free"

    async def test_who_pays_twice_has_one_membership_and_one_months_money_back(self, club: Club) -> None:
        user = await club.join()
        first = await club.order(user, "membership:silver")
        second = await club.order(user, "membership:gold")
        for order in (first, second):
            club.rehearsal.biller.begin(order.checkout_id or "")
        await club.settle()
        one, other = await club.order_now(first), await club.order_now(second)
        assert (one.state, one.return_reason) == (OrderState.PAID, None)
        assert (other.state, other.return_reason) == (OrderState.REFUNDED, ReturnReason.ALREADY_MEMBER)
        assert (await club.credits(user)).tier == "silver"
        with pytest.raises(AlreadyMemberError):
            await club.order(user, "membership:studio")


class TestChanging:
    async def test_an_upgrade_is_charged_and_granted_for_the_rest_of_the_month(self, club: Club) -> None:
        user = await club.join()
        await club.subscribe(user, "silver")
        await club.settle()
        await club.wait(days=15)  # half of the thirty days
        member = club.member(user)
        preview = await preview_change(member, "gold", now=club.clock())
        # Half of gold's 2500 less half of the 500 that were paid; half of 20 credits.
        assert (preview.due_minor, preview.change.extra_credits) == (1250 - 250, 10)
        changed = await change_membership(
            member, "gold", key="k", at=preview.change.price.at, now=club.clock()
        )
        assert (changed.tier, changed.is_change_pending, changed.scheduled_tier) == ("gold", False, None)
        await club.settle()
        credits = await club.credits(user)
        assert (credits.tier, credits.available) == ("gold", 20)
        charged = fee(500, 1000)
        assert await club.books() == {"1110": 1500 - charged, "2020": -1500, "5010": charged}

    async def test_up_and_down_in_one_month(self, club: Club) -> None:
        user = await club.join()
        await club.subscribe(user, "silver")
        await club.settle()
        member = club.member(user)
        await change_membership(member, "studio", key="up", at=None, now=club.clock())
        lowered = await change_membership(member, "gold", key="down", at=None, now=club.clock())
        assert (lowered.tier, lowered.scheduled_tier, lowered.renewal_minor) == ("studio", "gold", 2500)
        undone = await change_membership(member, "studio", key="undo", at=None, now=club.clock())
        assert (undone.scheduled_tier, undone.renewal_minor) == (None, 6800)
        await change_membership(member, "gold", key="down again", at=None, now=club.clock())
        assert (await club.credits(user)).available == 100
        await club.wait_for_renewal(user)
        renewed = await club.membership(user)
        assert (renewed.tier, renewed.scheduled_tier) == ("gold", None)
        await club.wait(hours=4)
        credits = await club.credits(user)
        assert (credits.tier, credits.available) == ("gold", 30)
        charged = fee(500, 6800 - 500, 2500)
        assert await club.books() == {"1110": 9300 - charged, "2020": -9300, "5010": charged}

    async def test_an_upgrade_that_is_not_paid_changes_nothing_until_it_is(self, club: Club) -> None:
        user = await club.join()
        order = await club.subscribe(user, "silver")
        await club.settle()
        subscription_id = (await club.order_now(order)).subscription_id or ""
        club.rehearsal.biller.break_card(subscription_id)
        changed = await change_membership(club.member(user), "gold", key="k", at=None, now=club.clock())
        assert (changed.tier, changed.is_change_pending) == ("silver", True)
        await club.settle()
        assert (await club.credits(user)).available == 10
        club.rehearsal.biller.mend_card(subscription_id)
        await club.settle()
        assert ((await club.credits(user)).tier, (await club.credits(user)).available) == ("gold", 30)

    async def test_a_cancelled_membership_lasts_its_month_and_packs_outlive_it(self, club: Club) -> None:
        user = await club.join()
        await club.subscribe(user, "silver")
        await club.settle()
        async with club.sessions.begin() as session:
            await give(session, user, 5, now=club.clock())
        member = club.member(user)
        cancelled = await cancel_membership(member, now=club.clock())
        assert (cancelled.state, cancelled.cancels_at_period_end) == (MembershipState.ACTIVE, True)
        resumed = await resume_membership(member, now=club.clock())
        assert not resumed.cancels_at_period_end
        await cancel_membership(member, now=club.clock())
        assert (await club.credits(user)).available == 15
        await club.wait_for_renewal(user)
        ended = await club.membership(user)
        assert (ended.state, ended.end_reason) == (MembershipState.ENDED, MembershipEnd.CANCELLED)
        assert ended.ended_at == ended.paid_until
        credits = await club.credits(user)
        assert (credits.tier, credits.available) == ("free", 5 + 3)

    async def test_who_cancels_when_the_month_has_begun_and_before_it_is_charged_pays_nothing(
        self, club: Club, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        user = await club.join()
        await club.subscribe(user, "silver")
        await club.settle()
        biller, drafts = club.rehearsal.biller, []
        with monkeypatch.context() as hour:  # for so long an invoice of Stripe's is a draft
            hour.setattr(biller, "_pay", lambda *draft: drafts.append(draft))
            await club.wait_for_renewal(user)
            ended = await cancel_membership(club.member(user), now=club.clock())
        assert (ended.state, ended.ended_at) == (MembershipState.ENDED, ended.paid_until)
        for subscription, invoice in drafts:
            if subscription["status"] != "canceled":
                biller._pay(subscription, invoice)
        await club.settle()
        assert (await club.membership(user)).state is MembershipState.ENDED
        invoices = club.rehearsal.objects.all("invoice")
        paid = [one["amount_paid"] for one in invoices if one["status"] == "paid"]
        assert (len(drafts), paid) == (1, [500])

    async def test_who_cancels_when_the_month_was_charged_and_nobody_has_heard_of_it_is_served(
        self, club: Club
    ) -> None:
        user = await club.join()
        await club.subscribe(user, "silver")
        await club.settle()
        first = await club.membership(user)
        club.clock.advance(seconds=(first.paid_until - club.clock()).total_seconds() + 1)
        club.rehearsal.biller.tick()
        cancelled = await cancel_membership(club.member(user), now=club.clock())
        assert (cancelled.state, cancelled.period_start) == (MembershipState.ACTIVE, first.period_end)
        assert cancelled.cancels_at_period_end
        await club.wait_for_renewal(user)
        assert (await club.membership(user)).state is MembershipState.ENDED

    @pytest.mark.parametrize("tier", ["silver", "studio"])
    async def test_no_tier_is_changed_when_the_month_has_begun_and_is_not_charged_yet(
        self, club: Club, monkeypatch: pytest.MonkeyPatch, tier: str
    ) -> None:
        """An upgrade would be charged and bring no credits; a downgrade would come a month late."""
        user = await club.join()
        await club.subscribe(user, "gold")
        await club.settle()
        shown_at = (await club.membership(user)).paid_until - timedelta(minutes=1)
        biller, drafts = club.rehearsal.biller, []
        with monkeypatch.context() as hour:
            hour.setattr(biller, "_pay", lambda *draft: drafts.append(draft))
            await club.wait_for_renewal(user)
            with pytest.raises(RenewalUnderWayError):
                await preview_change(club.member(user), tier, now=club.clock())
            with pytest.raises(RenewalUnderWayError):
                await change_membership(club.member(user), tier, key="k", at=shown_at, now=club.clock())
        biller._pay(*drafts[0])
        await club.settle()
        changed = await change_membership(club.member(user), tier, key="k", at=None, now=club.clock())
        assert tier in (changed.tier, changed.scheduled_tier)
