"""The rehearsal, the gateway and our own signatures against what Stripe's SDK itself says of the API.

Nothing here is asked of Stripe: the SDK's request types, response classes and signatures are the contract.
"""

import inspect
import json
import re
import typing
from datetime import timedelta
from typing import Any

import pytest
import stripe
from stripe import params as sdk
from stripe.params import billing_portal as sdk_portal
from stripe.params import checkout as sdk_checkout

from billing.payments import (
    CheckoutStatus,
    NotOnSaleError,
    PaymentsAwayError,
    SignatureError,
    UnknownObjectError,
)
from billing.stripe_client import API_VERSION
from billing.stripe_facts import SUBJECTS
from billing.stripe_gateway import StripeGateway
from billing.stripe_signatures import require_signed, sign
from service.rehearsal import bank, biller
from service.rehearsal.parameters import CREATED, PREVIEWED, REQUIRED, UPDATED
from service.rehearsal.server import Rehearsal
from tests.contracts.payments.asking import NOW, request, subscribe
from tests.fakes.stripe_server.keys import WEBHOOK_SECRET, settings_for

CREATE_TYPES: dict[str, Any] = {
    "product": sdk.ProductCreateParams,
    "price": sdk.PriceCreateParams,
    "checkout.session": sdk_checkout.SessionCreateParams,
    "refund": sdk.RefundCreateParams,
    "coupon": sdk.CouponCreateParams,
    "billing_portal.session": sdk_portal.SessionCreateParams,
}
UPDATE_TYPES: dict[str, Any] = {
    "product": sdk.ProductModifyParams,
    "price": sdk.PriceModifyParams,
    "subscription": sdk.SubscriptionModifyParams,
}
CLASSES: dict[str, type] = {
    "product": stripe.Product,
    "price": stripe.Price,
    "checkout.session": stripe.checkout.Session,
    "payment_intent": stripe.PaymentIntent,
    "charge": stripe.Charge,
    "refund": stripe.Refund,
    "dispute": stripe.Dispute,
    "radar.early_fraud_warning": stripe.radar.EarlyFraudWarning,
    "balance_transaction": stripe.BalanceTransaction,
    "event": stripe.Event,
    "customer": stripe.Customer,
    "subscription": stripe.Subscription,
    "invoice": stripe.Invoice,
    "invoice_payment": stripe.InvoicePayment,
    "coupon": stripe.Coupon,
    "billing_portal.session": stripe.billing_portal.Session,
}


class TestTypes:
    @pytest.mark.parametrize("kind", CREATE_TYPES)
    def test_what_the_rehearsal_takes_is_what_stripe_takes(self, kind: str) -> None:
        known = CREATE_TYPES[kind].__annotations__.keys()
        assert CREATED[kind] <= known
        assert CREATE_TYPES[kind].__required_keys__ <= REQUIRED[kind]

    @pytest.mark.parametrize("kind", UPDATE_TYPES)
    def test_what_it_lets_change_is_what_stripe_lets_change(self, kind: str) -> None:
        assert UPDATED[kind] <= UPDATE_TYPES[kind].__annotations__.keys()

    async def test_what_it_answers_are_fields_of_stripes_objects(
        self, gateway: StripeGateway, rehearsal: Rehearsal
    ) -> None:
        acts = rehearsal.bank
        payments = []
        for _ in range(2):
            checkout = await gateway.open_checkout(request())
            payments.append(acts.pay(checkout.id)["payment_intent"])
        acts.fail_refund(acts.refund(payments[0], 100)["id"])
        acts.win_dispute(acts.dispute(payments[1])["id"])
        acts.warn(payments[0])
        subscription = await subscribe(gateway, rehearsal)
        await gateway.open_portal(subscription.customer_id or "", return_url="https://a.b/c", language="en")
        for kind, sdk_class in CLASSES.items():
            found = rehearsal.objects.all(kind)
            assert found, kind
            known = set(inspect.get_annotations(sdk_class))
            for one in found:
                assert {name for name in one if not name.startswith("_")} <= known, kind

    async def test_what_it_answers_inside_them_are_fields_too(
        self, gateway: StripeGateway, rehearsal: Rehearsal
    ) -> None:
        found = rehearsal.objects.get("subscription", (await subscribe(gateway, rehearsal)).id)
        invoice = rehearsal.objects.get("invoice", found["latest_invoice"])
        line = invoice["lines"]["data"][0]
        parts: list[tuple[type, dict[str, Any]]] = [
            (stripe.SubscriptionItem, found["items"]["data"][0]),
            (stripe.Price, found["items"]["data"][0]["price"]),
            (stripe.Subscription.CancellationDetails, found["cancellation_details"]),
            (stripe.Invoice.Parent, invoice["parent"]),
            (stripe.Invoice.Parent.SubscriptionDetails, invoice["parent"]["subscription_details"]),
            (stripe.InvoiceLineItem, line),
            (
                stripe.InvoiceLineItem.Parent.SubscriptionItemDetails,
                line["parent"]["subscription_item_details"],
            ),
            (stripe.InvoiceLineItem.Pricing.PriceDetails, line["pricing"]["price_details"]),
            (stripe.InvoicePayment.Payment, rehearsal.objects.all("invoice_payment")[0]["payment"]),
        ]
        for sdk_class, part in parts:
            assert set(part) <= set(inspect.get_annotations(sdk_class)), sdk_class

    def test_what_is_previewed_is_asked_as_stripe_wants_it(self) -> None:
        assert sdk.InvoiceCreatePreviewParams.__annotations__.keys() >= PREVIEWED

    def test_every_kind_of_event_that_we_act_upon_or_send_is_one_of_stripes(self) -> None:
        kinds = set(typing.get_args(inspect.get_annotations(stripe.Event)["type"]))
        said = set(re.findall(r'say\(\s*"([\w.]+)"', inspect.getsource(bank) + inspect.getsource(biller)))
        assert len(said) > 10
        assert set(SUBJECTS) | said <= kinds

    def test_the_version_that_we_pin_is_the_one_that_the_sdk_was_made_for(self) -> None:
        assert stripe.api_version == API_VERSION


