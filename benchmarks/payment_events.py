"""Payment events, repeated and shuffled, end in the same books; and how many a second are taken and handled.

Usage: python -m benchmarks.payment_events [--events 1000000] [--copies 10] [--seed 1]

A rehearsal lives through random stories: paid, late, failed, given up, refunded in parts, disputed, won,
lost; of each buyer one membership: upgraded, renewed, unpaid, ended, refunded.
Its events are brought `copies` times in random order, until there were so many. Two databases get two
different orders, and must end alike. The gateway speaks HTTP to the rehearsal, as it does to Stripe.
"""

import argparse
import asyncio
import json
import logging
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from pathlib import Path
from random import Random
from uuid import UUID, uuid4

import asyncpg
import structlog
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.engine import make_url

from billing.catalog import load_catalog
from billing.invariants import find_breaches
from billing.ledger.reports import trial_balance
from billing.memberships.rules import rules_of
from billing.orders.placing import OrderWish, place_order
from billing.orders.terms import terms_of
from billing.stripe_catalog import synchronise
from billing.stripe_gateway import StripeGateway
from billing.stripe_signatures import sign
from core.database import Sessions, create_engine, create_sessions
from core.keys import Keys
from core.settings import MembershipSettings, StripeSettings
from models.migrations.run import migrate
from service.engines.blocking import BlockingEngines
from service.flows.empty_inbox import handle_next
from service.flows.receive_event import receive_event
from service.flows.return_money import return_money
from service.invariants import JOB_INVARIANTS
from service.rehearsal.bank import Bank
from service.rehearsal.objects import Objects
from service.rehearsal.server import Rehearsal, rehearse
from tests.factories.credits import make_user

KEY, SECRET = "sk_test_benchmark", "whsec_benchmark"
RULES = rules_of(MembershipSettings(), load_catalog(), Keys(SECRET.encode() * 3))
MONTH = timedelta(days=30, hours=1)
MEMBERS = """
SELECT o.idempotency_key, m.tier, m.state, m.end_reason, m.paid_until, a.tier, a.debt_credits,
       (SELECT count(*) FROM membership_periods p WHERE p.membership_id = m.id),
       (SELECT sum(l.remaining) FROM credit_lots l WHERE l.user_id = m.user_id AND l.source = 'membership')
FROM memberships m JOIN credit_accounts a USING (user_id)
JOIN orders o ON o.subscription_id = m.subscription_id AND o.idempotency_key LIKE 'order %' ORDER BY 1
"""
START = datetime(2026, 11, 11, 8, 0, tzinfo=UTC)
EVENTS_A_STORY = 6  # about
ORDERS_A_BUYER = 15  # more may not wait to be paid
KEEPERS = 4


class Place:
    """A database of its own, and a rehearsal that is shared or not."""

    def __init__(self, sessions: Sessions, gateway: StripeGateway) -> None:
        self.sessions = sessions
        self.gateway = gateway
        self.now = START

    async def place(self, owner_id: UUID, item: str, currency: str, number: int) -> str:
        """The checkout's id of a new order."""
        terms = terms_of(load_catalog(), item, currency, is_first_month=True)
        wish = OrderWish(terms, owner_id, f"order {number}", "zh", "http://127.0.0.1")
        order, _ = await place_order(self.sessions, self.gateway, wish, now=self.now)
        return str(order.checkout_id)

    async def receive(self, events: list[bytes]) -> None:
        for body in events:
            async with self.sessions.begin() as session:
                await receive_event(session, self.gateway, body, sign(body, SECRET, self.now), now=self.now)

    async def handle(self) -> None:
        """Until nothing waits, with several keepers; what failed is due again later."""

        async def keeper() -> None:
            while await handle_next(self.sessions, self.gateway, rules=RULES, now=self.now) is not None:
                pass

        for _ in range(3):
            await asyncio.gather(*(keeper() for _ in range(KEEPERS)))
            while await return_money(self.sessions, self.gateway, rules=RULES, now=self.now):
                pass
            self.now += timedelta(seconds=200)

    async def outcome(self) -> tuple[list[str], list[tuple[object, ...]], list[str]]:
        """What the books hold, what buyers hold, and what is wrong."""
        async with self.sessions() as session:
            # Balances: which of two partial refunds takes the odd fen depends on who comes first.
            lines = await trial_balance(session)
            books = [f"{line.account} {line.debit_minor - line.credit_minor}" for line in lines]
            buyers = await session.execute(
                text(
                    "SELECT o.idempotency_key, o.state, o.refunded_minor, l.remaining,"
                    " l.frozen_at IS NOT NULL FROM orders o"
                    " LEFT JOIN credit_lots l ON l.id = o.lot_id"
                    " WHERE o.idempotency_key LIKE 'order %' ORDER BY 1"
                )
            )
            members = await session.execute(text(MEMBERS))
            breaches = [breach.invariant for breach in await find_breaches(session, JOB_INVARIANTS)]
            waiting = await session.scalar(
                text("SELECT count(*) FROM inbox_events WHERE state NOT IN ('handled', 'ignored')")
            )
        return (
            books,
            [tuple(row) for row in (*buyers, *members)],
            [*breaches, *(["unhandled"] if waiting else [])],
        )


