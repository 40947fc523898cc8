"""What Stripe's objects say, in the channel's own words. Plain dictionaries in, facts out."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from billing.movements import Charge, Movement
from billing.payments import (
    CheckoutFacts,
    CheckoutStatus,
    DisputeFacts,
    DisputeStatus,
    IncomingEvent,
    MovementKind,
    OtherMovement,
    RefundFacts,
    RefundStatus,
    Subject,
    WarningFacts,
)

Object = Mapping[str, Any]

ORDER_KEY: Final = "huajian_order"  # in the metadata of checkouts and payments
SUBJECTS: Final = {
    "checkout.session.completed": Subject.CHECKOUT,
    "checkout.session.async_payment_succeeded": Subject.CHECKOUT,
    "checkout.session.async_payment_failed": Subject.CHECKOUT,
    "checkout.session.expired": Subject.CHECKOUT,
    "refund.created": Subject.REFUND,
    "refund.updated": Subject.REFUND,
    "refund.failed": Subject.REFUND,
    "charge.dispute.created": Subject.DISPUTE,
    "charge.dispute.updated": Subject.DISPUTE,
    "charge.dispute.funds_withdrawn": Subject.DISPUTE,
    "charge.dispute.funds_reinstated": Subject.DISPUTE,
    "charge.dispute.closed": Subject.DISPUTE,
    "radar.early_fraud_warning.created": Subject.WARNING,
    "radar.early_fraud_warning.updated": Subject.WARNING,
    "customer.subscription.created": Subject.SUBSCRIPTION,
    "customer.subscription.updated": Subject.SUBSCRIPTION,
    "customer.subscription.deleted": Subject.SUBSCRIPTION,
    "customer.subscription.paused": Subject.SUBSCRIPTION,
    "customer.subscription.resumed": Subject.SUBSCRIPTION,
    "customer.subscription.pending_update_applied": Subject.SUBSCRIPTION,
    "customer.subscription.pending_update_expired": Subject.SUBSCRIPTION,
    "invoice.paid": Subject.INVOICE,
    "invoice.payment_failed": Subject.INVOICE,
    "invoice.voided": Subject.INVOICE,
    "invoice.marked_uncollectible": Subject.INVOICE,
}
PAYERS: Final = ("fingerprint", "payer_id", "buyer_id")  # of cards and banks, of PayPal, of other wallets
REFUNDS: Final = {
    "succeeded": RefundStatus.SUCCEEDED,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.FAILED,
}
DISPUTES: Final = {
    "won": DisputeStatus.WON,
    "lost": DisputeStatus.LOST,
    "prevented": DisputeStatus.WON,
    "warning_needs_response": DisputeStatus.INQUIRY,
    "warning_under_review": DisputeStatus.INQUIRY,
    "warning_closed": DisputeStatus.WON,
}


# Reporting categories of movements that come along with their payment, refund or dispute.
OF_ORDERS: Final = frozenset({"charge", "refund", "refund_failure", "dispute", "dispute_reversal"})
OTHER_MOVEMENTS: Final = {
    "payout": MovementKind.PAYOUT,
    "payout_reversal": MovementKind.PAYOUT,
    "fee": MovementKind.FEE,
}


def to_event(body: Object) -> IncomingEvent:
    """Raises: ValueError, KeyError, TypeError, AttributeError: signed, but not an event."""
    subject = body["data"]["object"]
    kind, event_id = _text(body["type"]), _text(body["id"])
    if body.get("object") != "event" or kind is None or event_id is None:
        raise ValueError("not an event")
    return IncomingEvent(
        id=event_id,
        kind=kind[:100],
        subject=SUBJECTS.get(kind),
        object_id=_text(subject.get("id")),
        occurred_at=moment(body["created"]),
        is_live=body["livemode"] is True,
        envelope={
            "api_version": _text(body.get("api_version")),
            "object": _text(subject.get("object")),
            "status": _text(subject.get("status")),
        },
    )


def _text(value: object) -> str | None:
    """A text that Postgres can hold, if it is one."""
    return value.replace("\x00", "")[:255] if isinstance(value, str) else None


def to_checkout(session: Object) -> CheckoutFacts:
    payment = expanded(session.get("payment_intent"))
    charge = expanded(payment.get("latest_charge"))
    return CheckoutFacts(
        id=session["id"],
        order_id=order_of(session),
        status=_checkout_status(session, payment),
        payment_id=payment.get("id"),
        amount_minor=session.get("amount_total") or 0,
        tax_minor=(session.get("total_details") or {}).get("amount_tax") or 0,
        tax_region=((session.get("customer_details") or {}).get("address") or {}).get("country") or "",
        currency=(session.get("currency") or "").upper(),
        charge=to_charge(charge) if charge else None,
        card=card_of(charge),
        subscription_id=expanded(session.get("subscription")).get("id"),
    )


def _checkout_status(session: Object, payment: Object) -> CheckoutStatus:
    if session["status"] == "expired":
        return CheckoutStatus.EXPIRED
    if session["status"] == "open":
        return CheckoutStatus.OPEN
    if session["payment_status"] != "unpaid":
        return CheckoutStatus.PAID
    # A payment that needs a new method after the person was done is one that failed on its way.
    has_failed = payment.get("status") in ("requires_payment_method", "canceled")
    return CheckoutStatus.FAILED if has_failed else CheckoutStatus.WAITING


def card_of(charge: Object) -> str | None:
    """Of a card or a bank account the fingerprint, of a wallet its owner; Link and others tell of nobody."""
    details = charge.get("payment_method_details") or {}
    method = details.get(details.get("type") or "") or {}
    found: str | None = next((method[name] for name in PAYERS if method.get(name)), None)
    return found


def to_charge(charge: Object) -> Charge:
    movements = _movements(charge.get("balance_transaction"))
    return Charge(
        id=charge["id"],
        created_at=moment(charge["created"]),
        movement=movements[0] if movements else None,
    )


def to_refund(refund: Object) -> RefundFacts:
    payment = expanded(refund.get("payment_intent"))
    return RefundFacts(
        id=refund["id"],
        payment_id=payment.get("id"),
        order_id=order_of(payment),
        status=REFUNDS.get(refund.get("status") or "", RefundStatus.PENDING),
        amount_minor=refund["amount"],
        currency=refund["currency"].upper(),
        movements=_movements(refund.get("balance_transaction"), refund.get("failure_balance_transaction")),
        created_at=moment(refund["created"]),
    )


def to_dispute(dispute: Object) -> DisputeFacts:
    payment = expanded(dispute.get("payment_intent"))
    return DisputeFacts(
        id=dispute["id"],
        payment_id=payment.get("id"),
        order_id=order_of(payment),
        status=DISPUTES.get(dispute["status"], DisputeStatus.OPEN),
        reason=str(dispute.get("reason") or "")[:64],
        amount_minor=dispute["amount"],
        currency=dispute["currency"].upper(),
        movements=_movements(*(dispute.get("balance_transactions") or ())),
        created_at=moment(dispute["created"]),
    )


def _movements(*found: object) -> list[Movement]:
    """Those that were asked for along with their owner; a bare id is of no use."""
    return [_movement(one) for one in found if isinstance(one, Mapping)]


def to_other_movement(movement: Object) -> OtherMovement | None:
    """None for what comes along with an order's own objects."""
    label = str(movement["reporting_category"])
    if label in OF_ORDERS:
        return None
    return OtherMovement(
        id=movement["id"],
        kind=OTHER_MOVEMENTS.get(label, MovementKind.OTHER),
        label=label[:64],
        amount_minor=movement["amount"],
        fee_minor=movement["fee"],
        currency=movement["currency"].upper(),
        occurred_at=moment(movement["created"]),
    )


