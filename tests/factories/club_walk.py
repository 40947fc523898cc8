"""Members' lives, step by random step, over the gateway and the rehearsal: the bank's balance is the witness.

A step is something that a member, a card, a bank or time does. What nobody told us yet is told at `settle`,
in any order and twice. What cannot be done now, such as upgrading a membership that has ended, is left alone.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Final
from uuid import UUID

from billing.errors import InsufficientCreditsError
from billing.memberships.errors import (
    AlreadyMemberError,
    ChangeScheduledError,
    MembershipUnpaidError,
    NoMembershipError,
    NotWithdrawableError,
    RenewalUnderWayError,
)
from billing.memberships.withdrawing import list_withdrawals
from billing.orders.errors import TooManyOrdersError
from billing.subscriptions import ChangeRefusedError
from service.flows.change_membership import (
    cancel_membership,
    change_membership,
    resume_membership,
    withdraw_membership,
)
from service.rehearsal.bank import RefusedError
from service.rehearsal.objects import Object
from service.texts import CONSENT_VERSION, CONSENTS
from tests.factories.members import Club

STEPS: Final = 24
TIERS: Final = ("silver", "gold", "studio")
CARDS: Final = ("fp_a", "fp_b", "fp_c")
WORDINGS: Final = (CONSENT_VERSION, CONSENT_VERSION, *CONSENTS)
REFUSALS: Final = (
    AlreadyMemberError,
    ChangeRefusedError,
    ChangeScheduledError,
    InsufficientCreditsError,
    MembershipUnpaidError,
    NoMembershipError,
    NotWithdrawableError,
    RefusedError,
    RenewalUnderWayError,
    TooManyOrdersError,
)


@dataclass(slots=True)
class ClubWalk:
    """`step` does one; `users` share cards, so that first months are refused now and then."""

    club: Club
    random: Random
    users: list[UUID] = field(default_factory=list)
    steps: Counter[str] = field(default_factory=Counter)

    async def begin(self, people: int = 2) -> None:
        self.users = [await self.club.join() for _ in range(people)]

    async def step(self, choice: int) -> str:
        """Do the step that the number chooses; its name."""
        steps: list[Callable[[], Awaitable[None]]] = [
            self.subscribe, self.subscribe, self.prepay, self.change, self.change, self.cancel, self.resume,
            self.withdraw, self.spend, self.spend, self.wait, self.wait, self.wait, self.break_card,
            self.mend_card, self.give_up, self.refund, self.fail_refund, self.dispute, self.end_dispute,
            self.settle, self.settle, self.settle, self.change,
        ]  # fmt: skip
        step = steps[choice % len(steps)]
        name = getattr(step, "__name__", "step")
        try:
            await step()
            self.steps[name] += 1
        except REFUSALS:
            self.steps[f"{name} refused"] += 1
        return name

    async def subscribe(self) -> None:
        consent, card = self.random.choice(WORDINGS), self.random.choice(CARDS)
        await self.club.subscribe(self._user(), self._tier(), card=card, consent=consent)

    async def prepay(self) -> None:
        consent, months = self.random.choice(WORDINGS), self.random.choice((1, 3))
        await self.club.prepay(self._user(), self._tier(), months, consent=consent)

    async def change(self) -> None:
        key = str(self.random.random())
        member = self.club.member(self._user())
        await change_membership(member, self._tier(), key=key, at=None, now=self.club.clock())

    async def cancel(self) -> None:
        await cancel_membership(self.club.member(self._user()), now=self.club.clock())

    async def resume(self) -> None:
        await resume_membership(self.club.member(self._user()), now=self.club.clock())

    async def withdraw(self) -> None:
        user = self._user()
        async with self.club.sessions() as session:
            offered = await list_withdrawals(session, self.club.rules, user_id=user, now=self.club.clock())
        if offered:
            order = self.random.choice(offered).order
            await withdraw_membership(self.club.member(user), order.id, now=self.club.clock())

    async def spend(self) -> None:
        await self.club.spend(self._user(), self.random.randint(1, 12))

    async def wait(self) -> None:
        self.club.clock.advance(hours=self.random.choice((1, 30, 200, 500)))
        self.club.rehearsal.biller.tick()

    async def break_card(self) -> None:
        if (found := self._one("subscription")) is not None:
            self.club.rehearsal.biller.break_card(found["id"])

    async def mend_card(self) -> None:
        if (found := self._one("subscription")) is not None:
            self.club.rehearsal.biller.mend_card(found["id"], card=self.random.choice(CARDS))

    async def give_up(self) -> None:
        found = self._one("subscription")
        if found is not None and found["status"] == "past_due":
            self.club.rehearsal.biller.give_up(found["id"])

    async def refund(self) -> None:
        found = self._one("charge")
        if found is not None:
            part = self.random.choice((None, 1 + found["amount"] // 3))
            self.club.rehearsal.bank.refund(found["payment_intent"], part)

    async def fail_refund(self) -> None:
        if (found := self._one("refund")) is not None:
            self.club.rehearsal.bank.fail_refund(found["id"])

    async def dispute(self) -> None:
        found = self._one("charge")
        if found is not None and not found["refunded"]:
            self.club.rehearsal.bank.dispute(found["payment_intent"])

    async def end_dispute(self) -> None:
        if (found := self._one("dispute")) is not None:
            bank = self.club.rehearsal.bank
            act = bank.win_dispute if self.random.random() < 0.5 else bank.lose_dispute
            act(found["id"])

    async def settle(self) -> None:
        await self.club.settle(shuffle=self.random, copies=2)

    async def come_to_rest(self) -> None:
        """Tell everything, and again what waited for something that was told after it."""
        await self.settle()
        self.club.clock.advance(hours=6)
        self.club.rehearsal.biller.tick()
        await self.settle()

    def _user(self) -> UUID:
        return self.random.choice(self.users)

    def _tier(self) -> str:
        return self.random.choice(TIERS)

    def _one(self, kind: str) -> Object | None:
        found = self.club.rehearsal.objects.all(kind)
        return self.random.choice(found) if found else None
