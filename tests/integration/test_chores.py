"""What happens without anybody asking: copies of data, erasures, proofs, lost leases."""

import asyncio
import contextlib
import json
import zipfile
from io import BytesIO
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from prometheus_client import REGISTRY
from sqlalchemy import select, text

from models.data_export import DataExport, ExportState
from models.generation import Generation, JobState
from models.invariant import InvariantBreach
from models.user import User
from models.work import Work, WorkFile
from service.wiring import Services
from service.workers.chores import Chores
from service.workers.keeper import Chore, keep
from tests.factories.jobs import PATIENCE_SECONDS, running_worker, until
from tests.factories.people import Person, SignIn, create
from tests.fakes.clock import MovableClock


@pytest.fixture
def chores(services: Services) -> Chores:
    return Chores(services)


@pytest.fixture
async def author(client: httpx.AsyncClient, services: Services, sign_in: SignIn) -> Person:
    """Somebody with a finished work."""
    person = await sign_in()
    async with running_worker(services):
        job = (await create(client, person)).json()
        assert (await until(services, UUID(job["id"]))).state is JobState.SUCCEEDED
    return person


class TestExport:
    async def test_a_copy_holds_everything_and_lives_for_a_week(
        self,
        client: httpx.AsyncClient,
        services: Services,
        chores: Chores,
        author: Person,
        clock: MovableClock,
    ) -> None:
        first, second = [await client.post("/v1/me/export", headers=author.headers) for _ in range(2)]
        assert (first.status_code, first.json()["id"]) == (202, second.json()["id"])
        assert await chores.build_exports()
        assert not await chores.build_exports()
        read = (await client.get(first.headers["location"], headers=author.headers)).json()
        assert read["state"] == "ready"
        archive = zipfile.ZipFile(BytesIO((await client.get(read["url"])).content))
        account = json.loads(archive.read("account.json"))
        assert account["user"]["id"] == str(author.id)
        assert len(account["generations"]) == 1
        assert [entry["kind"] for entry in account["credit_history"]] == ["hold", "grant"]
        names = archive.namelist()
        picture = next(name for name in names if name.endswith("preview.png"))
        assert archive.read(picture).startswith(b"\x89PNG")
        assert "request_hash" not in archive.read("account.json").decode()
        clock.advance(days=8)
        await chores.expire_exports()
        renewed = await client.post(
            "/v1/auth/token", json={"grant_type": "refresh_token", "refresh_token": author.refresh_token}
        )
        headers = {"authorization": f"Bearer {renewed.json()['access_token']}"}
        late = (await client.get(first.headers["location"], headers=headers)).json()
        assert (late["state"], late["url"]) == ("expired", None)

    async def test_whoever_leaves_leaves_no_copy_behind(
        self, client: httpx.AsyncClient, services: Services, chores: Chores, author: Person
    ) -> None:
        """The copy has their address and every work."""
        ready = await client.post("/v1/me/export", headers=author.headers)
        assert await chores.build_exports()
        read = (await client.get(ready.headers["location"], headers=author.headers)).json()
        assert (await client.get(read["url"])).status_code == 200
        await client.post("/v1/me/export", headers=author.headers)
        async with services.sessions() as session:
            (key,) = await session.scalars(select(DataExport.object_key).where(DataExport.object_key != ""))
        assert key is not None
        assert (await client.delete("/v1/me", headers=author.headers)).status_code == 204
        assert (await client.get(read["url"])).status_code == 404
        assert not await chores.build_exports()
        late = await client.post("/v1/me/export", headers=author.headers)
        assert (late.status_code, late.json()["code"]) == (401, "unauthenticated")
        await chores.erase_accounts()
        with pytest.raises(FileNotFoundError):
            await anext(services.store.read(key))
        async with services.sessions() as session:
            states = (await session.scalars(select(DataExport.state))).all()
        assert states == [ExportState.EXPIRED] * 2

    async def test_a_copy_is_not_finished_for_whoever_leaves_meanwhile(
        self,
        client: httpx.AsyncClient,
        services: Services,
        chores: Chores,
        author: Person,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        await client.post("/v1/me/export", headers=author.headers)
        keep = services.store.put_file
        keys = []

        async def leaving(key: str, path: Path, *, media_type: str) -> None:
            await keep(key, path, media_type=media_type)
            keys.append(key)
            assert (await client.delete("/v1/me", headers=author.headers)).status_code == 204

        monkeypatch.setattr(services.store, "put_file", leaving)
        assert await chores.build_exports()
        with pytest.raises(FileNotFoundError):
            await anext(services.store.read(keys[0]))

    async def test_copies_are_limited_by_the_day(
        self, client: httpx.AsyncClient, services: Services, sign_in: SignIn
    ) -> None:
        """Each has every file again and lies there for a week: a loop would fill the store."""
        person, other = await sign_in(), await sign_in()
        for _ in range(services.settings.limits.copies_per_user_day):
            assert (await client.post("/v1/me/export", headers=person.headers)).status_code == 202
        refused = await client.post("/v1/me/export", headers=person.headers)
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert (await client.post("/v1/me/export", headers=other.headers)).status_code == 202

    async def test_a_file_that_is_lost_keeps_nobody_from_a_copy(
        self, client: httpx.AsyncClient, services: Services, chores: Chores, author: Person
    ) -> None:
        async with services.sessions() as session:
            lost, *kept = (await session.scalars(select(WorkFile).order_by(WorkFile.role.desc()))).all()
        await services.store.delete(lost.object_key)
        asked = await client.post("/v1/me/export", headers=author.headers)
        assert await chores.build_exports()
        read = (await client.get(asked.headers["location"], headers=author.headers)).json()
        archive = zipfile.ZipFile(BytesIO((await client.get(read["url"])).content))
        roles = {Path(name).stem for name in archive.namelist() if name.startswith("works/")}
        assert roles == {"work", *(file.role for file in kept)}


class TestErasure:
    async def test_works_prompts_and_files_go_and_the_ledger_stays(
        self, client: httpx.AsyncClient, services: Services, chores: Chores, author: Person
    ) -> None:
        queued = UUID((await create(client, author)).json()["id"])
        async with services.sessions() as session:
            keys = (await session.scalars(select(WorkFile.object_key))).all()
        await client.delete("/v1/me", headers=author.headers)
        await chores.erase_accounts()
        async with services.sessions() as session:
            work = (await session.scalars(select(Work))).one()
            jobs = (await session.scalars(select(Generation))).all()
            user = await session.get_one(User, author.id)
            assert (await session.scalars(select(WorkFile))).all() == []
        assert (work.title, work.text, work.details) == ("", None, {})
        assert work.erased_at and user.erased_at
        assert [job.spec for job in jobs] == [{}, {}]
        assert {job.state for job in jobs if job.id == queued} == {JobState.CANCELLED}
        for key in keys:
            with pytest.raises(FileNotFoundError):
                await anext(services.store.read(key))
        await chores.prove_invariants()
        async with services.sessions() as session:
            assert (await session.scalars(select(InvariantBreach))).all() == []

    async def test_it_waits_for_a_job_that_still_runs(
        self, client: httpx.AsyncClient, services: Services, chores: Chores, author: Person
    ) -> None:
        from tests.factories.people import CARD

        slow = {**CARD, "spec": {**CARD["spec"], "recipient": "stay=1"}}
        job_id = UUID((await create(client, author, slow)).json()["id"])
        async with running_worker(services):
            await until(services, job_id, JobState.RUNNING)
            await client.delete("/v1/me", headers=author.headers)
            await chores.erase_accounts()
            assert (await until(services, job_id)).state is JobState.CANCELLED
            await chores.erase_accounts()
        async with services.sessions() as session:
            assert (await session.get_one(User, author.id)).erased_at


class TestProof:
    async def test_a_breach_is_kept_counted_and_its_end_is_seen(
        self, services: Services, chores: Chores, author: Person
    ) -> None:
        def gauge() -> float | None:
            return REGISTRY.get_sample_value(
                "huajian_invariant_breaches", {"invariant": "lot_equals_journal"}
            )

        async with services.sessions.begin() as session:
            await session.execute(text("UPDATE credit_lots SET remaining = remaining - 1"))
        await chores.prove_invariants()
        assert gauge() == 1
        async with services.sessions.begin() as session:
            breach = (await session.scalars(select(InvariantBreach))).one()
            assert (breach.invariant, breach.rows) == ("lot_equals_journal", 1)
            await session.execute(text("UPDATE credit_lots SET remaining = remaining + 1"))
        await chores.prove_invariants()
        assert gauge() == 0

    async def test_the_gauges_tell_the_queue(
        self, client: httpx.AsyncClient, chores: Chores, author: Person
    ) -> None:
        await create(client, author)
        await chores.measure()
        assert REGISTRY.get_sample_value("huajian_queue_depth", {"kind": "card"}) == 1
        assert REGISTRY.get_sample_value("huajian_open_holds_credits") == 1
        exposed = (await client.get("/metrics")).text
        assert 'huajian_queue_depth{kind="card"} 1.0' in exposed
        assert str(author.id) not in exposed


class TestKeeper:
    async def test_a_failing_chore_stops_neither_itself_nor_the_others(self) -> None:
        calls: list[str] = []

        async def fail() -> bool:
            calls.append("fail")
            raise RuntimeError("database away")

        async def work() -> bool:
            calls.append("work")
            return False

        keeper = asyncio.create_task(keep([Chore("fail", 0.01, fail), Chore("work", 0.01, work)]))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while min(calls.count("fail"), calls.count("work")) < 3:  # noqa: ASYNC110 - it has no event to offer
                await asyncio.sleep(0.01)
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)

    async def test_it_ends_though_a_chore_swallows_being_cancelled(self) -> None:
        is_busy = asyncio.Event()

        async def swallow() -> bool:
            with contextlib.suppress(asyncio.CancelledError):
                is_busy.set()
                await asyncio.Event().wait()
            return False

        keeper = asyncio.create_task(keep([Chore("swallow", 3600.0, swallow)]))
        async with asyncio.timeout(PATIENCE_SECONDS):
            await is_busy.wait()
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
        assert keeper.cancelled()
