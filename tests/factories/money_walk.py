"""One user's life in money, step by random step; the cash that the steps moved is a witness of the books.

Every step is one transaction. What a step cannot do now, such as spending without credits, it leaves alone.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from random import Random
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing import clawback, holds, lots
from billing.catalog import load_catalog
from billing.errors import InsufficientCreditsError
from billing.ledger import memberships, packs, periods, recognition, recognition_queries, templates
from billing.ledger.postings import post
from billing.ledger.templates import Money
from core.database import Sessions
from core.ids import new_id
from models.credit import LotSource
from tests.factories.credits import make_user
from tests.fakes.clock import MovableClock

CURRENCIES: Final = ("CNY", "USD", "JPY")


@dataclass(slots=True)
class Sale:
    """A pack or a term that was paid. taken: how the money went back, by key."""

    key: str
    paid: Money
    lot_id: UUID | None
    quantity: int
    refunded_minor: int = 0
    is_disputed: bool = False
    is_over: bool = False
    taken: dict[str, Money] = field(default_factory=dict)


@dataclass(slots=True)
class MoneyWalk:
    """`step` does one; `cash` is what must lie in 1110, by currency."""

    sessions: Sessions
    random: Random
    clock: MovableClock = field(default_factory=MovableClock)
    cash: Counter[str] = field(default_factory=Counter)
    sales: list[Sale] = field(default_factory=list)
    open_holds: dict[UUID, int] = field(default_factory=dict)
    steps: Counter[str] = field(default_factory=Counter)
    users: list[UUID] = field(default_factory=list)
    number: int = 0

    async def begin(self) -> None:
        async with self.sessions.begin() as session:
            self.users.append(await make_user(session, timezone="Asia/Shanghai"))

    @property
    def user_id(self) -> UUID:
        return self.users[-1]

    async def step(self, choice: int) -> str:
        """Do the step that the number chooses; its name."""
        steps: list[Callable[[AsyncSession], Awaitable[None]]] = [
            self.buy, self.buy, self.give, self.hold, self.hold, self.hold, self.settle, self.settle,
            self.release, self.share, self.share, self.wait, self.wait, self.expire, self.recognise,
            self.refund, self.refund, self.undo, self.dispute, self.win, self.lose, self.join, self.upgrade,
            self.close,
        ]  # fmt: skip
        step = steps[choice % len(steps)]
        name = getattr(step, "__name__", "step")
        self.steps[name] += 1
        async with self.sessions.begin() as session:
            await step(session)
        return name

    async def buy(self, session: AsyncSession) -> None:
        paid = self._money()
        quantity = self.random.randint(1, 12)
        key = self._key("sale")
        lot_id = await packs.sell(
            session,
            key=key,
            user_id=self.user_id,
            quantity=quantity,
            paid=paid,
            occurred_at=self.clock(),
            now=self.clock(),
            expires_at=self.clock() + timedelta(days=self.random.randint(1, 60)),
            fee_minor=3,
        )
        self.cash[paid.currency] += paid.gross_minor - 3
        self.sales.append(Sale(key, paid, lot_id, quantity))

    async def give(self, session: AsyncSession) -> None:
        await lots.grant(
            session,
            user_id=self.user_id,
            source=LotSource.GOODWILL,
            source_key=self._key("gift"),
            quantity=self.random.randint(1, 3),
            now=self.clock(),
            expires_at=self.clock() + timedelta(days=5),
        )

    async def hold(self, session: AsyncSession) -> None:
        hold_id, amount = new_id(), self.random.randint(1, 8)
        try:
            await holds.hold(
                session,
                user_id=self.user_id,
                hold_id=hold_id,
                amount_credits=amount,
                purpose=self.random.choice(("walk", "certification")),
                now=self.clock(),
                catalog=load_catalog(),
            )
        except InsufficientCreditsError:
            return
        self.open_holds[hold_id] = amount

    async def settle(self, session: AsyncSession) -> None:
        if (hold_id := self._open_hold()) is not None:
            amount = self.open_holds.pop(hold_id)
            await holds.settle_share(session, hold_id, amount_credits=amount, now=self.clock())

    async def release(self, session: AsyncSession) -> None:
        if (hold_id := self._open_hold()) is not None:
            amount = self.open_holds.pop(hold_id)
            await holds.release_share(
                session, hold_id, share_id=new_id(), amount_credits=amount, now=self.clock()
            )

    async def share(self, session: AsyncSession) -> None:
        hold_id = self._open_hold()
        if hold_id is None or self.open_holds[hold_id] < 2:
            return
        self.open_holds[hold_id] -= 1
        if self.random.random() < 0.5:
            await holds.settle_share(session, hold_id, amount_credits=1, now=self.clock())
        else:
            await holds.release_share(session, hold_id, share_id=new_id(), amount_credits=1, now=self.clock())

    async def wait(self, session: AsyncSession) -> None:
        self.clock.advance(hours=self.random.choice((1, 7, 30, 200)))

    async def expire(self, session: AsyncSession) -> None:
        await lots.expire_due(session, now=self.clock())

    async def recognise(self, session: AsyncSession) -> None:
        """All days that are over; now and then only one, so that others wait for it."""
        yesterday = self.clock().astimezone(UTC).date() - timedelta(days=1)
        while await recognition.recognise_next(session, through=yesterday, now=self.clock()) is not None:
            if self.random.random() < 0.05:
                return

    async def refund(self, session: AsyncSession) -> None:
        sale = self._sale(lambda sale: not sale.is_disputed and sale.refunded_minor < sale.paid.gross_minor)
        if sale is None:
            return
        left = sale.paid.gross_minor - sale.refunded_minor
        gross = left if self.random.random() < 0.5 else self.random.randint(1, left)
        back = self._part(sale, gross)
        key = self._key("refund")
        if sale.lot_id is None:
            await memberships.refund(
                session, key=key, term_key=sale.key, back=back, occurred_at=self.clock(), now=self.clock()
            )
        else:
            await packs.refund(
                session,
                key=key,
                lot_id=sale.lot_id,
                amount_credits=self._credits(sale, gross),
                back=back,
                occurred_at=self.clock(),
                now=self.clock(),
            )
        sale.refunded_minor += gross
        sale.taken[key] = back
        self.cash[back.currency] -= gross

    async def undo(self, session: AsyncSession) -> None:
        """A refund failed. Only the last part of a price, so that parts keep following each other."""
        sale = self._sale(lambda sale: bool(sale.taken) and not sale.is_disputed)
        if sale is None:
            return
        of_key, back = sale.taken.popitem()
        key = self._key("undo")
        moment = {"occurred_at": self.clock(), "now": self.clock()}
        if sale.lot_id is None:
            await memberships.undo(session, key=key, of_key=of_key, term_key=sale.key, **moment)
        else:
            await packs.undo(session, key=key, of_key=of_key, **moment)
        sale.is_over = True  # what came back is a lot of its own, which nobody refunds again here
        self.cash[back.currency] += back.gross_minor

    async def dispute(self, session: AsyncSession) -> None:
        sale = self._sale(lambda sale: not sale.is_disputed and not sale.refunded_minor)
        if sale is None:
            return
        sale.is_disputed = True
        if sale.lot_id is not None:
            await clawback.freeze(session, [sale.lot_id], now=self.clock())
        posting = templates.dispute_opened(
            f"{sale.key}:opened", sale.paid, occurred_at=self.clock(), fee_minor=15
        )
        await post(session, posting, now=self.clock())
        self.cash[sale.paid.currency] -= sale.paid.gross_minor + 15

    async def win(self, session: AsyncSession) -> None:
        sale = self._sale(lambda sale: sale.is_disputed)
        if sale is None:
            return
        sale.is_disputed, sale.is_over = False, True
        if sale.lot_id is not None:
            await clawback.thaw(session, [sale.lot_id], now=self.clock())
        posting = templates.dispute_won(
            f"{sale.key}:closed", sale.paid, occurred_at=self.clock(), fee_minor=15
        )
        await post(session, posting, now=self.clock())
        self.cash[sale.paid.currency] += sale.paid.gross_minor + 15

    async def lose(self, session: AsyncSession) -> None:
        sale = self._sale(lambda sale: sale.is_disputed)
        if sale is None:
            return
        sale.is_disputed, sale.is_over = False, True
        key = f"{sale.key}:closed"
        held = Money(sale.paid.currency, sale.paid.gross_minor)
        if sale.lot_id is None:
            await memberships.lose_dispute(
                session, key=key, term_key=sale.key, held=held, occurred_at=self.clock(), now=self.clock()
            )
        else:
            await packs.lose_dispute(
                session,
                key=key,
                lot_id=sale.lot_id,
                amount_credits=sale.quantity,
                held=held,
                occurred_at=self.clock(),
                now=self.clock(),
            )

    async def join(self, session: AsyncSession) -> None:
        paid, key = self._money(), self._key("term")
        today = self.clock().astimezone(UTC).date()
        await memberships.sell(
            session,
            key=key,
            user_id=self.user_id,
            starts_on=today,
            ends_on=today + timedelta(days=self.random.randint(1, 31)),
            paid=paid,
            occurred_at=self.clock(),
            now=self.clock(),
        )
        self.cash[paid.currency] += paid.gross_minor
        self.sales.append(Sale(key, paid, None, 0))

    async def upgrade(self, session: AsyncSession) -> None:
        tier = self.random.choice(("free", "silver", "gold", "studio"))
        await lots.change_tier(session, self.user_id, tier, now=self.clock(), catalog=load_catalog())

    async def close(self, session: AsyncSession) -> None:
        """Close what is recognised, now and then; later refunds of it are posted later."""
        day = await recognition_queries.find_last_day(session)
        if day is not None and self.random.random() < 0.3:
            await periods.close(session, day, now=self.clock())

    def _key(self, noun: str) -> str:
        self.number += 1
        return f"walk:{self.user_id}:{noun}:{self.number}"

    def _money(self) -> Money:
        currency = self.random.choice(CURRENCIES)
        gross = self.random.randint(1, 3000)
        tax = gross // 11 if self.random.random() < 0.5 else 0
        return Money(currency, gross, tax, "CN" if tax else "")

    def _part(self, sale: Sale, gross: int) -> Money:
        before, after, paid = sale.refunded_minor, sale.refunded_minor + gross, sale.paid
        tax = paid.tax_minor * after // paid.gross_minor - paid.tax_minor * before // paid.gross_minor
        return Money(paid.currency, gross, tax, paid.tax_region)

    def _credits(self, sale: Sale, gross: int) -> int:
        return clawback.credits_of_refund(
            sale.quantity,
            paid_minor=sale.paid.gross_minor,
            before_minor=sale.refunded_minor,
            refund_minor=gross,
        )

    def _open_hold(self) -> UUID | None:
        return self.random.choice(list(self.open_holds)) if self.open_holds else None

    def _sale(self, fits: Callable[[Sale], bool]) -> Sale | None:
        fitting = [sale for sale in self.sales if not sale.is_over and fits(sale)]
        return self.random.choice(fitting) if fitting else None