def live(bank: Bank, checkout: str, random: Random) -> None:
    """One story of one order."""
    chance = random.random()
    if chance < 0.1:
        bank.expire(checkout)
        return
    if chance < 0.3:
        bank.promise(checkout)
        if chance < 0.15:
            bank.break_promise(checkout)
            return
        bank.keep_promise(checkout)
    else:
        bank.pay(checkout)
    payment = bank.objects.get("checkout.session", checkout)["payment_intent"]
    amount = bank.objects.get("payment_intent", payment)["amount"]
    if random.random() < 0.4:
        part = random.randrange(1, amount // 2)
        bank.refund(payment, part)
        if random.random() < 0.5:
            bank.refund(payment)
            return
    if random.random() < 0.3:
        dispute = bank.dispute(payment)
        if random.random() < 0.8:
            (bank.win_dispute if random.random() < 0.5 else bank.lose_dispute)(dispute["id"])


def live_as_member(rehearsal: Rehearsal, checkout: str, random: Random) -> None:
    """One story of one membership, as far as its first month."""
    bank, biller = rehearsal.bank, rehearsal.biller
    subscription = biller.begin(checkout, card=f"fp_{checkout}")["subscription"]
    if random.random() < 0.5:
        studio = [price for price in bank.objects.all("price") if "membership:studio" in price["lookup_key"]]
        item = bank.objects.get("subscription", subscription)["items"]["data"][0]
        (price,) = [one for one in studio if one["currency"] == item["price"]["currency"]]
        asked = {"items": [{"id": item["id"], "price": price["id"]}], "proration_behavior": "always_invoice"}
        biller.change(subscription, asked)
    chance = random.random()
    if chance < 0.2:
        biller.break_card(subscription)
    elif chance < 0.3:
        biller.cancel(subscription)
    elif chance < 0.5:
        paid = bank.objects.all("invoice_payment")[0]["payment"]["payment_intent"]
        bank.refund(paid)


def pass_a_month(rehearsal: Rehearsal) -> None:
    """Everything that renews renews, or fails to."""
    rehearsal.objects.now = lambda: int((START + MONTH).timestamp())
    rehearsal.biller.tick()


async def run(
    database_url: str, rehearsal: Rehearsal, options: argparse.Namespace, order_seed: int
) -> tuple[list[object], list[object]]:
    """The same stories in a fresh database, their events in an order of their own."""
    name = f"events_{uuid4().hex}"
    connection = await asyncpg.connect(database_url)
    await connection.execute(f"CREATE DATABASE {name}")
    engine = create_engine(
        make_url(database_url).set(database=name).render_as_string(hide_password=False), pool_size=KEEPERS + 2
    )
    await migrate(engine)
    settings = StripeSettings(
        secret_key=SecretStr(KEY), webhook_secret=SecretStr(SECRET), api_url=rehearsal.url
    )
    gateway = StripeGateway(settings)
    await synchronise(gateway, load_catalog())
    place = Place(create_sessions(engine), gateway)
    random = Random(options.seed)
    stories = max(1, options.events // options.copies // EVENTS_A_STORY)
    async with place.sessions.begin() as session:
        buyers = [await make_user(session) for _ in range(stories // ORDERS_A_BUYER + 1)]
    for number in range(stories):
        is_membership = number % ORDERS_A_BUYER == 0
        items = ["membership:silver", "membership:gold"] if is_membership else ["pack:small", "pack:large"]
        item, currency = random.choice(items), random.choice(["CNY", "EUR"])
        checkout = await place.place(buyers[number // ORDERS_A_BUYER], item, currency, number)
        if is_membership:
            live_as_member(rehearsal, checkout, random)
        else:
            live(rehearsal.bank, checkout, random)
    pass_a_month(rehearsal)
    place.now = START + MONTH
    events = [json.dumps(event).encode() for event in rehearsal.objects.all("event")] * options.copies
    Random(order_seed).shuffle(events)
    begun = time.perf_counter()
    await place.receive(events)
    received = time.perf_counter()
    await place.handle()
    handled = time.perf_counter()
    books, orders, wrong = await place.outcome()
    distinct = len(events) // options.copies
    print(f"{stories} orders, {distinct} events x {options.copies} = {len(events)} received")
    print(
        f"  received {len(events) / (received - begun):,.0f} a second, handled"
        f" {distinct / (handled - received):,.0f} distinct a second by {KEEPERS} keepers"
    )
    if wrong:
        sys.exit(f"  wrong: {wrong}")
    await gateway.close()
    await engine.dispose()
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()
    return list(books), list(orders)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--copies", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    ends = []
    with tempfile.TemporaryDirectory() as folder, BlockingEngines(Path(folder)) as endpoints:
        for order_seed in (1, 2):
            objects = Objects(lambda: int(START.timestamp()))
            with rehearse(objects, key=KEY, webhook_secret=SECRET) as rehearsal:
                ends.append(asyncio.run(run(endpoints.database_url, rehearsal, options, order_seed)))
    compared = (zip_longest(*pair) for pair in zip(*ends, strict=True))
    different = [pair for lines in compared for pair in lines if pair[0] != pair[1]]
    if different:
        sys.exit(f"two orders of the same events ended differently: {different[:10]}")
    print("both orders ended in the same books, and every invariant holds")


if __name__ == "__main__":
    main()
