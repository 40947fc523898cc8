"""Take a paid invoice: book its money, and give what it bought; once, whatever tells of it and how often."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from billing import queries as credits
from billing.ledger import memberships as ledger
from billing.ledger.templates import Money
from billing.memberships import queries
from billing.memberships.marks import Mark
from billing.memberships.rules import MembershipRules
from billing.memberships.standing import begin_subscription, extend
from billing.orders import queries as orders
from billing.orders.errors import MismatchedPaymentError, OrderUnpaidError
from billing.orders.movements import UNKNOWN_REGION, settle_movement
from billing.stripe_catalog import price_key
from billing.subscriptions import InvoiceFacts, InvoiceReason
from core.ids import new_id
from models.membership import MembershipPeriod, MembershipState, PeriodKind
from models.order import Order, OrderState, ReturnReason

KINDS = {
    InvoiceReason.FIRST: PeriodKind.MONTH,
    InvoiceReason.RENEWAL: PeriodKind.MONTH,
    InvoiceReason.UPGRADE: PeriodKind.UPGRADE,
}


async def take_invoice(
    session: AsyncSession,
    first: Order,
    invoice: InvoiceFacts,
    *,
    marks: Sequence[Mark],
    rules: MembershipRules,
    now: datetime,
) -> Order | None:
    """The order that the invoice paid now; None when it was known, or when there was nothing to pay.

    Args:
        first: the order that opened the subscription, locked, and its buyer's account after it.
    Raises: OrderUnpaidError: the first invoice comes before any other; MismatchedPaymentError.
    """
    tier = _require_ours(first, invoice)
    order = await _find_order(session, first, invoice)
    is_known = await queries.find_period(session, first.channel, invoice.id) is not None
    if is_known or (order is not None and order.paid_at is not None):
        await _settle_movement(session, order, invoice, now)
        return None
    if invoice.reason is not InvoiceReason.FIRST and first.paid_at is None:
        raise OrderUnpaidError(f"{invoice.id} is paid before the first month is")
    if invoice.amount_minor:
        order = order or _open_order(session, first, invoice, tier)
        await _book(session, order, invoice, now)
    reason = await _refusal(session, first, invoice, marks, rules, now)
    if reason is not None:
        if order is not None:
            order.return_reason = reason
        return order
    await _give(session, first, order, invoice, tier, rules, now)
    return order


def _require_ours(first: Order, invoice: InvoiceFacts) -> str:
    """The tier that was bought."""
    if invoice.reason is InvoiceReason.OTHER or invoice.tier is None:
        raise MismatchedPaymentError(f"{invoice.id} is an invoice of a kind that we never write")
    if invoice.currency != first.currency:
        raise MismatchedPaymentError(f"{invoice.id} is in {invoice.currency}")
    if invoice.amount_minor and (invoice.payment_id is None or invoice.charge is None):
        raise MismatchedPaymentError(f"{invoice.id} is paid, but by no charge")
    is_first = invoice.reason is InvoiceReason.FIRST
    if is_first and (invoice.amount_minor, f"membership:{invoice.tier}") != (first.amount_minor, first.item):
        raise MismatchedPaymentError(f"{invoice.id}: {invoice.amount_minor} were paid for {invoice.tier}")
    return invoice.tier


async def _find_order(session: AsyncSession, first: Order, invoice: InvoiceFacts) -> Order | None:
    """The order that the invoice pays, if there is one already."""
    if invoice.reason is InvoiceReason.FIRST:
        if first.payment_id not in (None, invoice.payment_id):
            raise MismatchedPaymentError(f"{invoice.id}: the order was paid by {first.payment_id}")
        return first
    if invoice.payment_id is None:
        return None
    return await orders.find_by_payment(session, first.channel, invoice.payment_id)


def _open_order(session: AsyncSession, first: Order, invoice: InvoiceFacts, tier: str) -> Order:
    """Of a later month or an upgrade: nobody placed it, the channel charged by itself."""
    item = f"membership:{tier}"
    order = Order(
        id=new_id(),
        owner_id=first.owner_id,
        idempotency_key=f"·invoice:{invoice.id}",  # no client's key: theirs are ASCII
        item=item,
        credits=0,
        days=0,
        amount_minor=invoice.amount_minor,
        currency=first.currency,
        price_key=price_key(item, first.currency, invoice.amount_minor),
        language=first.language,
        base_url=first.base_url,
        channel=first.channel,
        is_test=first.is_test,
        state=OrderState.PENDING,
        checkout_id=f"invoice:{invoice.id}",
        subscription_id=invoice.subscription_id,
        consent_version=first.consent_version,  # it is the same contract
        expires_at=invoice.created_at,
        refunded_minor=0,
        tax_minor=0,
        tax_region="",
        is_first_month=False,
        created_at=invoice.created_at,
    )
    session.add(order)
    return order


async def _book(session: AsyncSession, order: Order, invoice: InvoiceFacts, now: datetime) -> None:
    """The money, and its order: paid. What is owed for it is served day by day."""
    if invoice.charge is None:
        raise MismatchedPaymentError(f"{invoice.id} is paid, but by no charge")
    paid_at = invoice.charge.created_at
    starts_on, ends_on = _days(invoice.starts_at, invoice.ends_at)
    region = (invoice.tax_region or UNKNOWN_REGION) if invoice.tax_minor else ""
    await ledger.sell(
        session,
        key=f"{order.channel}:payment:{invoice.payment_id}",
        user_id=order.owner_id,
        starts_on=starts_on,
        ends_on=ends_on,
        paid=Money(order.currency, invoice.amount_minor, invoice.tax_minor, region),
        occurred_at=paid_at,
        now=now,
    )
    order.payment_id = invoice.payment_id
    order.tax_minor, order.tax_region = invoice.tax_minor, invoice.tax_region
    order.paid_at, order.state, order.checkout_url = paid_at, OrderState.PAID, None
    await session.flush()
    await _settle_movement(session, order, invoice, now)


async def _settle_movement(
    session: AsyncSession, order: Order | None, invoice: InvoiceFacts, now: datetime
) -> None:
    charge = invoice.charge
    if order is not None and charge is not None and charge.movement is not None:
        await settle_movement(session, order, order.amount_minor, charge.movement, now=now)


async def _refusal(
    session: AsyncSession,
    first: Order,
    invoice: InvoiceFacts,
    marks: Sequence[Mark],
    rules: MembershipRules,
    now: datetime,
) -> ReturnReason | None:
    """Why this money goes back; None when it is welcome.

    The database decides who has had a first month: two who pay with one card at once cannot both have it.
    """
    if await credits.is_closed(session, first.owner_id):
        return ReturnReason.ACCOUNT_CLOSED
    live = await queries.find_live(session, first.owner_id)
    if live is not None and live.subscription_id != invoice.subscription_id:
        return ReturnReason.ALREADY_MEMBER
    if invoice.reason is not InvoiceReason.FIRST:
        return first.return_reason
    if first.is_first_month:
        cards = [rules.mark_card(invoice.card)] if invoice.card else []
        if not await queries.claim(session, [*marks, *cards], first.id, now):
            return ReturnReason.FIRST_MONTH_TAKEN
    return None


async def _give(
    session: AsyncSession,
    first: Order,
    order: Order | None,
    invoice: InvoiceFacts,
    tier: str,
    rules: MembershipRules,
    now: datetime,
) -> None:
    membership = await queries.find_by_subscription(session, first.channel, invoice.subscription_id or "")
    if membership is None:
        membership = await begin_subscription(session, first, invoice, tier, now)
    elif membership.state is MembershipState.ENDED and invoice.ends_at > now:
        # The money came after all, and nobody else's: it is served.
        membership.state = MembershipState.ACTIVE
        membership.ended_at = membership.end_reason = None
    period = MembershipPeriod(
        id=new_id(),
        membership_id=membership.id,
        channel=first.channel,
        invoice_id=invoice.id,
        kind=KINDS[invoice.reason],
        tier=tier,
        starts_at=invoice.starts_at,
        ends_at=invoice.ends_at,
        order_id=None if order is None else order.id,
    )
    session.add(period)
    await session.flush()
    await extend(session, membership, period, rules=rules, now=now)


def _days(starts_at: datetime, ends_at: datetime) -> tuple[date, date]:
    """The days that revenue is spread over: at least one, also for an upgrade of the last hours."""
    starts_on = starts_at.astimezone(UTC).date()
    return starts_on, max(ends_at.astimezone(UTC).date(), starts_on + timedelta(days=1))