class TestGateway:
    async def test_the_same_key_opens_the_same_checkout_and_another_request_under_it_is_refused(
        self, gateway: StripeGateway, rehearsal: Rehearsal
    ) -> None:
        first = request()
        opened = await gateway.open_checkout(first)
        assert await gateway.open_checkout(first) == opened
        assert len(rehearsal.objects.all("checkout.session")) == 1
        with pytest.raises(PaymentsAwayError):
            await gateway.open_checkout(request(key=first.key))

    async def test_an_unknown_price_is_not_on_sale(self, gateway: StripeGateway) -> None:
        with pytest.raises(NotOnSaleError):
            await gateway.open_checkout(request(price_key="huajian:pack:small:cny:1"))

    async def test_a_price_that_was_changed_by_hand_is_not_on_sale(
        self, gateway: StripeGateway, rehearsal: Rehearsal
    ) -> None:
        for price in rehearsal.objects.all("price"):
            price["unit_amount"] = 1
        with pytest.raises(NotOnSaleError):
            await gateway.open_checkout(request())

    async def test_a_checkout_tells_how_it_went(self, gateway: StripeGateway, rehearsal: Rehearsal) -> None:
        acts = rehearsal.bank
        ids = [(await gateway.open_checkout(request())).id for _ in range(5)]
        acts.pay(ids[1])
        acts.promise(ids[2])
        acts.promise(ids[3])
        acts.break_promise(ids[3])
        acts.expire(ids[4])
        read = [await gateway.read_checkout(one) for one in ids]
        assert [one.status for one in read] == [
            CheckoutStatus.OPEN,
            CheckoutStatus.PAID,
            CheckoutStatus.WAITING,
            CheckoutStatus.FAILED,
            CheckoutStatus.EXPIRED,
        ]
        assert read[1].charge is not None
        assert read[1].charge.movement is not None
        assert (read[1].charge.movement.amount_minor, read[1].charge.movement.fee_minor) == (1200, 64)
        assert read[2].charge is None
        assert [one.card for one in read[:3]] == [None, "fp_4242", None]

    async def test_lists_are_read_to_their_end(self, gateway: StripeGateway, rehearsal: Rehearsal) -> None:
        with rehearsal.objects.lock:
            for _ in range(250):
                fields = {"status": "open", "payment_status": "unpaid", "metadata": {}}
                rehearsal.objects.add("checkout.session", fields)
        found = [one.id async for one in gateway.list_checkouts(NOW - timedelta(days=1))]
        assert (len(found), len(set(found))) == (250, 250)
        assert [one async for one in gateway.list_checkouts(NOW + timedelta(days=1))] == []

    async def test_what_is_not_there_is_unknown_and_who_is_not_let_in_is_told_nothing(
        self, gateway: StripeGateway, rehearsal: Rehearsal
    ) -> None:
        for read in (gateway.read_checkout, gateway.read_refund, gateway.read_dispute, gateway.read_warning):
            with pytest.raises(UnknownObjectError):
                await read("xx_nothing")
        stranger = StripeGateway(
            settings_for(rehearsal.url).model_copy(update={"secret_key": settings_for("").webhook_secret})
        )
        with pytest.raises(PaymentsAwayError) as refused:
            await stranger.read_refund("re_1")
        await stranger.close()
        assert WEBHOOK_SECRET not in f"{refused.value} {refused.value.reason}"

    async def test_a_server_that_is_not_there_is_away(self) -> None:
        lonely = StripeGateway(settings_for("http://127.0.0.1:9").model_copy(update={"timeout_seconds": 1.0}))
        with pytest.raises(PaymentsAwayError):
            await lonely.read_refund("re_1")
        await lonely.close()


class TestSignatures:
    def test_we_accept_what_the_sdk_signs_and_it_accepts_what_we_sign(self) -> None:
        body = json.dumps({"object": "event", "名": "花笺"}, ensure_ascii=False)
        header = stripe.WebhookSignature.generate_signature_header(
            body, WEBHOOK_SECRET, timestamp=int(NOW.timestamp())
        )
        require_signed(body.encode(), header, WEBHOOK_SECRET, NOW)
        ours = sign(body.encode(), WEBHOOK_SECRET, NOW)
        assert stripe.WebhookSignature.verify_header(body, ours, WEBHOOK_SECRET, tolerance=None)

    def test_while_a_secret_is_replaced_either_signature_will_do(self) -> None:
        header = f"{sign(b'{}', 'whsec_old', NOW)},{sign(b'{}', WEBHOOK_SECRET, NOW).partition(',')[2]}"
        require_signed(b"{}", header, WEBHOOK_SECRET, NOW)
        with pytest.raises(SignatureError):
            require_signed(b"{}", header, "whsec_other", NOW)

    @pytest.mark.parametrize("seconds", [-301, 301])
    def test_neither_the_past_nor_the_future_is_now(self, seconds: int) -> None:
        header = sign(b"{}", WEBHOOK_SECRET, NOW + timedelta(seconds=seconds))
        with pytest.raises(SignatureError):
            require_signed(b"{}", header, WEBHOOK_SECRET, NOW)
