"""What becomes of endpoints when their owner asks for a copy, or goes."""

import json
import zipfile
from io import BytesIO

import httpx
from sqlalchemy import select

from models.webhook import WebhookEndpoint
from service.outbox.delivering import Courier
from service.wiring import Services
from service.workers.chores import Chores
from tests.factories.people import Person, SignIn
from tests.factories.webhooks import add_endpoint, happen, post
from tests.fakes.webhook_receiver import Receiver

URL = "https://shop.example.com/hooks"


class TestLeaving:
    async def test_a_copy_has_endpoints_and_deliveries_without_secrets(
        self, client: httpx.AsyncClient, services: Services, owner: Person
    ) -> None:
        await add_endpoint(client, owner, URL)
        await happen(services, owner.id, 1)
        asked = await client.post("/v1/me/export", headers=owner.headers)
        assert await Chores(services).build_exports()
        ready = (await client.get(asked.headers["location"], headers=owner.headers)).json()["url"]
        archive = zipfile.ZipFile(BytesIO((await client.get(ready)).content))
        (endpoint,) = json.loads(archive.read("account.json"))["webhook_endpoints"]
        assert endpoint["url"] == URL
        assert endpoint["deliveries"][0]["payload"]["data"] == {"order_id": 1}
        assert not {"secret", "previous_secret", "request_hash"} & endpoint.keys()

    async def test_closing_the_account_ends_everything_at_once(
        self,
        client: httpx.AsyncClient,
        services: Services,
        courier: Courier,
        owner: Person,
        sign_in: SignIn,
        receiver: Receiver,
    ) -> None:
        stranger = await sign_in()
        await add_endpoint(client, owner, receiver.url)
        kept = await add_endpoint(client, stranger, receiver.url)
        await happen(services, owner.id, 1)
        assert (await client.delete("/v1/me", headers=owner.headers)).status_code == 204
        assert await courier.deliver_due() == 0
        async with services.sessions() as session:
            left = (await session.scalars(select(WebhookEndpoint.id))).all()
        assert [str(endpoint_id) for endpoint_id in left] == [kept["id"]]
        refused = await post(client, owner, body={"url": URL})
        assert refused.status_code in (401, 403)
