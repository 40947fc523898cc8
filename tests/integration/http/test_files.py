"""Files of moving cards over HTTP: a page never acts as our origin, a film is sent in parts."""

from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select

from generators.backends.studio.card.backend import StudioCardBackend
from generators.contracts import Unwatched
from generators.specs import CardFormat, Kind
from models.generation import JobState
from models.work import Work, WorkFile
from provenance.containers.files import read_label
from provenance.implicit import DEVELOPMENT_PRODUCER
from service.jobs.products import Order, Product
from service.wiring import Services
from service.workers.production import Producer
from service.workers.routes import Routes
from tests.factories.jobs import running_worker, until
from tests.factories.people import CARD, Person, SignIn, create

PAGE = "<!doctype html><html><head></head><body>花笺</body></html>".encode()
FILM = bytes(range(256)) * 20
Put = Callable[..., Awaitable[str]]


@pytest.fixture
async def owner(client: httpx.AsyncClient, services: Services, sign_in: SignIn) -> Person:
    """Somebody with one finished work."""
    person = await sign_in()
    async with running_worker(services):
        done = (await create(client, person)).json()
        assert (await until(services, UUID(done["id"]))).state is JobState.SUCCEEDED
    return person


@pytest.fixture
def put(services: Services, owner: Person) -> Put:
    """Add a file to the owner's work; its signed link."""

    async def putting(content: bytes, media_type: str, role: str = "extra") -> str:
        key = f"works/test/{uuid4().hex}.bin"
        digest = await services.store.put(key, content, media_type=media_type)
        async with services.sessions.begin() as session:
            work_id = await session.scalar(select(Work.id).where(Work.owner_id == owner.id))
            file = WorkFile(
                work_id=work_id,
                role=role,
                media_type=media_type,
                size_bytes=len(content),
                sha256=digest,
                object_key=key,
            )
            session.add(file)
            await session.flush()
            return services.links.sign("files", file.id, now=services.clock())

    return putting


class TestPages:
    async def test_a_page_is_in_a_sandbox_of_its_own(self, client: httpx.AsyncClient, put: Put) -> None:
        for media_type in ("text/html", "text/html; charset=utf-8"):
            answer = await client.get(await put(PAGE, media_type, media_type))
            assert (answer.status_code, answer.content) == (200, PAGE)
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
            assert answer.headers["x-content-type-options"] == "nosniff"
            policy = answer.headers["content-security-policy"].split("; ")
            assert "sandbox allow-scripts" in policy
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'self'" in policy
            assert "allow-same-origin" not in answer.headers["content-security-policy"]

    async def test_a_part_of_it_is_in_the_sandbox_too(self, client: httpx.AsyncClient, put: Put) -> None:
        answer = await client.get(await put(PAGE, "text/html"), headers={"range": "bytes=0-40"})
        assert answer.status_code == 206
        assert answer.headers["content-security-policy"].startswith("sandbox allow-scripts; ")

    async def test_other_files_need_none(self, client: httpx.AsyncClient, put: Put) -> None:
        answer = await client.get(await put(FILM, "video/mp4"))
        assert "content-security-policy" not in answer.headers


class TestParts:
    async def test_a_player_gets_the_part_it_asks_for(self, client: httpx.AsyncClient, put: Put) -> None:
        url = await put(FILM, "video/mp4")
        whole = await client.get(url)
        assert (whole.headers["accept-ranges"], whole.headers["content-length"]) == ("bytes", "5120")
        joined = b""
        for first in range(0, len(FILM), 1000):
            part = await client.get(url, headers={"range": f"bytes={first}-{first + 999}"})
            last = min(first + 999, 5119)
            assert part.status_code == 206
            assert part.headers["content-range"] == f"bytes {first}-{last}/5120"
            assert part.headers["etag"] == whole.headers["etag"]
            assert part.headers["content-type"] == "video/mp4"
            joined += part.content
        assert joined == whole.content == FILM

    async def test_an_impossible_part_is_the_whole(self, client: httpx.AsyncClient, put: Put) -> None:
        answer = await client.get(await put(FILM, "video/mp4"), headers={"range": "bytes=9999-"})
        assert (answer.status_code, answer.content) == (200, FILM)

    async def test_a_link_is_still_needed(self, client: httpx.AsyncClient, put: Put) -> None:
        url = await put(FILM, "video/mp4")
        answer = await client.get(url[:-4] + "0000", headers={"range": "bytes=0-1"})
        assert answer.status_code == 403


class TestChoices:
    async def test_every_format_is_offered_in_the_reader_s_language(self, client: httpx.AsyncClient) -> None:
        for language, page in (("zh-CN", "可开启的网页"), ("en", "Page that opens")):
            answer = await client.get("/v1/templates", headers={"accept-language": language})
            offered = {one["id"]: one for one in answer.json()["card_formats"]}
            assert set(offered) == set(CardFormat)
            assert offered["html"] == {"id": "html", "name": page, "moves": True}
            assert not offered["png"]["moves"]


class TestProducts:
    @pytest.mark.parametrize("card_format", ["mp4", "animated_webp", "html"])
    @pytest.mark.parametrize("code", [None, "001191440300708461136T1XGW3"])
    def test_a_finished_file_has_its_implicit_label(self, card_format: str, code: str | None) -> None:
        producer = Producer(Routes({Kind.CARD: [StudioCardBackend()]}), code)
        order = Order(Kind.CARD, {**CARD["spec"], "format": card_format})
        (draft,) = producer.generate([order], Unwatched())
        product = producer.finish(order, draft)
        assert isinstance(product, Product)
        preview, poster, thumbnail = product.files
        assert [file.role for file in product.files] == ["preview", "poster", "thumbnail"]
        assert (poster.media_type, thumbnail.media_type) == ("image/jpeg", "image/webp")
        label = read_label(preview.content, preview.media_type)
        assert label is not None
        assert label.producer == (code or DEVELOPMENT_PRODUCER)
        assert label.produce_id == product.provenance["produce_id"]

    async def test_a_story_is_told_over_http_and_words_in_it_are_screened(
        self, client: httpx.AsyncClient, sign_in: SignIn
    ) -> None:
        person = await sign_in()
        scenes = ["那年春天", "后来", "今晚"]
        body = {**CARD, "spec": {**CARD["spec"], "format": "mp4", "scenes": scenes}}
        assert (await create(client, person, body)).status_code == 202
        body["spec"] = {**body["spec"], "format": "png"}
        refused = await create(client, person, body)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_spec")
