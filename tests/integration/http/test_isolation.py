"""One user never reaches another's rows: every route with an id is walked with a foreign one."""

import re
from datetime import datetime, timedelta
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Select, select

from models.batch import Batch
from models.certificate import Certificate
from models.data_export import DataExport
from models.export import WorkExport
from models.generation import Generation, JobState
from models.order import Order
from models.photo import Photo
from models.referral import UnlockLink
from models.webhook import WebhookDelivery, WebhookEndpoint
from models.work import Work
from referral.codes import code_of
from service.wiring import Services
from tests.factories.asking import ask
from tests.factories.batches import quote, rows
from tests.factories.jobs import running_worker, until
from tests.factories.people import Person, SignIn, create
from tests.factories.photos import sent
from tests.factories.webhooks import add_endpoint, happen

# Routes whose id is not an owner's: a signed link, or words of our own.
PUBLIC = {
    "/files/{file_id}",
    "/exports/{export_id}",
    "/photos/{photo_id}",
    "/archives/{batch_id}",
    "/certified/{export_id}",
    "/bundles/{export_id}",
    "/certificates/{certificate_id}",
    "/log/tile/{path}",
    # Certificates are there to be checked; test_certificates.py proves what strangers are not told.
    "/v1/certificates/{reference}",
    "/v1/certificates/{reference}/proof",
    "/problems/{slug}",
    # Whoever has a link may look at it and help; test_helping.py proves what looking tells and changes.
    "/v1/unlock-links/{code}",
    "/v1/unlock-links/{code}/views",
    "/v1/unlock-links/{code}/helps",
    # For roles, not owners; test_reviewing.py and test_campaigns.py prove that others are refused.
    "/v1/campaigns/{campaign_id}",
    "/v1/referral/channels/{channel}",
    "/v1/referral/reviews/{help_id}/decision",
    "/v1/referral/helps/{help_id}/revoke",
}

# What has to be right before anybody looks whose it is.
BODIES = {
    "/v1/webhook-endpoints/{endpoint_id}/replay": {"since": "2026-11-11T00:00:00Z"},
    "/v1/works/{work_id}/exports": {"format": "png"},
    "/v1/certificates/{reference}/transfer": {"recipient_id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f"},
    "/v1/certificates/{reference}/revocation": {"reason": "withdrawn"},
}


@pytest.fixture
async def victim(client: httpx.AsyncClient, services: Services, sign_in: SignIn) -> Person:
    """Somebody who has one of everything: a finished work, a queued job, a photo, an order, a webhook…"""
    person = await sign_in(credits=2)
    async with running_worker(services):
        done = (await create(client, person)).json()
        assert (await until(services, UUID(done["id"]))).state is JobState.SUCCEEDED
    await certify(client, person)
    await create(client, person)
    assert (await client.post("/v1/me/export", headers=person.headers)).status_code == 202
    await sent(client, person)
    assert (await quote(client, person, rows("林晚晴"), start=True)).status_code == 201
    await add_endpoint(client, person, "https://shop.example.com/hooks")
    await happen(services, person.id, 1)
    assert (await ask(client, person)).status_code == 201
    async with services.sessions.begin() as session:
        session.add(new_order(person.id, services.clock() + timedelta(days=1)))
    return person


async def certify(client: httpx.AsyncClient, person: Person) -> None:
    """Their newest work."""
    (work,) = (await client.get("/v1/works", headers=person.headers)).json()["items"]
    headers = {**person.headers, "idempotency-key": "certificate"}
    answer = await client.post(f"/v1/works/{work['id']}/certificate", json={}, headers=headers)
    assert answer.status_code == 201, answer.text


def new_order(owner_id: UUID, expires_at: datetime) -> Order:
    """An order as it stands before its payment channel knows of it: here nobody sells."""
    return Order(
        owner_id=owner_id,
        idempotency_key="order",
        item="pack:small",
        credits=10,
        days=365,
        amount_minor=1200,
        currency="CNY",
        price_key="pack:small:CNY",
        language="zh",
        base_url="http://huajian",
        channel="stripe",
        is_test=False,
        expires_at=expires_at,
    )


def own_endpoints(person: Person) -> Select[UUID]:
    return select(WebhookEndpoint.id).where(WebhookEndpoint.owner_id == person.id)


