"""The ZIP: built by the keeper when a batch has ended, named safely, fetched as often as wanted."""

import csv
import io
import json
import zipfile
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select, text

from models.batch import ArchiveState, Batch
from models.work import WorkFile
from service.batches import archives
from service.batches.archives import MAX_ATTEMPTS
from service.flows.build_archive import build_archive
from service.storage.store import FileStore
from service.wiring import Services
from service.workers.chores import Chores
from tests.factories.batches import credits_of, quote, read
from tests.factories.jobs import running_worker
from tests.factories.people import Person
from tests.integration.batches.test_starts import until_ended

SENT = [
    {"recipient": "林晚晴"},
    {"recipient": "../../etc/passwd"},
    {"recipient": "林晚晴"},
    {"recipient": ""},
    {"recipient": "=cmd|'/c calc'!A1"},
    {"recipient": "invalid"},
    {"recipient": "\u202egnp.exe"},
]


@pytest.fixture
async def done(client: httpx.AsyncClient, services: Services, firm: Person) -> UUID:
    batch_id = (await quote(client, firm, SENT, start=True)).json()["id"]
    async with running_worker(services):
        await until_ended(client, firm, batch_id)
    return UUID(batch_id)


class TestArchive:
    async def test_it_holds_every_card_under_a_safe_name_and_a_report(
        self, client: httpx.AsyncClient, services: Services, firm: Person, done: UUID
    ) -> None:
        assert (await read(client, firm, str(done)))["archive"] == {
            "state": "due",
            "size_bytes": None,
            "url": None,
        }
        await client.patch("/v1/me", json={"locale": "zh"}, headers=firm.headers)
        assert await Chores(services).build_archives()
        assert not await Chores(services).build_archives()
        found = (await read(client, firm, str(done)))["archive"]
        first, second = [await client.get(found["url"]) for _ in range(2)]
        assert (first.status_code, first.headers["content-type"]) == (200, "application/zip")
        assert first.content == second.content
        assert len(first.content) == found["size_bytes"]
        assert 'filename="huajian-cards-20261111.zip"' in first.headers["content-disposition"]
        archive = zipfile.ZipFile(io.BytesIO(first.content))
        assert archive.testzip() is None
        assert archive.namelist() == [
            "001-林晚晴.png",
            "002-etcpasswd.png",
            "003-林晚晴.png",
            "005-=cmd'c calc'!A1.png",
            "007-gnp.exe.png",
            "report.csv",
        ]
        assert archive.read("001-林晚晴.png").startswith(b"\x89PNG")
        lines = list(csv.reader(io.StringIO(archive.read("report.csv").decode("utf-8-sig"))))
        assert lines[0] == ["行", "收件人", "结果", "文件", "原因"]
        assert [line[2] for line in lines[1:]] == [
            "已完成",
            "已完成",
            "已完成",
            "有误",
            "已完成",
            "失败",
            "已完成",
        ]
        assert lines[5][1] == "'=cmd|'/c calc'!A1"
        assert lines[6] == ["6", "invalid", "失败", "", "制作失败，次数已退回"]
        assert lines[4][4] == "收件人: 内容不符合要求"
        assert await credits_of(services, firm.id) == (595, 0)

    async def test_a_link_cannot_be_made_or_changed(
        self, client: httpx.AsyncClient, services: Services, firm: Person, done: UUID
    ) -> None:
        await Chores(services).build_archives()
        url = (await read(client, firm, str(done)))["archive"]["url"]
        for changed in (url[:-4] + "0000", url.replace("/archives/", "/exports/")):
            answer = await client.get(changed)
            assert (answer.status_code, answer.json()["code"]) == (403, "link_expired")
        services.clock.advance(hours=2)  # type: ignore[attr-defined]
        assert (await client.get(url)).status_code == 403

    async def test_the_same_works_make_the_same_bytes(
        self, client: httpx.AsyncClient, services: Services, firm: Person, done: UUID
    ) -> None:
        contents = []
        for _ in range(2):
            await build_archive(services.sessions, services.store)
            url = (await read(client, firm, str(done)))["archive"]["url"]
            contents.append((await client.get(url)).content)
            async with services.sessions.begin() as session:
                await session.execute(text("UPDATE batches SET archive_state = 'due', object_key = NULL"))
        assert contents[0] == contents[1]

    async def test_a_file_that_is_gone_is_left_out_and_the_rest_is_packed(
        self, client: httpx.AsyncClient, services: Services, firm: Person, done: UUID
    ) -> None:
        async with services.sessions() as session:
            keys = (await session.scalars(select(WorkFile.object_key))).all()
        await services.store.delete(keys[0])
        await build_archive(services.sessions, services.store)
        url = (await read(client, firm, str(done)))["archive"]["url"]
        assert len(zipfile.ZipFile(io.BytesIO((await client.get(url)).content)).namelist()) == len(keys)

    async def test_what_cannot_be_packed_is_set_aside_and_keeps_nobody_waiting(
        self,
        client: httpx.AsyncClient,
        services: Services,
        firm: Person,
        done: UUID,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        async def refuse(*_: object, **__: object) -> None:
            raise OSError("store away")

        with monkeypatch.context() as patched:
            patched.setattr(FileStore, "put_file", refuse)
            for _ in range(MAX_ATTEMPTS):
                with pytest.raises(OSError, match="store away"):
                    await build_archive(services.sessions, services.store)
        assert not await build_archive(services.sessions, services.store)
        assert (await read(client, firm, str(done)))["archive"]["state"] == "failed"

    async def test_an_erasure_while_it_is_packed_leaves_no_object(
        self, services: Services, firm: Person, done: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put_file = FileStore.put_file

        async def put_and_erase(store: FileStore, key: str, path: Path, *, media_type: str) -> None:
            await put_file(store, key, path, media_type=media_type)
            async with services.sessions.begin() as session:
                assert await archives.withdraw(session, firm.id) == [key]

        monkeypatch.setattr(FileStore, "put_file", put_and_erase)
        assert await build_archive(services.sessions, services.store)
        with pytest.raises(FileNotFoundError):
            await anext(services.store.read(archives.key_of(done)))

    async def test_nothing_made_means_nothing_packed(
        self, client: httpx.AsyncClient, services: Services, firm: Person
    ) -> None:
        batch_id = (await quote(client, firm, [{"recipient": "invalid"}], start=True)).json()["id"]
        async with running_worker(services):
            await until_ended(client, firm, batch_id)
        assert await build_archive(services.sessions, services.store)
        assert (await read(client, firm, batch_id))["archive"] is None

    async def test_a_copy_of_ones_data_tells_of_batches(
        self, client: httpx.AsyncClient, services: Services, firm: Person, done: UUID
    ) -> None:
        export = await client.post("/v1/me/export", headers=firm.headers)
        await Chores(services).build_exports()
        url = (await client.get(export.headers["location"], headers=firm.headers)).json()["url"]
        copy = zipfile.ZipFile(io.BytesIO((await client.get(url)).content))
        (batch,) = json.loads(copy.read("account.json"))["batches"]
        assert (batch["id"], batch["state"], len(batch["rows"])) == (str(done), "done", 7)
        assert batch["rows"][0]["spec"]["recipient"] == "林晚晴"

    async def test_the_end_of_an_account_takes_rows_and_archives_along(
        self, client: httpx.AsyncClient, services: Services, firm: Person, done: UUID
    ) -> None:
        await Chores(services).build_archives()
        waiting = (await quote(client, firm, [{"recipient": "陆知远"}])).json()["id"]
        running = (await quote(client, firm, [{"recipient": "苏叶"}], start=True)).json()["id"]
        async with services.sessions() as session:
            key = (await session.get_one(Batch, done)).object_key
        assert key is not None
        await client.delete("/v1/me", headers=firm.headers)
        await Chores(services).erase_accounts()
        with pytest.raises(FileNotFoundError):
            await anext(services.store.read(key))
        async with services.sessions() as session:
            states = {str(batch.id): batch.state.value for batch in await session.scalars(select(Batch))}
            assert (states[waiting], states[running]) == ("cancelled", "cancelled")
            assert await session.scalar(text("SELECT count(*) FROM batch_rows")) == 0
            assert set(await session.scalars(select(Batch.archive_state))) == {ArchiveState.NONE}
            assert all(batch.template == {} for batch in await session.scalars(select(Batch)))
