"""Purchases that are taken back: what was used stays paid, to the fen; the rest goes back, and it ends."""

import asyncio

import pytest
from sqlalchemy import select, text

from billing import queries as credits
from billing.errors import InsufficientCreditsError
from billing.memberships.errors import WithdrawalChangedError
from billing.memberships.reckoning import ALL_BACK
from billing.memberships.withdrawing import withdraw as take_back
from billing.orders import queries as orders
from billing.stripe_catalog import price_key
from billing.subscriptions import PriceChange
from models.letter import LetterKind
from models.membership import MembershipEnd, MembershipState
from models.order import Order, OrderState
from service.flows.change_membership import change_membership
from service.texts import CONSENT_VERSION, CONSENTS
from tests.factories.members import Club, fee
from tests.factories.withdrawals import OLD_CONSENT, books, letters, member, offer, offers, withdraw


async def until_waiting(club: Club) -> None:
    """Return when somebody waits for a lock."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(20), club.sessions() as session:
        while not await session.scalar(waiting):
            await session.rollback()


class TestReckoning:
    @pytest.mark.parametrize(("spent", "days", "kept"), [(4, 0, 200), (1, 10, 166), (0, 13, 216)])
    async def test_the_larger_of_credits_and_days_stays_paid_and_nobody_owes_credits_beside(
        self, club: Club, spent: int, days: int, kept: int
    ) -> None:
        user, order = await member(club, spent=spent)
        club.clock.advance(days=days, hours=23)
        shown = await offer(club, user)
        assert (shown.refund_minor, shown.kept_minor) == (500 - kept, kept)
        await withdraw(club, user, shown_minor=500 - kept)
        assert (await club.membership(user)).end_reason is MembershipEnd.REFUNDED
        await club.settle()
        gone = await club.order_now(order)
        assert (gone.state, gone.kept_minor, gone.refunded_minor) == ("refunded", kept, 500 - kept)
        assert (await club.credits(user)).debt == 0
        assert await club.books() == books(kept, 500)
        assert await offers(club, user) == []
        await withdraw(club, user, order_id=order.id)  # again changes nothing

    async def test_where_all_of_it_was_used_it_ends_and_nothing_goes_back(self, club: Club) -> None:
        """A month's credits for nothing, account after account, was to be had before."""
        user, order = await member(club, spent=10)
        await withdraw(club, user, shown_minor=0)
        await club.settle()
        gone = await club.order_now(order)
        assert (gone.state, gone.kept_minor, gone.refunded_minor) == (OrderState.REFUNDED, 500, 0)
        ended = await club.membership(user)
        assert (ended.state, ended.subscription_ended_at is None) == (MembershipState.ENDED, False)
        assert not club.rehearsal.objects.all("refund")
        assert (await club.credits(user)).debt == 0
        assert await club.books() == books(500, 500)
        assert await letters(club) == [
            (LetterKind.ORDER_WITHDRAWN, ["withdrawn_ended", "withdrawn_used_up"], 0, 500)
        ]

    async def test_tax_goes_back_with_its_part_of_the_price(self, club: Club) -> None:
        user = await club.join()
        await club.subscribe(user, "silver", consent=CONSENT_VERSION)
        (invoice,) = club.rehearsal.objects.all("invoice")
        invoice |= {"total_taxes": [{"amount": 83}], "customer_address": {"country": "DE"}}
        await club.settle()
        await club.spend(user, 4)
        await withdraw(club, user)
        await club.settle()
        # Of 83 in 500, 49 are in the 300 that go back.
        assert await club.books() == books(200, 500, tax_minor=34)

    async def test_what_went_back_before_counts_towards_what_goes_back(self, club: Club) -> None:
        user, order = await member(club, spent=4)
        club.rehearsal.bank.refund((await club.order_now(order)).payment_id or "", 100)
        await club.settle()
        await withdraw(club, user, shown_minor=200)
        await club.settle()
        assert (await club.order_now(order)).refunded_minor == 300
        assert await club.books() == books(200, 500)

    async def test_never_more_is_kept_than_is_left(self, club: Club) -> None:
        user, order = await member(club, spent=9)
        club.rehearsal.bank.refund((await club.order_now(order)).payment_id or "", 100)
        await club.settle()
        await withdraw(club, user, shown_minor=0)
        await club.settle()
        gone = await club.order_now(order)
        assert (gone.state, gone.kept_minor) == (OrderState.REFUNDED, 400)
        assert await club.books() == books(400, 500)

    async def test_an_upgrade_goes_back_with_its_month_each_for_what_was_used_of_it(self, club: Club) -> None:
        user, _ = await member(club, spent=4)
        await change_membership(club.member(user), "gold", key="k", at=None, now=club.clock())
        await club.settle()
        await club.spend(user, 11)  # six that the month has left, and five of the upgrade's twenty
        shown = await offer(club, user)
        assert [(part.used_credits, part.all_credits) for part in shown.parts] == [(5, 20), (10, 10)]
        assert [part.kept_minor for part in shown.parts] == [500, 500]
        await withdraw(club, user, shown_minor=1500)
        await club.settle()
        assert ((await club.membership(user)).tier, (await club.credits(user)).tier) == ("gold", "free")
        assert await club.books() == books(1000, 500, 2000)

    async def test_months_in_advance_are_kept_by_their_share_of_all_months(self, club: Club) -> None:
        user = await club.join()
        order = await club.prepay(user, "silver", 3, consent=CONSENT_VERSION)
        await club.settle()
        await club.spend(user, 6)
        await withdraw(club, user, shown_minor=2800 - 560)  # six of thirty
        assert (await club.membership(user)).state is MembershipState.ENDED
        await club.settle()
        assert (await club.order_now(order)).kept_minor == 560
        assert await club.books() == books(560, 2800)

    @pytest.mark.parametrize("consent", [OLD_CONSENT, None])
    async def test_who_was_promised_all_of_the_money_gets_it_and_owes_the_credits(
        self, club: Club, consent: str | None
    ) -> None:
        user, order = await member(club, consent=consent, spent=10)
        await withdraw(club, user, shown_minor=500)
        await club.settle()
        assert (await club.order_now(order)).refunded_minor == 500
        assert (await club.credits(user)).debt == 10 - 3  # three are paid by the free month
        assert await club.books() == books(0, 500)
        assert [told[1] for told in await letters(club)] == [
            ["withdrawn_ended", "withdrawn_owing"],
            ["returned_withdrawn"],
        ]

    async def test_what_came_again_after_a_dispute_is_no_second_quota_and_no_use(self, club: Club) -> None:
        user, order = await member(club, spent=2)
        bank = club.rehearsal.bank
        refund = bank.refund((await club.order_now(order)).payment_id or "")
        await club.settle()
        bank.fail_refund(refund["id"])
        await club.settle()
        shown = await offer(club, user)
        assert (shown.parts[0].used_credits, shown.parts[0].all_credits) == (2, 10)

    def test_every_wording_but_the_first_says_that_use_is_paid_for(self) -> None:
        assert {version for version in CONSENTS if version in ALL_BACK} == {OLD_CONSENT}
        assert CONSENT_VERSION not in ALL_BACK


