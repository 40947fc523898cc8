"""Photos from upload to oblivion: what is taken, what is refused, who sees it, when it goes."""

import asyncio
import io
import json
import struct
import zipfile
import zlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import numpy as np
import pytest
import uvloop
from PIL import Image, ImageCms
from sqlalchemy import select

from core.settings import Settings
from models.generation import Generation, JobState
from models.photo import Photo
from service.flows.keep_photo import MOST_PHOTOS, PhotoKeeper
from service.photos.decoding import decode_kept
from service.photos.errors import PhotoNotFoundError, PhotoRejectedError, PhotoUnreadableError
from service.photos.reading import make_loader
from service.photos.sandbox import PhotoSandbox
from service.wiring import Services
from service.workers.chores import Chores
from tests.factories.jobs import running_worker, until
from tests.factories.people import CARD, Person, SignIn, create
from tests.factories.photos import encoded, picture, send, sent
from tests.fakes.clock import MovableClock

ORIENTATION, GPS, MAKE = 0x0112, 0x8825, 0x010F


def bomb(width_px: int, height_px: int) -> bytes:
    """A PNG that says it is huge and holds a few bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width_px, height_px, 8, 2, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + data + chunk(b"IEND", b"")


async def seen(client: httpx.AsyncClient, photo: dict[str, Any]) -> Image.Image:
    answer = await client.get(photo["url"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    return Image.open(io.BytesIO(answer.content))


def card_with(photo_id: object) -> dict[str, Any]:
    return {"kind": "card", "spec": {**CARD["spec"], "photo_id": str(photo_id)}}


def colour_at(image: Image.Image, x: float, y: float) -> tuple[int, ...]:
    found = image.convert("RGB").getpixel((int(x * image.width), int(y * image.height)))
    assert isinstance(found, tuple)
    return tuple(round(channel / 255) for channel in found)


RED, BLUE = (1, 0, 0), (0, 0, 1)


class TestUpload:
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
    async def test_a_photo_is_kept_as_a_plain_jpeg(
        self, client: httpx.AsyncClient, sign_in: SignIn, kind: str
    ) -> None:
        person = await sign_in()
        answer = await send(client, person, encoded(picture(), kind), kind=f"image/{kind.lower()}")
        assert answer.status_code == 201, answer.text
        assert (answer.json()["width_px"], answer.json()["height_px"]) == (640, 480)
        read = await client.get(answer.headers["location"], headers=person.headers)
        image = await seen(client, read.json())
        assert (image.format, image.size) == ("JPEG", (640, 480))
        assert (colour_at(image, 0.1, 0.5), colour_at(image, 0.9, 0.5)) == (RED, BLUE)

    async def test_it_is_turned_upright_and_loses_every_metadatum(
        self, client: httpx.AsyncClient, sign_in: SignIn
    ) -> None:
        person = await sign_in()
        exif = Image.Exif()
        exif[ORIENTATION], exif[MAKE] = 6, "Secret Camera"
        exif[GPS] = {1: "N", 2: (31.0, 12.0, 3.0)}
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        content = encoded(picture(), exif=exif, icc_profile=profile, comment=b"secret comment")
        image = await seen(client, (await send(client, person, content)).json())
        assert image.size == (480, 640)
        assert (colour_at(image, 0.5, 0.1), colour_at(image, 0.5, 0.9)) == (RED, BLUE)
        assert not image.getexif()
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}

    async def test_a_large_one_is_scaled_and_a_clear_one_gets_a_white_ground(
        self, client: httpx.AsyncClient, sign_in: SignIn
    ) -> None:
        person = await sign_in()
        assert (await sent(client, person, picture(4000, 3000)))["width_px"] == 2048
        clear = Image.new("RGBA", (400, 400), (0, 0, 0, 0))
        answer = await send(client, person, encoded(clear, "PNG"), kind="image/png")
        assert colour_at(await seen(client, answer.json()), 0.5, 0.5) == (1, 1, 1)

    async def test_sixteen_bits_of_grey_become_eight(
        self, client: httpx.AsyncClient, sign_in: SignIn
    ) -> None:
        deep = Image.fromarray(np.full((300, 300), 32768, np.uint16))
        answer = await send(client, await sign_in(), encoded(deep, "PNG"), kind="image/png")
        found = (await seen(client, answer.json())).getpixel((150, 150))
        assert isinstance(found, tuple)
        assert abs(found[0] - 128) <= 2

    async def test_a_grainy_one_is_kept_too(self, client: httpx.AsyncClient, sign_in: SignIn) -> None:
        """Film at night: more than a byte a pixel, also when it is compressed."""
        grain = Image.effect_noise((640, 480), 100)
        grainy = Image.merge("RGB", [grain, grain.rotate(180), Image.effect_noise((640, 480), 80)])
        body = await sent(client, await sign_in(), grainy)
        assert body["size_bytes"] > 640 * 480

    async def test_other_colour_spaces_become_srgb(self, client: httpx.AsyncClient, sign_in: SignIn) -> None:
        person = await sign_in()
        for mode in ("CMYK", "L", "P"):
            kind = "PNG" if mode == "P" else "JPEG"
            content = encoded(picture(mode=mode), kind)
            answer = await send(client, person, content, kind=f"image/{kind.lower()}")
            assert answer.status_code == 201, (mode, answer.text)
            assert (await seen(client, answer.json())).mode == "RGB"

    async def test_a_retry_is_the_first_photo_and_another_photo_is_refused(
        self, client: httpx.AsyncClient, sign_in: SignIn
    ) -> None:
        person, key = await sign_in(), str(uuid4())
        content = encoded(picture())
        first, again = [await send(client, person, content, key=key) for _ in range(2)]
        assert (first.json()["id"], again.json()["id"]) == (again.json()["id"], first.json()["id"])
        assert [one.headers["idempotency-replayed"] for one in (first, again)] == ["false", "true"]
        other = await send(client, person, encoded(picture(500, 500)), key=key)
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
        none = await client.post(
            "/v1/photos", content=content, headers={**person.headers, "content-type": "image/jpeg"}
        )
        assert (none.status_code, none.json()["code"]) == (400, "idempotency_key_required")

    async def test_two_at_once_with_one_key_are_one_photo(
        self, client: httpx.AsyncClient, sign_in: SignIn, services: Services
    ) -> None:
        person, key, content = await sign_in(), str(uuid4()), encoded(picture())
        answers = await asyncio.gather(*(send(client, person, content, key=key) for _ in range(3)))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["id"] for answer in answers}) == 1
        async with services.sessions() as session:
            assert len((await session.scalars(select(Photo))).all()) == 1


class TestHostileFiles:
    async def test_a_bomb_is_refused_by_its_header(self, client: httpx.AsyncClient, sign_in: SignIn) -> None:
        answer = await send(client, await sign_in(), bomb(50_000, 50_000), kind="image/png")
        assert (answer.status_code, answer.json()["code"]) == (422, "photo_too_large")
        assert answer.json()["most_px"] == 40_000_000

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"not a picture",
            b"\xff\xd8\xff\xe0" + b"\0" * 500,
            b"<svg xmlns='http://www.w3.org/2000/svg' width='500' height='500'/>",
            encoded(picture())[:3000],
            bomb(500, 500),
            encoded(picture(), "GIF"),
            encoded(picture(), "TIFF"),
        ],
        ids=["empty", "text", "broken", "svg", "cut off", "hollow", "gif", "tiff"],
    )
    async def test_what_is_no_photo_is_refused(
        self, client: httpx.AsyncClient, sign_in: SignIn, content: bytes
    ) -> None:
        person = await sign_in()
        answer = await send(client, person, content)
        assert (answer.status_code, answer.json()["code"]) == (422, "photo_unreadable")
        assert (await client.get("/v1/photos", headers=person.headers)).json()["items"] == []

    async def test_slivers_and_stamps_are_too_small(self, client: httpx.AsyncClient, sign_in: SignIn) -> None:
        person = await sign_in()
        for size in ((100, 100), (8000, 300)):
            answer = await send(client, person, encoded(picture(*size)))
            assert (answer.status_code, answer.json()["code"]) == (422, "photo_too_small"), size

    async def test_bytes_are_counted_also_when_they_are_not_announced(
        self, client: httpx.AsyncClient, sign_in: SignIn
    ) -> None:
        async def endless() -> AsyncIterator[bytes]:
            for _ in range(13):
                yield b"\0" * (1 << 20)

        person = await sign_in()
        for content in (b"\0" * (12 * 1024 * 1024 + 1), endless()):
            answer = await send(client, person, content)
            assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
        other = await client.post("/v1/auth/guest", content=b" " * 300_000)
        assert other.status_code == 413

    async def test_other_types_are_refused_unread(self, client: httpx.AsyncClient, sign_in: SignIn) -> None:
        answer = await send(client, await sign_in(), encoded(picture()), kind="image/heic")
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")

    async def test_a_decoder_without_memory_is_a_refusal(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("service.photos.sandbox.CHILD", "tests.fakes.greedy_decoder")
        with pytest.raises(PhotoUnreadableError):
            await PhotoSandbox().decode(b"anything")


class TestSandbox:
    def test_it_works_in_the_loop_that_serves(self) -> None:
        decoded = uvloop.run(PhotoSandbox().decode(encoded(picture(3000, 1500))))
        assert (decoded.width_px, decoded.height_px) == (2048, 1024)

    async def test_the_child_is_told_no_secret(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HUAJIAN_AUTH__SECRET", "do not tell")
        monkeypatch.setattr("service.photos.sandbox.CHILD", "tests.fakes.curious_decoder")
        with pytest.raises(PhotoUnreadableError):
            await PhotoSandbox().decode(b"anything")

    async def test_one_that_hangs_is_ended(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("service.photos.sandbox.CHILD", "tests.fakes.hanging_decoder")
        monkeypatch.setattr("service.children.asking.TIMEOUT_SECONDS", 0.5)
        with pytest.raises(PhotoUnreadableError):
            await PhotoSandbox().decode(b"anything")


class TestLimits:
    async def test_twenty_are_kept_and_deleting_makes_room(
        self, client: httpx.AsyncClient, sign_in: SignIn, services: Services
    ) -> None:
        person = await sign_in()
        async with services.sessions.begin() as session:
            for number in range(MOST_PHOTOS - 1):
                session.add(
                    Photo(
                        owner_id=person.id,
                        idempotency_key=f"key {number}",
                        request_hash=b"",
                        object_key=f"photos/{person.id}/{number}.jpg",
                        width_px=400,
                        height_px=400,
                        size_bytes=1,
                        sha256=b"",
                        stored_at=services.clock(),
                        expires_at=None,
                    )
                )
        last = await sent(client, person)
        full = await send(client, person, encoded(picture()))
        assert (full.status_code, full.json()["code"]) == (409, "too_many_photos")
        gone = await client.delete(f"/v1/photos/{last['id']}", headers=person.headers)
        assert gone.status_code == 204
        await sent(client, person)

    async def test_uploads_are_counted_by_the_hour(
        self, client: httpx.AsyncClient, sign_in: SignIn, services: Services, settings: Settings
    ) -> None:
        person = await sign_in()
        quota = settings.limits.photos_per_user_hour
        codes = [(await send(client, person, b"", kind="text/plain")).status_code for _ in range(quota + 1)]
        assert (codes[0], codes[-1]) == (415, 429)


class TestCards:
    async def test_a_card_may_name_ones_own_photo_only(
        self, client: httpx.AsyncClient, sign_in: SignIn
    ) -> None:
        owner, stranger = await sign_in(credits=3), await sign_in(credits=3)
        photo = await sent(client, owner)
        assert (await create(client, owner, card_with(photo["id"]))).status_code == 202
        for person, photo_id in ((stranger, photo["id"]), (owner, uuid4())):
            answer = await create(client, person, card_with(photo_id))
            assert (answer.status_code, answer.json()["code"]) == (422, "invalid_spec")
            assert answer.json()["errors"][0]["loc"] == ["card", "spec", "photo_id"]

    async def test_a_card_without_one_asks_nothing_about_photos(
        self, client: httpx.AsyncClient, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[object] = []

        async def never(*arguments: object, **_: object) -> frozenset[object]:
            asked.append(arguments)
            return frozenset()

        monkeypatch.setattr("service.jobs.group_commit.use_photos", never)
        person = await sign_in(credits=3)
        assert (await create(client, person)).status_code == 202
        assert asked == []
        assert (await create(client, person, card_with(uuid4()))).status_code == 422
        assert len(asked) == 1

    async def test_a_refused_photo_holds_no_credit_and_a_replay_needs_none(
        self, client: httpx.AsyncClient, sign_in: SignIn
    ) -> None:
        person, key = await sign_in(), str(uuid4())
        photo = await sent(client, person)
        before = (await client.get("/v1/credits", headers=person.headers)).json()["available"]
        await create(client, person, card_with(uuid4()))
        assert (await client.get("/v1/credits", headers=person.headers)).json()["available"] == before
        first = await create(client, person, card_with(photo["id"]), key=key)
        await client.delete(f"/v1/photos/{photo['id']}", headers=person.headers)
        again = await create(client, person, card_with(photo["id"]), key=key)
        assert (first.status_code, again.status_code) == (202, 202)
        assert first.json()["id"] == again.json()["id"]

    async def test_our_own_backends_set_it_into_the_card(
        self, client: httpx.AsyncClient, sign_in: SignIn, services: Services
    ) -> None:
        person = await sign_in(credits=3)
        kept = await sent(client, person, Image.new("RGB", (600, 800), (20, 190, 60)))
        gone = await sent(client, person)
        jobs = [(await create(client, person, card_with(photo["id"]))).json()["id"] for photo in (kept, gone)]
        await client.delete(f"/v1/photos/{gone['id']}", headers=person.headers)
        async with running_worker(services, producer=None):
            ends = [await until(services, UUID(job_id)) for job_id in jobs]
        assert [job.state for job in ends] == [JobState.SUCCEEDED, JobState.FAILED]
        (work,) = (await client.get("/v1/works", headers=person.headers)).json()["items"]
        (preview,) = [file for file in work["files"] if file["role"] == "preview"]
        card = Image.open(io.BytesIO((await client.get(preview["url"])).content))
        assert colour_at(card, 0.36, 0.45) == (0, 1, 0)

    async def test_the_worker_loads_what_the_owner_sent(
        self, client: httpx.AsyncClient, sign_in: SignIn, services: Services
    ) -> None:
        person, stranger = await sign_in(), await sign_in()
        photo_id = UUID((await sent(client, person))["id"])
        load_photo = make_loader(services.sessions, services.store, services.clock)
        assert decode_kept(await load_photo(person.id, photo_id)).shape == (480, 640, 3)
        with pytest.raises(PhotoNotFoundError):
            await load_photo(stranger.id, photo_id)
        with pytest.raises(ValueError, match="damaged"):
            decode_kept(b"\xff\xd8 no longer a photo")


class TestOblivion:
    async def test_an_unused_photo_goes_after_a_week_and_a_used_one_stays(
        self, client: httpx.AsyncClient, sign_in: SignIn, services: Services, clock: MovableClock
    ) -> None:
        person, chores = await sign_in(), Chores(services)
        unused, used = await sent(client, person), await sent(client, person)
        async with running_worker(services):
            job = (await create(client, person, card_with(used["id"]))).json()
            assert (await until(services, UUID(job["id"]))).state is JobState.SUCCEEDED
        async with services.sessions() as session:
            keys = {str(row.id): row.object_key for row in await session.scalars(select(Photo))}
        await chores.expire_photos()
        assert len(await self.listed(services, person)) == 2
        clock.advance(days=7, seconds=1)
        await chores.expire_photos()
        assert await self.listed(services, person) == [(used["id"], None)]
        with pytest.raises(FileNotFoundError):
            await anext(services.store.read(keys[unused["id"]]))
        assert await anext(services.store.read(keys[used["id"]]))

    async def listed(self, services: Services, person: Person) -> list[tuple[str, datetime | None]]:
        async with services.sessions() as session:
            rows = await session.scalars(select(Photo).where(Photo.owner_id == person.id))
            return [(str(row.id), row.expires_at) for row in rows]

    async def test_using_it_begins_its_week_again(
        self, client: httpx.AsyncClient, sign_in: SignIn, services: Services, clock: MovableClock
    ) -> None:
        person = await sign_in()
        photo = await sent(client, person)
        clock.advance(days=6)
        body = {"grant_type": "refresh_token", "refresh_token": person.refresh_token}
        renewed = (await client.post("/v1/auth/token", json=body)).json()
        person = Person(person.id, renewed["access_token"], "")
        assert (await create(client, person, card_with(photo["id"]))).status_code == 202
        ((_, expires_at),) = await self.listed(services, person)
        assert expires_at == clock() + timedelta(days=7)

    async def test_what_died_half_way_is_seen_by_nobody_and_cleared_away(
        self, client: httpx.AsyncClient, sign_in: SignIn, services: Services, clock: MovableClock
    ) -> None:
        person, key, content = await sign_in(), str(uuid4()), encoded(picture())
        photo = (await send(client, person, content, key=key)).json()
        async with services.sessions.begin() as session:
            row = await session.get_one(Photo, UUID(photo["id"]))
            row.stored_at, object_key = None, row.object_key
        headers = person.headers
        assert (await client.get("/v1/photos", headers=headers)).json()["items"] == []
        assert (await create(client, person, card_with(photo["id"]))).status_code == 422
        again = await send(client, person, content, key=key)  # the retry finishes what was begun
        assert (again.status_code, again.json()["id"]) == (201, photo["id"])
        async with services.sessions.begin() as session:
            row = await session.get_one(Photo, UUID(photo["id"]))
            row.stored_at, row.expires_at = None, clock()
        await Chores(services).expire_photos()
        with pytest.raises(FileNotFoundError):
            await anext(services.store.read(object_key))
        assert await self.listed(services, person) == []

    async def test_erasure_and_the_copy_of_ones_data_include_photos(
        self, client: httpx.AsyncClient, sign_in: SignIn, services: Services
    ) -> None:
        person, chores = await sign_in(), Chores(services)
        photo = await sent(client, person)
        export = await client.post("/v1/me/export", headers=person.headers)
        assert await chores.build_exports()
        read = (await client.get(export.headers["location"], headers=person.headers)).json()
        archive = zipfile.ZipFile(io.BytesIO((await client.get(read["url"])).content))
        (name,) = [one for one in archive.namelist() if one.endswith(f"{photo['id']}.jpg")]
        assert Image.open(io.BytesIO(archive.read(name))).size == (640, 480)
        facts = json.loads(archive.read(name.replace(".jpg", ".json")))
        assert facts["width_px"] == 640
        assert "object_key" not in facts
        async with services.sessions() as session:
            object_key = (await session.scalars(select(Photo.object_key))).one()
        await client.delete("/v1/me", headers=person.headers)
        await chores.erase_accounts()
        assert await self.listed(services, person) == []
        with pytest.raises(FileNotFoundError):
            await anext(services.store.read(object_key))

    async def test_a_link_ends_with_its_hour_and_with_its_photo(
        self, client: httpx.AsyncClient, sign_in: SignIn, services: Services, clock: MovableClock
    ) -> None:
        person = await sign_in()
        photo, lost = await sent(client, person), await sent(client, person)
        async with services.sessions() as session:
            row = await session.get_one(Photo, UUID(lost["id"]))
        await services.store.delete(row.object_key)
        missing = await client.get(lost["url"])
        assert (missing.status_code, missing.json()["code"]) == (404, "photo_not_found")
        forged = await client.get(photo["url"].replace(photo["id"], lost["id"]))
        assert (forged.status_code, forged.json()["code"]) == (403, "link_expired")
        await client.delete(f"/v1/photos/{photo['id']}", headers=person.headers)
        assert (await client.get(photo["url"])).status_code == 404
        clock.advance(hours=2)
        assert (await client.get(photo["url"])).status_code == 403

    async def test_a_closed_account_sends_nothing_more(
        self, client: httpx.AsyncClient, sign_in: SignIn, services: Services
    ) -> None:
        person = await sign_in()
        await client.delete("/v1/me", headers=person.headers)
        answer = await send(client, person, encoded(picture()))
        assert (answer.status_code, answer.json()["code"]) == (403, "account_closed")
        async with services.sessions() as session:
            assert (await session.scalars(select(Generation))).all() == []


class TestClassifier:
    async def test_what_the_operators_classifier_refuses_is_not_kept(
        self, services: Services, sign_in: SignIn
    ) -> None:
        class Strict:
            def judge(self, jpeg: bytes) -> str | None:
                return "violence" if jpeg.startswith(b"\xff\xd8") else None

        person = await sign_in()
        keeper = PhotoKeeper(services.sessions, services.store, services.clock, PhotoSandbox(), Strict())
        with pytest.raises(PhotoRejectedError):
            await keeper.keep(person.id, key="one", content=encoded(picture()))
        async with services.sessions() as session:
            assert (await session.scalars(select(Photo))).all() == []
