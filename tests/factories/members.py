"""Members, the rehearsal that charges them, and what they and our books hold: without a web in between."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from billing import batches, holds
from billing.catalog import load_catalog
from billing.memberships import queries as memberships
from billing.memberships.rules import MembershipRules, rules_of
from billing.orders.placing import OrderWish, place_order
from billing.stripe_gateway import StripeGateway
from billing.stripe_signatures import sign
from billing.views import CreditsView, view_credits
from core.database import Sessions
from core.ids import new_id
from core.keys import Keys
from core.settings import MembershipSettings
from core.statements import SessionStatements
from models.membership import Membership
from models.order import Order
from models.user import Channel, Contact
from service.flows.change_membership import Member
from service.flows.empty_inbox import handle_next
from service.flows.first_month import find_terms
from service.flows.pass_membership_time import pass_membership_time
from service.flows.receive_event import receive_event
from service.flows.return_money import return_money
from service.rehearsal.server import Rehearsal
from tests.factories.credits import make_user
from tests.fakes.clock import MovableClock
from tests.fakes.stripe_server.keys import WEBHOOK_SECRET

RULES = rules_of(MembershipSettings(), load_catalog(), Keys(b"k" * 32))
BALANCES = text("""
SELECT a.code, sum(e.amount_minor)::bigint AS minor
FROM ledger_entries e JOIN ledger_accounts a ON a.id = e.account_id
WHERE a.currency = 'CNY' GROUP BY 1 HAVING sum(e.amount_minor) <> 0 ORDER BY 1
""")


def fee(*charged_minor: int) -> int:
    """What the rehearsal keeps of charges."""
    return sum(amount * 29 // 1000 + 30 for amount in charged_minor)


@dataclass(slots=True)
class Club:
    """Everybody who buys memberships in one database, and the bank that charges them."""

    sessions: Sessions
    channel: StripeGateway
    rehearsal: Rehearsal
    clock: MovableClock
    rules: MembershipRules = RULES
    taken: set[str] = field(default_factory=set)

    async def join(self, contact: str | None = None) -> UUID:
        """A new person."""
        async with self.sessions.begin() as session:
            user_id = await make_user(session)
            if contact is not None:
                session.add(
                    Contact(
                        user_id=user_id,
                        channel=Channel.EMAIL,
                        address=contact,
                        canonical_address=contact,
                        verified_at=self.clock(),
                    )
                )
        return user_id

    async def touch(self, user_id: UUID) -> None:
        """Look at the account as an admission does: a month that is due comes."""
        await self.spend(user_id, 0)

    async def spend(self, user_id: UUID, amount_credits: int) -> None:
        async with self.sessions.begin() as session:
            batch = await batches.lock_accounts(SessionStatements(session), [user_id], self.clock())
            account = batch.accounts[user_id]
            account.open_period(self.clock(), self.rules.catalog)
            batch.touched.add(user_id)
            hold_id = new_id()
            if amount_credits:
                batch.hold(account, hold_id, amount_credits, "walk")
            await batches.write(SessionStatements(session), batch)
            if amount_credits:
                await holds.settle(session, hold_id, now=self.clock())

    def member(self, user_id: UUID) -> Member:
        return Member(self.sessions, self.channel, self.rules, user_id)

    async def order(self, user_id: UUID, item: str, *, consent: str | None = None) -> Order:
        async with self.sessions() as session:
            terms = await find_terms(session, self.rules, user_id=user_id, item=item, currency="CNY")
        order, _ = await place_order(
            self.sessions,
            self.channel,
            OrderWish(terms, user_id, uuid4().hex, "zh", "http://127.0.0.1", consent_version=consent),
            now=self.clock(),
        )
        return order

    async def subscribe(
        self, user_id: UUID, tier: str, *, card: str = "fp_own", consent: str | None = None
    ) -> Order:
        """Order a membership and pay its first month; nothing is delivered yet."""
        order = await self.order(user_id, f"membership:{tier}", consent=consent)
        self.rehearsal.biller.begin(order.checkout_id or "", card=card)
        return order

    async def prepay(self, user_id: UUID, tier: str, months: int, *, consent: str | None = None) -> Order:
        """Order months in advance and pay them, by a wallet."""
        order = await self.order(user_id, f"months:{tier}:{months}", consent=consent)
        self.rehearsal.bank.pay(order.checkout_id or "", card=None)
        return order

    def events(self) -> list[dict[str, Any]]:
        """What was not delivered yet, oldest first."""
        events = self.rehearsal.objects.all("event")[::-1]
        return [event for event in events if event["id"] not in self.taken]

    async def deliver(self, *, shuffle: Random | None = None, copies: int = 1) -> None:
        events = self.events() * copies
        if shuffle is not None:
            shuffle.shuffle(events)
        for event in events:
            await self.deliver_one(event)

    async def deliver_one(self, event: dict[str, Any]) -> None:
        body = json.dumps(event).encode()
        now = self.clock()
        async with self.sessions.begin() as session:
            await receive_event(session, self.channel, body, sign(body, WEBHOOK_SECRET, now), now=now)
        self.taken.add(event["id"])

    async def settle(self, *, shuffle: Random | None = None, copies: int = 1) -> None:
        """Bring everything to rest: events, what follows from them, and what time does."""
        for _ in range(3):
            await self.deliver(shuffle=shuffle, copies=copies)
            await self.handle()
            await return_money(self.sessions, self.channel, rules=self.rules, now=self.clock())
            await pass_membership_time(self.sessions, rules=self.rules, now=self.clock(), limit=50)
            if not self.events():
                return

    async def handle(self) -> None:
        channel = self.channel
        while await handle_next(self.sessions, channel, rules=self.rules, now=self.clock()) is not None:
            pass

    async def wait(self, **amount: float) -> None:
        """Let time pass, and with it what charges by itself."""
        self.clock.advance(**amount)
        self.rehearsal.biller.tick()
        await self.settle()

    async def wait_for_renewal(self, user_id: UUID) -> None:
        """A second past the end of what is paid."""
        left = (await self.membership(user_id)).paid_until - self.clock()
        await self.wait(seconds=(left + timedelta(seconds=1)).total_seconds())

    async def membership(self, user_id: UUID) -> Membership:
        async with self.sessions() as session:
            found = await memberships.find_newest(session, user_id)
        assert found is not None
        return found

    async def credits(self, user_id: UUID) -> CreditsView:
        async with self.sessions() as session:
            view = await view_credits(session, user_id, now=self.clock(), catalog=self.rules.catalog)
        assert view is not None
        return view

    async def order_now(self, order: Order) -> Order:
        async with self.sessions() as session:
            return await session.get_one(Order, order.id)

    async def books(self) -> dict[str, int]:
        """What each account holds in CNY, debit positive."""
        async with self.sessions() as session:
            return {row.code: row.minor for row in await session.execute(BALANCES)}