class TestAddedMonths:
    async def test_each_can_be_taken_back_within_fourteen_days_of_its_own_payment(self, club: Club) -> None:
        user = await club.join()
        await club.prepay(user, "silver", 1, consent=CONSENT_VERSION)
        await club.settle()
        await club.wait(days=10)
        before = await club.membership(user)
        added = await club.prepay(user, "silver", 3, consent=CONSENT_VERSION)
        await club.settle()
        await club.spend(user, 2)  # of the month that runs
        whole, months = await offers(club, user)
        assert (whole.is_whole, whole.kept_minor, whole.item) == (True, 333, "membership:silver")
        assert (months.is_whole, months.kept_minor, months.item) == (False, 0, "months:silver:3")
        club.clock.advance(days=5)
        assert (await offer(club, user)).order.id == added.id
        await withdraw(club, user, shown_minor=2800)
        after = await club.membership(user)
        assert (after.state, after.paid_until) == (MembershipState.ACTIVE, before.paid_until)
        assert ((await club.credits(user)).tier, (await club.credits(user)).available) == ("silver", 8)
        await club.settle()
        assert (await club.order_now(added)).state is OrderState.REFUNDED
        assert await offers(club, user) == []
        charged = fee(1000, 2800)
        assert await club.books() == {"1110": 1000 - charged, "2020": -1000, "5010": charged}
        assert (await letters(club))[0][1] == ["withdrawn_shortened", "withdrawn_whole"]

    async def test_with_the_first_months_the_others_go_back_as_well(self, club: Club) -> None:
        user = await club.join()
        first = await club.prepay(user, "silver", 1, consent=CONSENT_VERSION)
        await club.settle()
        await club.prepay(user, "silver", 3, consent=CONSENT_VERSION)
        await club.settle()
        await club.spend(user, 5)
        await withdraw(club, user, order_id=first.id, shown_minor=500 + 2800)
        assert (await club.membership(user)).state is MembershipState.ENDED
        await club.settle()
        assert await club.books() == books(500, 1000, 2800)

    async def test_months_that_moved_up_are_kept_for_what_was_used_of_them(self, club: Club) -> None:
        """A month's credits for nothing: the months that moved up were counted among the first ones."""
        user = await club.join()
        await club.prepay(user, "silver", 1, consent=CONSENT_VERSION)
        await club.settle()
        await club.wait(days=20)
        second = await club.prepay(user, "silver", 1, consent=CONSENT_VERSION)
        await club.settle()
        third = await club.prepay(user, "silver", 1, consent=CONSENT_VERSION)
        await club.settle()
        await club.wait(days=11)  # the second one's month runs
        await withdraw(club, user, order_id=second.id, shown_minor=968)  # for one day of 31
        await club.spend(user, 9)
        await withdraw(club, user, order_id=third.id, shown_minor=100)
        assert (await club.membership(user)).state is MembershipState.ENDED
        await club.settle()
        assert (await club.order_now(third)).kept_minor == 900

    async def test_days_of_months_that_moved_up_are_used_as_well(self, club: Club) -> None:
        user = await club.join()
        await club.prepay(user, "silver", 1, consent=CONSENT_VERSION)
        await club.settle()
        await club.wait(days=29)
        second = await club.prepay(user, "silver", 1, consent=CONSENT_VERSION)
        await club.settle()
        await club.prepay(user, "silver", 3, consent=CONSENT_VERSION)
        await club.settle()
        await club.wait(days=3)
        await withdraw(club, user, order_id=second.id)
        await club.settle()
        await club.wait(days=9)
        shown = await offer(club, user)
        assert [(part.used_days, part.all_days) for part in shown.parts] == [(11, 90)]

    async def test_no_day_before_its_payment_is_used_of_months_that_moved_up(self, club: Club) -> None:
        user = await club.join()
        first = await club.prepay(user, "silver", 3, consent=CONSENT_VERSION)
        await club.settle()
        await club.wait(days=40)
        await club.prepay(user, "silver", 3, consent=CONSENT_VERSION)
        await club.settle()
        club.rehearsal.bank.refund((await club.order_now(first)).payment_id or "")
        await club.settle()
        await club.wait(days=2)
        shown = await offer(club, user)
        assert [(part.used_days, part.all_days) for part in shown.parts] == [(2, 92)]


