"""A certificate that is paid with money: made when it has come, taken back with it, never paid twice."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select

from billing.invariants import find_breaches
from models.certificate import Certificate, CertificateState
from models.order import Order, ReturnReason
from models.work import WorkFile
from service.certificates import queries
from service.flows.erase_account import erase_account
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
        async with services.sessions() as session:
            kept = await session.get_one(Order, UUID(order["id"]))
        assert kept.return_reason is ReturnReason.UNDELIVERED

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
        async with shop.services.sessions() as session:
            kept = await session.get_one(Order, UUID(order["id"]))
        assert kept.return_reason is ReturnReason.UNDELIVERED
        again = await shop.client.post(f"{url}/checkout", json={}, headers=headers)
        assert again.json()["code"] == "already_certified"

    async def test_money_for_a_work_that_is_gone_goes_back(
        self, shop: Shop, owner: Person, work_id: UUID
    ) -> None:
        order = await shop.order(owner, work_id)
        shop.rehearsal.bank.pay(checkout_of(order))
        await delete_files(shop.services, work_id)
        await shop.settle()
        async with shop.services.sessions() as session:
            kept = await session.get_one(Order, UUID(order["id"]))
        assert kept.return_reason is ReturnReason.UNDELIVERED


async def delete_files(services: Services, work_id: UUID) -> None:
    async with services.sessions() as session:
        keys = (await session.scalars(select(WorkFile.object_key).where(WorkFile.work_id == work_id))).all()
    await services.store.delete(*keys)
