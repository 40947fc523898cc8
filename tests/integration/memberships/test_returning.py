"""Money that must go back, and that banks hold, refuse and send back: in the end it is there, once."""

from datetime import timedelta
from typing import cast
from uuid import UUID

import pytest
from sqlalchemy import text

from billing.ledger.recognition import recognise_next
from billing.memberships.errors import NotWithdrawableError
from billing.orders import queries as orders
from billing.orders.returning import PAUSES, ask_anew
from billing.stripe_gateway import StripeGateway
from models.membership import MembershipState
from models.order import Order, OrderState, ReturnReason
from service.flows.change_membership import Member, withdraw_membership
from service.flows.return_money import return_money
from service.texts import CONSENT_VERSION
from tests.factories.members import Club, fee
from tests.factories.withdrawals import books, member, offers, withdraw


async def recognise(club: Club) -> None:
    """Book every day that is over."""
    through = club.clock().date() - timedelta(days=1)
    while True:
        async with club.sessions.begin() as session:
            if await recognise_next(session, through=through, now=club.clock()) is None:
                return


class RashBank:
    """Sends a refund back, and tells us, before the answer to our asking has arrived."""

    def __init__(self, club: Club) -> None:
        self._club = club

    def __getattr__(self, name: str) -> object:
        return getattr(self._club.channel, name)

    async def give_back(self, payment_id: str, *, key: str, keep_minor: int = 0) -> None:
        await self._club.channel.give_back(payment_id, key=key, keep_minor=keep_minor)
        self._club.rehearsal.bank.fail_refund(self._club.rehearsal.objects.all("refund")[0]["id"])
        await self._club.deliver()
        await self._club.handle()


class TestDisputes:
    async def _disputed(self, club: Club) -> tuple[UUID, Order, str]:
        """Taken back, four of ten credits used, while the bank had the money already and nobody knew."""
        user, order = await member(club, spent=4)
        dispute = club.rehearsal.bank.dispute((await club.order_now(order)).payment_id or "")
        await withdraw(club, user, shown_minor=300)
        assert (await club.order_now(order)).return_attempts == 1
        await club.settle()
        assert (await club.order_now(order)).state is OrderState.DISPUTED
        return user, order, dispute["id"]

    async def test_won_the_rest_goes_back(self, club: Club) -> None:
        user, order, dispute_id = await self._disputed(club)
        club.clock.advance(days=30)
        await club.settle()
        assert not club.rehearsal.objects.all("refund")
        club.rehearsal.bank.win_dispute(dispute_id)
        club.rehearsal.objects.all("charge")[0]["disputed"] = False  # and the bank lets it be refunded again
        await club.settle()
        gone = await club.order_now(order)
        assert (gone.state, gone.refunded_minor) == (OrderState.REFUNDED, 300)
        assert (await club.credits(user)).debt == 0
        held = await club.books()
        assert held == {**books(200, 500), "1110": 200 - fee(500) - 1500, "5030": 1500}

    async def test_lost_nothing_is_asked_for_and_the_used_credits_are_owed(self, club: Club) -> None:
        user, order, dispute_id = await self._disputed(club)
        club.rehearsal.bank.lose_dispute(dispute_id)
        await club.settle()
        club.clock.advance(days=30)
        await club.settle()
        assert (await club.order_now(order)).refunded_minor == 0
        assert (await club.credits(user)).debt == 4
        assert await club.books() == {"1110": -fee(500) - 1500, "5010": fee(500), "5030": 1500}

    async def test_while_a_bank_decides_nothing_can_be_taken_back(self, club: Club) -> None:
        user, order = await member(club)
        club.rehearsal.bank.dispute((await club.order_now(order)).payment_id or "")
        await club.settle()
        assert await offers(club, user) == []
        with pytest.raises(NotWithdrawableError):
            await withdraw(club, user, order_id=order.id)
        assert (await club.membership(user)).state is MembershipState.ACTIVE


