"""Subscriptions at the rehearsal, as the gateway reads and changes them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from billing.payments import NotOnSaleError, PaymentsAwayError
from billing.stripe_catalog import price_key
from billing.stripe_gateway import StripeGateway
from billing.subscriptions import (
    ChangeRefusedError,
    InvoiceReason,
    InvoiceStatus,
    PriceChange,
    SubscriptionStatus,
)
from service.rehearsal.server import Rehearsal
from tests.contracts.payments.asking import NOW, request, subscribe


class TestSubscriptions:
    async def test_a_coupon_makes_the_first_month_cheaper_and_no_other(
        self, gateway: StripeGateway, rehearsal: Rehearsal
    ) -> None:
        subscription = await subscribe(gateway, rehearsal)
        assert (subscription.status, subscription.tier) == (SubscriptionStatus.ACTIVE, "silver")
        assert subscription.price_minor == 1000
        (invoice_id,) = [one async for one in gateway.list_paid_invoices(subscription.id)]
        first = await gateway.read_invoice(invoice_id)
        assert (first.reason, first.status, first.tier) == (
            InvoiceReason.FIRST,
            InvoiceStatus.PAID,
            "silver",
        )
        assert (first.amount_minor, first.card, first.order_id) == (500, "fp_4242", subscription.order_id)
        assert first.charge is not None
        assert first.charge.movement is not None
        assert await gateway.find_invoice(first.payment_id or "") == invoice_id
        rehearsal.objects.now = lambda: int((NOW + timedelta(days=31)).timestamp())
        rehearsal.biller.tick()
        second = [one async for one in gateway.list_invoices(NOW + timedelta(days=1))]
        assert [owner for _, owner in second] == [subscription.id]
        renewed = await gateway.read_invoice(second[0][0])
        assert (renewed.reason, renewed.amount_minor) == (InvoiceReason.RENEWAL, 1000)
        assert renewed.starts_at == first.ends_at

    async def test_a_first_month_whose_coupon_is_missing_is_not_on_sale(
        self, gateway: StripeGateway, rehearsal: Rehearsal
    ) -> None:
        with pytest.raises(NotOnSaleError):
            await gateway.open_checkout(
                request(
                    price_key=price_key("membership:silver", "CNY", 1000),
                    price_minor=1000,
                    amount_minor=1,
                    renews=True,
                )
            )

    async def test_an_upgrade_costs_what_its_preview_said_and_again_changes_nothing(
        self, gateway: StripeGateway, rehearsal: Rehearsal
    ) -> None:
        subscription = await subscribe(gateway, rehearsal)
        change = PriceChange(
            subscription.id, price_key("membership:gold", "CNY", 2500), 2500, "CNY", "k", NOW
        )
        due = await gateway.preview_upgrade(change)
        assert (due, (await gateway.read_subscription(subscription.id)).tier) == (2000, "silver")
        for _ in range(2):
            await gateway.upgrade(change)
        upgraded = await gateway.read_subscription(subscription.id)
        assert (upgraded.tier, upgraded.is_change_pending) == ("gold", False)
        invoice = await gateway.read_invoice(upgraded.latest_invoice_id or "")
        assert (invoice.reason, invoice.tier, invoice.amount_minor) == (InvoiceReason.UPGRADE, "gold", 2000)
        assert len(rehearsal.objects.all("invoice")) == 2

    async def test_a_declined_upgrade_waits_and_refuses_another(
        self, gateway: StripeGateway, rehearsal: Rehearsal
    ) -> None:
        subscription = await subscribe(gateway, rehearsal)
        rehearsal.biller.break_card(subscription.id)
        change = PriceChange(
            subscription.id, price_key("membership:gold", "CNY", 2500), 2500, "CNY", "k", NOW
        )
        await gateway.upgrade(change)
        waiting = await gateway.read_subscription(subscription.id)
        assert (waiting.tier, waiting.is_change_pending, waiting.status) == ("silver", True, "active")
        with pytest.raises(ChangeRefusedError):
            await gateway.set_next_price(replace(change, key="other"))
        rehearsal.biller.expire_update(subscription.id)
        assert not (await gateway.read_subscription(subscription.id)).is_change_pending

    async def test_it_ends_with_its_period_or_at_once_and_then_refuses_changes(
        self, gateway: StripeGateway, rehearsal: Rehearsal
    ) -> None:
        subscription = await subscribe(gateway, rehearsal)
        rehearsal.biller.change(subscription.id, {"cancel_at": "1796000000"})  # as the portal does
        for cancels in (False, True):
            assert (await gateway.read_subscription(subscription.id)).cancels_at_period_end is not cancels
            await gateway.set_cancelling(subscription.id, cancels=cancels)
        assert (await gateway.read_subscription(subscription.id)).cancels_at_period_end
        assert [one.id async for one in gateway.list_subscriptions()] == [subscription.id]
        for _ in range(2):
            await gateway.end_subscription(subscription.id)
        ended = await gateway.read_subscription(subscription.id)
        assert (ended.status, ended.ended_at, ended.is_given_up) == (SubscriptionStatus.ENDED, NOW, False)
        with pytest.raises(ChangeRefusedError):
            await gateway.set_cancelling(subscription.id, cancels=False)
        assert [one async for one in gateway.list_subscriptions()] == []

    async def test_what_others_bill_on_the_account_is_none_of_ours(
        self, gateway: StripeGateway, rehearsal: Rehearsal
    ) -> None:
        ours = await subscribe(gateway, rehearsal)
        theirs = {"status": "active", "metadata": {}, "items": {"object": "list", "data": []}}
        rehearsal.objects.add("subscription", theirs)
        draft = rehearsal.objects.add(
            "invoice",
            {
                "status": "draft",
                "currency": "cny",
                "amount_due": 0,
                "billing_reason": "manual",
                "parent": None,
                "lines": {"object": "list", "data": []},
            },
        )
        assert [one.id async for one in gateway.list_subscriptions()] == [ours.id]
        assert [owner async for _, owner in gateway.list_invoices(NOW)] == [ours.id]
        read = await gateway.read_invoice(draft["id"])
        assert (read.order_id, read.subscription_id, read.reason) == (None, None, InvoiceReason.OTHER)

    async def test_money_is_given_back_once(self, gateway: StripeGateway, rehearsal: Rehearsal) -> None:
        subscription = await subscribe(gateway, rehearsal)
        invoice = await gateway.read_invoice(subscription.latest_invoice_id or "")
        for key in ("a", "a", "b"):
            await gateway.give_back(invoice.payment_id or "", key=key)
        assert [refund["amount"] for refund in rehearsal.objects.all("refund")] == [500]

    async def test_of_what_is_kept_nothing_goes_back_however_often_it_is_asked_for(
        self, gateway: StripeGateway, rehearsal: Rehearsal
    ) -> None:
        subscription = await subscribe(gateway, rehearsal)
        payment_id = (await gateway.read_invoice(subscription.latest_invoice_id or "")).payment_id or ""
        for key in ("a", "a", "b"):
            await gateway.give_back(payment_id, key=key, keep_minor=150)
        assert [refund["amount"] for refund in rehearsal.objects.all("refund")] == [350]
        rehearsal.bank.fail_refund(rehearsal.objects.all("refund")[0]["id"])
        rehearsal.bank.refund(payment_id, 100)
        await gateway.give_back(payment_id, key="c", keep_minor=150)
        assert [refund["amount"] for refund in rehearsal.objects.all("refund")] == [250, 100, 350]
        await gateway.give_back(payment_id, key="d", keep_minor=500)
        assert len(rehearsal.objects.all("refund")) == 3

    @pytest.mark.parametrize("keep_minor", [0, 100])
    async def test_what_a_bank_holds_cannot_go_back_and_that_is_said(
        self, gateway: StripeGateway, rehearsal: Rehearsal, keep_minor: int
    ) -> None:
        subscription = await subscribe(gateway, rehearsal)
        payment_id = (await gateway.read_invoice(subscription.latest_invoice_id or "")).payment_id or ""
        rehearsal.bank.dispute(payment_id)
        with pytest.raises(PaymentsAwayError):
            await gateway.give_back(payment_id, key="a", keep_minor=keep_minor)
        assert rehearsal.objects.all("refund") == []

    async def test_the_portal_leads_back(self, gateway: StripeGateway, rehearsal: Rehearsal) -> None:
        subscription = await subscribe(gateway, rehearsal)
        portal = await gateway.open_portal(
            subscription.customer_id or "", return_url="https://a.b/membership", language="zh"
        )
        assert portal.startswith("https://a.b/test-portal/")