class TestLetters:
    async def test_it_is_confirmed_at_once_and_told_when_the_money_is_back(self, club: Club) -> None:
        user, _ = await member(club, spent=4)
        await withdraw(club, user)
        terms = ["withdrawn_ended", "withdrawn_part"]
        assert await letters(club) == [(LetterKind.ORDER_WITHDRAWN, terms, 300, 200)]
        await club.settle()
        assert (await letters(club))[1:] == [
            (LetterKind.ORDER_RETURNED, ["returned_withdrawn_part"], 300, 200)
        ]


class TestSpending:
    async def test_what_is_spent_while_it_is_taken_back_is_not_refunded(self, club: Club) -> None:
        """The spend has the account; the withdrawal waits, and finds that it was shown something else."""
        user, order = await member(club)
        async with club.sessions() as session:
            await credits.lock_accounts(session, [user])
            taking = asyncio.create_task(withdraw(club, user, shown_minor=500))
            await until_waiting(club)
            await session.execute(
                text("""
                WITH lot AS (UPDATE credit_lots SET remaining = remaining - 4
                             WHERE user_id = :user AND source = 'membership' RETURNING id),
                hold AS (INSERT INTO credit_holds (id, user_id, purpose, amount_credits, state)
                         VALUES (gen_random_uuid(), :user, 'walk', 4, 'held') RETURNING id)
                INSERT INTO credit_entries (user_id, lot_id, hold_id, kind, quantity)
                SELECT :user, lot.id, hold.id, 'hold', -4 FROM lot, hold"""),
                {"user": user},
            )
            await session.commit()
        with pytest.raises(WithdrawalChangedError) as changed:
            await taking
        assert changed.value.facts() == {"refund_minor": 300, "kept_minor": 200, "currency": "CNY"}
        assert (await club.order_now(order)).return_reason is None
        await withdraw(club, user, shown_minor=300)
        await club.settle()
        assert await club.books() == books(200, 500)

    async def test_what_was_taken_back_cannot_be_spent_while_the_money_is_under_way(self, club: Club) -> None:
        user, order = await member(club)
        async with club.sessions.begin() as session:
            taken = await take_back(
                session, club.rules, user_id=user, order_id=order.id, shown_minor=None, now=club.clock()
            )
            assert taken is not None
        with pytest.raises(InsufficientCreditsError):
            await club.spend(user, 4)
        await club.settle()