def own_deliveries(person: Person) -> Select[UUID]:
    return select(WebhookDelivery.id).join(WebhookEndpoint).where(WebhookEndpoint.owner_id == person.id)


async def ids_of(services: Services, person: Person) -> dict[str, list[str]]:
    async with services.sessions() as session:
        return {
            "generation_id": [
                str(i)
                for i in await session.scalars(select(Generation.id).where(Generation.owner_id == person.id))
            ],
            "work_id": [
                str(i) for i in await session.scalars(select(Work.id).where(Work.owner_id == person.id))
            ],
            "export_id": [
                str(i)
                for owned in (
                    select(DataExport.id).where(DataExport.user_id == person.id),
                    select(WorkExport.id).join(Certificate).where(Certificate.owner_id == person.id),
                )
                for i in await session.scalars(owned)
            ],
            "reference": list(
                await session.scalars(select(Certificate.number).where(Certificate.owner_id == person.id))
            ),
            "batch_id": [
                str(i) for i in await session.scalars(select(Batch.id).where(Batch.owner_id == person.id))
            ],
            "code": [
                code_of(services.keys, i)
                for i in await session.scalars(select(UnlockLink.id).where(UnlockLink.owner_id == person.id))
            ],
            "order_id": [
                str(i) for i in await session.scalars(select(Order.id).where(Order.owner_id == person.id))
            ],
            "endpoint_id": [str(found) for found in await session.scalars(own_endpoints(person))],
            "delivery_id": [str(found) for found in await session.scalars(own_deliveries(person))],
            "photo_id": [
                str(i) for i in await session.scalars(select(Photo.id).where(Photo.owner_id == person.id))
            ],
        }


class TestIsolation:
    async def test_no_route_serves_a_foreign_id(
        self, app: FastAPI, client: httpx.AsyncClient, services: Services, sign_in: SignIn, victim: Person
    ) -> None:
        stranger = await sign_in()
        ids = await ids_of(services, victim)
        walked = 0
        for path, operations in app.openapi()["paths"].items():
            names = re.findall(r"{(\w+)}", path)
            if not names or path in PUBLIC:
                continue
            assert names[0] in ids, f"teach this test what {path} is about"
            for foreign_id in ids[names[0]]:
                rest = {name: ids[name][0] for name in names[1:]}
                foreign = path.format(**{names[0]: foreign_id}, **rest)
                for method in operations:
                    answer = await client.request(
                        method, foreign, headers=stranger.headers, json=BODIES.get(path, {})
                    )
                    assert answer.status_code == 404, (method, path, answer.text)
                    owned = await client.request(method, foreign)
                    assert owned.status_code == 401, (method, path)
                    walked += 1
        assert walked >= 9

    async def test_lists_show_only_ones_own(
        self, client: httpx.AsyncClient, sign_in: SignIn, victim: Person
    ) -> None:
        stranger = await sign_in()
        for path in (
            "/v1/generations",
            "/v1/batches",
            "/v1/works",
            "/v1/photos",
            "/v1/credits/history",
            "/v1/orders",
            "/v1/webhook-endpoints",
            "/v1/unlock-links",
        ):
            assert (await client.get(path, headers=stranger.headers)).json()["items"] == []
            assert (await client.get(path, headers=victim.headers)).json()["items"] != []

    async def test_file_links_cannot_be_made_or_changed(
        self, client: httpx.AsyncClient, victim: Person, services: Services
    ) -> None:
        work = (await client.get("/v1/works", headers=victim.headers)).json()["items"][0]
        url = work["files"][0]["url"]
        good = await client.get(url)
        assert (good.status_code, good.headers["content-type"]) == (200, "image/png")
        assert int(good.headers["content-length"]) == len(good.content)
        expires = re.search(r"expires=(\d+)", url)
        assert expires
        later = url.replace(expires[1], str(int(expires[1]) + 300))
        for changed in (later, url[:-4] + "0000", url.replace("/files/", "/exports/")):
            answer = await client.get(changed)
            assert (answer.status_code, answer.json()["code"]) == (403, "link_expired")
        services.clock.advance(hours=2)  # type: ignore[attr-defined]
        assert (await client.get(url)).status_code == 403