def to_balance(balance: Object) -> dict[str, int]:
    totals: dict[str, int] = {}
    for part in (*balance["available"], *balance["pending"]):
        currency = part["currency"].upper()
        totals[currency] = totals.get(currency, 0) + part["amount"]
    return totals


def _movement(movement: Object) -> Movement:
    return Movement(
        id=movement["id"],
        amount_minor=movement["amount"],
        fee_minor=movement["fee"],
        currency=movement["currency"].upper(),
        occurred_at=moment(movement["created"]),
    )


def to_warning(warning: Object) -> WarningFacts:
    payment = expanded(warning.get("payment_intent"))
    return WarningFacts(
        id=warning["id"],
        payment_id=payment.get("id"),
        order_id=order_of(payment),
        reason=str(warning.get("fraud_type") or "")[:64],
    )


def order_of(owner: Object) -> UUID | None:
    """The order that we wrote into the metadata ourselves; None for what others sold on this account."""
    try:
        return UUID((owner.get("metadata") or {})[ORDER_KEY])
    except (KeyError, ValueError):
        return None


def expanded(value: object) -> Object:
    """An object that was asked for along with its owner; a bare id says no more than itself."""
    if isinstance(value, Mapping):
        return value
    return {"id": value} if isinstance(value, str) else {}


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