class TestLocks:
    async def test_a_refund_of_its_upgrade_and_a_withdrawal_wait_for_each_other_in_one_order(
        self, club: Club
    ) -> None:
        """Whoever applies a refund has locked the order, and comes to the account next."""
        user, _ = await member(club)
        await change_membership(club.member(user), "gold", key="k", at=None, now=club.clock())
        await club.settle()
        async with club.sessions() as session:
            upgrade = await session.scalar(select(Order).where(Order.amount_minor == 2000).with_for_update())
            assert upgrade is not None
            taking = asyncio.create_task(withdraw(club, user))
            await until_waiting(club)
            async with asyncio.timeout(20):
                await orders.lock_order(session, upgrade.id)  # a circle would be broken here, or by the other
            await session.commit()
        await taking
        await club.settle()
        assert await club.books() == books(0, 500, 2000)

    async def test_of_two_who_press_at_once_both_are_told_yes_and_it_is_done_once(self, club: Club) -> None:
        user, order = await member(club, spent=4)
        await asyncio.gather(*(withdraw(club, user, order_id=order.id, shown_minor=300) for _ in range(2)))
        await club.settle()
        assert len(await letters(club)) == 2
        assert await club.books() == books(200, 500)

    async def test_an_upgrade_that_was_paid_and_not_yet_heard_of_goes_back_whole(self, club: Club) -> None:
        user, order = await member(club, spent=4)
        key = price_key("membership:gold", "CNY", 2500)
        subscription_id = (await club.order_now(order)).subscription_id or ""
        await club.channel.upgrade(PriceChange(subscription_id, key, 2500, "CNY", "k", club.clock()))
        await withdraw(club, user, shown_minor=300)
        await club.settle()
        assert (await club.credits(user)).tier == "free"
        assert await club.books() == books(200, 500, 2000)