class TestReturning:
    async def test_a_refund_that_fails_is_asked_for_again_and_the_membership_stays_ended(
        self, club: Club
    ) -> None:
        user, order = await member(club, spent=4)
        await withdraw(club, user)
        await club.settle()
        club.rehearsal.bank.fail_refund(club.rehearsal.objects.all("refund")[0]["id"])
        await club.settle()
        failed = await club.order_now(order)
        assert (failed.state, failed.refunded_minor, failed.return_attempts) == (OrderState.PAID, 0, 1)
        assert (await club.membership(user)).state is MembershipState.ENDED
        assert (await club.credits(user)).tier == "free"
        await club.settle()
        assert len(club.rehearsal.objects.all("refund")) == 1  # not before its time
        club.clock.advance(seconds=PAUSES[0].total_seconds())
        await club.settle()
        assert [one["amount"] for one in club.rehearsal.objects.all("refund")] == [300, 300]
        assert (await club.order_now(order)).state is OrderState.REFUNDED
        assert await club.books() == books(200, 500)

    async def test_what_fails_for_ever_is_left_to_a_person_who_is_told_of_it(self, club: Club) -> None:
        user, order = await member(club, spent=4)
        await withdraw(club, user)
        await club.settle()
        start = club.clock()
        for _ in range(len(PAUSES) + 1):
            club.rehearsal.bank.fail_refund(club.rehearsal.objects.all("refund")[0]["id"])
            await club.settle()
            club.clock.advance(days=4)
            await club.settle()
        assert club.clock() - start > timedelta(days=8)
        assert len(club.rehearsal.objects.all("refund")) == len(PAUSES) + 1
        async with club.sessions.begin() as session:
            assert await orders.count_owed_back(session) == (0, 0, 1)
            (owed,) = await orders.list_owed_back(session, limit=9)
            locked = await orders.lock_order(session, owed.id)
            assert locked is not None
            ask_anew(locked, club.clock())
        await club.settle()
        assert (await club.order_now(order)).refunded_minor == 300
        async with club.sessions() as session:
            assert await orders.count_owed_back(session) == (0, 0, 0)
        assert await club.books() == books(200, 500)

    async def test_one_that_fails_before_we_have_noted_that_we_asked_is_asked_for_again(
        self, club: Club
    ) -> None:
        user, order = await member(club, spent=4)
        rash = cast(StripeGateway, RashBank(club))
        await withdraw_membership(
            Member(club.sessions, rash, club.rules, user), order.id, now=club.clock(), shown_minor=300
        )
        failed = await club.order_now(order)
        assert (failed.return_attempts, failed.returned_at) == (1, None)
        club.clock.advance(seconds=PAUSES[0].total_seconds())
        await club.settle()
        assert (await club.order_now(order)).refunded_minor == 300

    async def test_days_are_revenue_once_however_long_the_money_takes(self, club: Club) -> None:
        user, order = await member(club)
        club.clock.advance(days=10, hours=1)
        await recognise(club)
        await withdraw(club, user, shown_minor=334)
        await club.settle()
        club.rehearsal.bank.fail_refund(club.rehearsal.objects.all("refund")[0]["id"])
        await club.settle()
        club.clock.advance(days=60)  # so that all of the days are served while nobody has the money
        await recognise(club)
        assert (await club.books())["4020"] == -500
        await club.settle()
        assert (await club.order_now(order)).refunded_minor == 334
        held = await club.books()
        assert (held["4020"] + held["4900"], held["1110"]) == (-166, 166 - fee(500))

    async def test_a_second_first_month_whose_refund_fails_is_returned_in_the_end(self, club: Club) -> None:
        for user in [await club.join(), await club.join()]:
            order = await club.subscribe(user, "gold", card="fp_shared")
            await club.settle()
        club.rehearsal.bank.fail_refund(club.rehearsal.objects.all("refund")[0]["id"])
        await club.settle()
        assert (await club.order_now(order)).refunded_minor == 0
        club.clock.advance(seconds=PAUSES[0].total_seconds())
        await club.settle()
        returned = await club.order_now(order)
        assert (returned.state, returned.return_reason) == (
            OrderState.REFUNDED,
            ReturnReason.FIRST_MONTH_TAKEN,
        )

    async def test_asking_twice_refunds_once(self, club: Club) -> None:
        """As by a keeper that died before it noted that it had asked, whatever became of its key."""
        user, order = await member(club, spent=2)
        await withdraw(club, user)
        async with club.sessions.begin() as session:
            await session.execute(text("UPDATE orders SET returned_at = NULL, return_attempts = 3"))
            await session.execute(text("UPDATE orders SET return_due_at = :now"), {"now": club.clock()})
        assert not await return_money(club.sessions, club.channel, rules=club.rules, now=club.clock())
        assert [one["amount"] for one in club.rehearsal.objects.all("refund")] == [400]
        await club.settle()
        assert (await club.order_now(order)).refunded_minor == 400

    async def test_who_took_it_back_may_begin_anew_before_the_money_is_there(self, club: Club) -> None:
        user, order = await member(club)
        await withdraw(club, user)
        again = await club.subscribe(user, "gold", consent=CONSENT_VERSION)
        await club.settle()
        assert (again.amount_minor, (await club.credits(user)).tier) == (2500, "gold")
        assert (await club.order_now(order)).return_reason is ReturnReason.WITHDRAWN
