"""A certificate that is paid with money: made when it has come, taken back with it, never paid twice."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select

from billing.invariants import find_breaches
from models.certificate import Certificate, CertificateState
from models.order import Order, OrderState, ReturnReason
from models.work import WorkFile
from service.certificates import queries
from service.flows.erase_account import erase_account
from service.flows.return_money import return_money
from service.invariants import JOB_INVARIANTS
from service.rehearsal.server import Rehearsal
from service.wiring import Services
from service.workers.provenance_chores import ProvenanceChores
from tests.factories.orders import books, checkout_of, empty_inbox, payment_of
from tests.factories.people import Person, SignIn
from tests.factories.works import finish_work
from tests.fakes.stripe_server.deliveries import Deliveries

PRICE, FEE = 500, 500 * 29 // 1000 + 30


@pytest.fixture
async def owner(sign_in: SignIn) -> Person:
    return await sign_in(credits=2)


@pytest.fixture
async def work_id(services: Services, owner: Person) -> UUID:
    return await finish_work(services, owner.id)


class Shop:
    """One owner, one work, and the bank."""

    def __init__(
        self, client: httpx.AsyncClient, services: Services, rehearsal: Rehearsal, deliveries: Deliveries
    ) -> None:
        self.client = client
        self.services = services
        self.rehearsal = rehearsal
        self.deliveries = deliveries

    async def order(self, owner: Person, work_id: UUID) -> dict[str, Any]:
        answer = await self.client.post(
            f"/v1/works/{work_id}/certificate/checkout",
            json={"currency": "CNY"},
            headers={**owner.headers, "idempotency-key": uuid4().hex},
        )
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def take_back(self) -> None:
        """Hear of money that went back, and make nothing meanwhile."""
        await self.deliveries.deliver()
        await empty_inbox(self.services)
        await ProvenanceChores(self.services).take_back()

    async def settle(self, *, copies: int = 1) -> None:
        await self.deliveries.deliver(copies=copies)
        await empty_inbox(self.services)
        chores = ProvenanceChores(self.services)
        assert self.services.certification is not None
        await chores.certify(self.services.certification)
        await chores.take_back()
        async with self.services.sessions() as session:
            assert await find_breaches(session, JOB_INVARIANTS) == []

    async def certificate(self, order: dict[str, Any]) -> Certificate | None:
        async with self.services.sessions() as session:
            return await queries.find_by_order(session, UUID(order["id"]))

    async def state(self, order: dict[str, Any]) -> CertificateState:
        certificate = await self.certificate(order)
        assert certificate is not None
        return certificate.state

    async def order_now(self, order: dict[str, Any]) -> Order:
        async with self.services.sessions() as session:
            return await session.get_one(Order, UUID(order["id"]))

    async def return_reason(self, order: dict[str, Any]) -> ReturnReason | None:
        return (await self.order_now(order)).return_reason

    async def give_back(self) -> None:
        services = self.services
        assert services.payments is not None
        await return_money(services.sessions, services.payments, rules=services.rules, now=services.clock())
        await self.settle()


@pytest.fixture
def shop(client: httpx.AsyncClient, services: Services, rehearsal: Rehearsal, deliveries: Deliveries) -> Shop:
    return Shop(client, services, rehearsal, deliveries)


class TestSelling:
    async def test_money_makes_one_certificate_however_often_it_is_told(
        self, shop: Shop, owner: Person, work_id: UUID
    ) -> None:
        order = await shop.order(owner, work_id)
        assert await shop.certificate(order) is None
        shop.rehearsal.bank.pay(checkout_of(order))
        await shop.settle(copies=3)
        certificate = await shop.certificate(order)
        assert certificate is not None
        assert certificate.state is CertificateState.ISSUED
        assert await books(shop.services) == {"1110": PRICE - FEE, "4030": -PRICE, "5010": FEE}

    async def test_a_refund_takes_it_back_with_a_leaf(self, shop: Shop, owner: Person, work_id: UUID) -> None:
        order = await shop.order(owner, work_id)
        shop.rehearsal.bank.pay(checkout_of(order))
        await shop.settle()
        shop.rehearsal.bank.refund(payment_of(shop.rehearsal, order))
        await shop.settle()
        certificate = await shop.certificate(order)
        assert certificate is not None
        assert certificate.state is CertificateState.REVOKED
        async with shop.services.sessions() as session:
            (change,) = await queries.list_changes(session, certificate.id)
        assert change.reason == "refunded"

    async def test_a_bank_that_gives_the_money_to_its_buyer_takes_it_back_too(
        self, shop: Shop, owner: Person, work_id: UUID
    ) -> None:
        order = await shop.order(owner, work_id)
        shop.rehearsal.bank.pay(checkout_of(order))
        await shop.settle()
        dispute = shop.rehearsal.bank.dispute(payment_of(shop.rehearsal, order))
        await shop.settle()
        assert await shop.state(order) is CertificateState.ISSUED  # nobody has decided
        shop.rehearsal.bank.lose_dispute(dispute["id"])
        await shop.settle()
        assert await shop.state(order) is CertificateState.REVOKED

    async def test_one_that_is_still_to_be_made_is_not_when_its_money_is_lost(
        self, shop: Shop, owner: Person, work_id: UUID
    ) -> None:
        order = await shop.order(owner, work_id)
        shop.rehearsal.bank.pay(checkout_of(order))
        payment_id = payment_of(shop.rehearsal, order)
        shop.rehearsal.bank.lose_dispute(shop.rehearsal.bank.dispute(payment_id)["id"])
        await shop.take_back()
        assert await shop.state(order) is CertificateState.FAILED

    @pytest.mark.parametrize("is_made", [True, False])
    async def test_money_that_comes_back_after_it_was_taken_back_is_given_back_again(
        self, shop: Shop, owner: Person, work_id: UUID, is_made: bool
    ) -> None:
        """It is gone for good: whoever cannot be refunded must not have paid for nothing."""
        order = await shop.order(owner, work_id)
        shop.rehearsal.bank.pay(checkout_of(order))
        if is_made:
            await shop.settle()
        refund = shop.rehearsal.bank.refund(payment_of(shop.rehearsal, order))
        await shop.take_back()
        shop.rehearsal.bank.fail_refund(refund["id"])
        await shop.settle()
        assert await shop.return_reason(order) is ReturnReason.UNDELIVERED
        await shop.give_back()
        assert (await shop.order_now(order)).state is OrderState.REFUNDED

    async def test_money_that_comes_back_before_it_was_taken_back_keeps_it_alive(
        self, shop: Shop, owner: Person, work_id: UUID
    ) -> None:
        order = await shop.order(owner, work_id)
        shop.rehearsal.bank.pay(checkout_of(order))
        await shop.settle()
        refund = shop.rehearsal.bank.refund(payment_of(shop.rehearsal, order))
        shop.rehearsal.bank.fail_refund(refund["id"])
        await shop.settle()
        assert await shop.state(order) is CertificateState.ISSUED
        assert await shop.return_reason(order) is None

    async def test_no_key_of_its_owner_keeps_a_refunded_one_alive(
        self, shop: Shop, owner: Person, work_id: UUID, sign_in: SignIn
    ) -> None:
        order = await shop.order(owner, work_id)
        shop.rehearsal.bank.pay(checkout_of(order))
        await shop.settle()
        certificate = await shop.certificate(order)
        assert certificate is not None
        given = await shop.client.post(
            f"/v1/certificates/{certificate.number}/transfer",
            json={"recipient_id": str((await sign_in()).id)},
            headers={**owner.headers, "idempotency-key": f"order:{order['id']}"},
        )
        assert given.status_code == 200, given.text
        shop.rehearsal.bank.refund(payment_of(shop.rehearsal, order))
        await shop.settle()
        certificate = await shop.certificate(order)
        assert certificate is not None
        assert certificate.state is CertificateState.REVOKED

    async def test_money_for_what_is_not_made_before_an_account_closes_goes_back(
        self, shop: Shop, owner: Person, work_id: UUID
    ) -> None:
        order = await shop.order(owner, work_id)
        shop.rehearsal.bank.pay(checkout_of(order))
        await shop.deliveries.deliver()
        await empty_inbox(shop.services)
        services = shop.services
        closed = await shop.client.request("DELETE", "/v1/me", headers=owner.headers)
        assert closed.status_code < 300, closed.text
        assert await erase_account(services.sessions, services.store, owner.id, now=services.clock())
        assert await shop.return_reason(order) is ReturnReason.UNDELIVERED

    async def test_money_for_what_is_certified_already_goes_back(
        self, shop: Shop, owner: Person, work_id: UUID
    ) -> None:
        order = await shop.order(owner, work_id)
        headers = {**owner.headers, "idempotency-key": uuid4().hex}
        url = f"/v1/works/{work_id}/certificate"
        assert (await shop.client.post(url, json={}, headers=headers)).status_code == 201
        shop.rehearsal.bank.pay(checkout_of(order))
        await shop.settle()
        assert await shop.certificate(order) is None
        assert await shop.return_reason(order) is ReturnReason.UNDELIVERED
        again = await shop.client.post(f"{url}/checkout", json={}, headers=headers)
        assert again.json()["code"] == "already_certified"

    async def test_money_for_a_work_that_is_gone_goes_back(
        self, shop: Shop, owner: Person, work_id: UUID
    ) -> None:
        order = await shop.order(owner, work_id)
        shop.rehearsal.bank.pay(checkout_of(order))
        await delete_files(shop.services, work_id)
        await shop.settle()
        assert await shop.return_reason(order) is ReturnReason.UNDELIVERED


async def delete_files(services: Services, work_id: UUID) -> None:
    async with services.sessions() as session:
        keys = (await session.scalars(select(WorkFile.object_key).where(WorkFile.work_id == work_id))).all()
    await services.store.delete(*keys)
