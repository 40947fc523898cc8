"""What buyers, banks and the seller do at the rehearsal: pay, pay later, refund, dispute."""

from typing import Final

from service.rehearsal.objects import Object, Objects

FEE_PER_MILLE: Final = 29
FEE_FIXED: Final = 30
DISPUTE_FEE: Final = 1500
CARD: Final = "fp_4242"


class RefusedError(Exception):
    """Not possible in this state; the message is for whoever asked. `code` is Stripe's."""

    def __init__(self, message: str, code: str = "invalid_state") -> None:
        super().__init__(message)
        self.code = code


class Bank:
    """Every method is one moment: it changes the objects, and adds the events that Stripe would send."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects

    def pay(self, session_id: str, *, card: str | None = CARD) -> Object:
        """Pay a checkout at once; the money is there."""
        session = self.open_session(session_id)
        payment = self._begin(session)
        self._succeed(session, payment, card)
        self.say("checkout.session.completed", session)
        return session

    def promise(self, session_id: str) -> Object:
        """Pay in a way that takes days: the checkout is complete, the money is under way."""
        session = self.open_session(session_id)
        payment = self._begin(session)
        payment["status"] = "processing"
        self.say("payment_intent.processing", payment)
        self.say("checkout.session.completed", session)
        return session

    def keep_promise(self, session_id: str) -> Object:
        """The money that was under way arrives."""
        session, payment = self._promised(session_id)
        self._succeed(session, payment, card=None)
        self.say("checkout.session.async_payment_succeeded", session)
        return session

    def break_promise(self, session_id: str) -> Object:
        """The money that was under way will not come."""
        session, payment = self._promised(session_id)
        payment["status"] = "requires_payment_method"
        payment["last_payment_error"] = {
            "code": "payment_intent_payment_attempt_failed",
            "type": "card_error",
        }
        self.say("payment_intent.payment_failed", payment)
        self.say("checkout.session.async_payment_failed", session)
        return session

    def decline(self, session_id: str) -> Object:
        """The card is declined; the checkout stays open, as it does at Stripe."""
        return self.open_session(session_id)

    def expire(self, session_id: str) -> Object:
        """Time is over, or somebody gave it up."""
        session = self.open_session(session_id)
        session["status"], session["url"] = "expired", None
        self.say("checkout.session.expired", session)
        return session

    def refund(self, payment_id: str, amount: int | None = None, *, status: str = "succeeded") -> Object:
        """Give money back, all that is left by default. Raises: RefusedError: more than there is."""
        charge = self._charge_of(payment_id)
        if charge["refunded"]:
            raise RefusedError("This charge has already been refunded", "charge_already_refunded")
        amount = charge["amount"] - charge["amount_refunded"] if amount is None else amount
        if not 0 < amount <= charge["amount"] - charge["amount_refunded"]:
            raise RefusedError("Refund amount is greater than unrefunded amount on charge")
        if charge["disputed"]:
            raise RefusedError("This charge has been charged back", "charge_disputed")
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        refund = self.objects.add(
            "refund",
            {
                "amount": amount,
                "currency": charge["currency"],
                "charge": charge["id"],
                "payment_intent": payment_id,
                "status": status,
                "reason": None,
                "metadata": {},
            },
        )
        movement = self.objects.move(-amount, 0, charge["currency"], refund["id"], "refund")
        refund["balance_transaction"] = movement["id"]
        self.say("charge.refunded", charge)
        self.say("refund.created", refund)
        return refund

    def finish_refund(self, refund_id: str) -> Object:
        """A refund that was pending has arrived."""
        refund = self.objects.get("refund", refund_id)
        refund["status"] = "succeeded"
        self.say("refund.updated", refund)
        return refund

    def fail_refund(self, refund_id: str) -> Object:
        """The buyer's bank sends a refund back to us."""
        refund = self.objects.get("refund", refund_id)
        if refund["status"] == "failed":
            raise RefusedError("This refund has failed before")
        refund["status"] = "failed"
        charge = self.objects.get("charge", refund["charge"])
        charge["amount_refunded"] -= refund["amount"]
        charge["refunded"] = False
        movement = self.objects.move(refund["amount"], 0, refund["currency"], refund["id"], "refund_failure")
        refund["failure_balance_transaction"] = movement["id"]
        self.say("refund.failed", refund)
        return refund

    def dispute(self, payment_id: str, *, is_inquiry: bool = False) -> Object:
        """A buyer asks their bank for the money back; unless it is a mere inquiry, the bank takes it."""
        charge = self._charge_of(payment_id)
        if charge["disputed"]:
            raise RefusedError("This charge is disputed already")
        dispute = self.objects.add(
            "dispute",
            {
                "amount": charge["amount"] - charge["amount_refunded"],
                "currency": charge["currency"],
                "charge": charge["id"],
                "payment_intent": payment_id,
                "status": "warning_needs_response" if is_inquiry else "needs_response",
                "reason": "fraudulent",
                "balance_transactions": [],
                "is_charge_refundable": is_inquiry,
                "metadata": {},
            },
        )
        self.say("charge.dispute.created", dispute)
        if not is_inquiry:
            self.withdraw(dispute["id"])
        return dispute

    def withdraw(self, dispute_id: str) -> Object:
        """The bank takes the money and Stripe its fee."""
        dispute = self.objects.get("dispute", dispute_id)
        self.objects.get("charge", dispute["charge"])["disputed"] = True
        dispute["status"] = "needs_response"
        self._move_dispute(dispute, -dispute["amount"], DISPUTE_FEE, "dispute")
        self.say("charge.dispute.funds_withdrawn", dispute)
        return dispute

    def win_dispute(self, dispute_id: str) -> Object:
        """The bank decides for us and gives the money back; the fee is gone."""
        dispute = self._open_dispute(dispute_id)
        if dispute["balance_transactions"]:
            self._move_dispute(dispute, dispute["amount"], 0, "dispute_reversal")
            self.say("charge.dispute.funds_reinstated", dispute)
        dispute["status"] = "won" if dispute["balance_transactions"] else "warning_closed"
        self.say("charge.dispute.closed", dispute)
        return dispute

    def lose_dispute(self, dispute_id: str) -> Object:
        dispute = self._open_dispute(dispute_id)
        dispute["status"] = "lost"
        self.say("charge.dispute.closed", dispute)
        return dispute

    def pay_out(self, currency: str) -> Object | None:
        """Everything that there is goes to the seller's bank; None when there is nothing."""
        amount = self.objects.balance().get(currency, 0)
        return self.objects.move(-amount, 0, currency, "po_rehearsal", "payout") if amount > 0 else None

    def charge_fee(self, amount: int, currency: str) -> Object:
        """A fee of the account, such as for Radar."""
        return self.objects.move(-amount, 0, currency, "fee_rehearsal", "fee")

    def warn(self, payment_id: str) -> Object:
        """A bank suspects fraud; nothing has moved."""
        charge = self._charge_of(payment_id)
        warning = self.objects.add(
            "radar.early_fraud_warning",
            {
                "charge": charge["id"],
                "payment_intent": payment_id,
                "actionable": True,
                "fraud_type": "made_with_stolen_card",
            },
        )
        self.say("radar.early_fraud_warning.created", warning)
        return warning

    def open_session(self, session_id: str) -> Object:
        """A checkout that can be paid. Raises: RefusedError."""
        session = self.objects.get("checkout.session", session_id)
        if session["status"] != "open":
            raise RefusedError(f"This checkout is {session['status']}")
        return session

    def _promised(self, session_id: str) -> tuple[Object, Object]:
        session = self.objects.get("checkout.session", session_id)
        payment = self.objects.get("payment_intent", session["payment_intent"] or "")
        if payment["status"] != "processing":
            raise RefusedError("No money is under way")
        return session, payment

    def _begin(self, session: Object) -> Object:
        """Since 2022 a checkout has no payment before its buyer pays."""
        if session["mode"] != "payment":
            raise RefusedError("This checkout opens a subscription")
        payment = self.new_payment(
            session["amount_total"], session["currency"], session.pop("_payment_metadata")
        )
        session |= {"payment_intent": payment["id"], "status": "complete", "url": None}
        return payment

    def new_payment(self, amount: int, currency: str, metadata: Object) -> Object:
        """A payment that nobody has paid."""
        return self.objects.add(
            "payment_intent",
            {
                "amount": amount,
                "currency": currency,
                "metadata": metadata,
                "status": "requires_payment_method",
                "latest_charge": None,
                "last_payment_error": None,
            },
        )

    def _succeed(self, session: Object, payment: Object, card: str | None) -> None:
        self.succeed(payment, card)
        session["payment_status"] = "paid"

    def succeed(self, payment: Object, card: str | None) -> None:
        """The money is there; no card: by a wallet."""
        amount, currency = payment["amount"], payment["currency"]
        details = {"type": "card", "card": {"fingerprint": card, "brand": "visa", "last4": "4242"}}
        charge = self.objects.add(
            "charge",
            {
                "amount": amount,
                "amount_captured": amount,
                "amount_refunded": 0,
                "currency": currency,
                "payment_intent": payment["id"],
                "payment_method_details": details if card else {"type": "alipay", "alipay": {}},
                "status": "succeeded",
                "paid": True,
                "captured": True,
                "refunded": False,
                "disputed": False,
                "metadata": payment["metadata"],
            },
        )
        fee = amount * FEE_PER_MILLE // 1000 + FEE_FIXED
        movement = self.objects.move(amount, fee, currency, charge["id"], "charge")
        charge["balance_transaction"] = movement["id"]
        payment |= {"status": "succeeded", "latest_charge": charge["id"]}
        self.say("charge.succeeded", charge)
        self.say("payment_intent.succeeded", payment)

    def _charge_of(self, payment_id: str) -> Object:
        payment = self.objects.get("payment_intent", payment_id)
        return self.objects.get("charge", payment["latest_charge"] or "")

    def _open_dispute(self, dispute_id: str) -> Object:
        dispute = self.objects.get("dispute", dispute_id)
        if dispute["status"] in ("won", "lost", "warning_closed"):
            raise RefusedError(f"This dispute is {dispute['status']}")
        return dispute

    def _move_dispute(self, dispute: Object, amount: int, fee: int, label: str) -> None:
        movement = self.objects.move(amount, fee, dispute["currency"], dispute["id"], label)
        dispute["balance_transactions"].append(movement)

    def say(self, kind: str, subject: Object) -> None:
        """Add the event that tells of it."""
        public = {name: value for name, value in subject.items() if not name.startswith("_")}
        self.objects.add(
            "event",
            {
                "type": kind,
                "api_version": "2026-10-28.endive",
                "data": {"object": self.objects.expand(public, [])},
                "pending_webhooks": 1,
                "request": {"id": None, "idempotency_key": None},
            },
        )
