"""The log: whatever dies, nothing acknowledged is missing and nothing forks; anybody can check."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner, Result

from billing.invariants import find_breaches
from core.settings import Settings
from models.transparency import LeafKind
from provenance.invariants import PROVENANCE_INVARIANTS
from provenance.keyring import load_keyring
from provenance.leaves import revocation_entry
from provenance.log import queries
from provenance.log.checkpoints import Checkpoint, open_checkpoint
from provenance.log.merkle import root_of, verify_consistency, verify_inclusion
from provenance.log.notes import Signer
from provenance.log.proofs import LogProof
from provenance.log.queries import NewLeaf
from provenance.log.tiles import WIDTH, Tile, split_hashes, unpack_entries
from provenance.log.witness import Witness
from service.engines.endpoints import Endpoints
from service.main.cli import app
from service.storage.store import FileStore
from service.transparency.audit import AuditReport, audit
from service.transparency.growing import CHECKPOINT_KEY, LogBrokenError, LogGrower, key_of
from service.transparency.recovering import recover
from service.transparency.tile_shelf import NotPublishedError, TileShelf
from service.transparency.witnessing import ask_witnesses
from service.wiring import Services
from tests.factories.people import Person
from tests.fakes.clock import MovableClock
from tests.fakes.late_store import LateStore
from tests.fakes.log_witness import witnessing
from tests.fakes.log_writer import acknowledged, make_grower, run_writer
from tests.integration.provenance.conftest import Certify

KILLS = 5  # a hundred in benchmarks/transparency_log.py
MOST_KILLS = 30  # a busy machine may kill the first ones before they have said anything


@pytest.fixture
def grower(services: Services) -> LogGrower:
    assert services.certification is not None
    return services.certification.grower


@pytest.fixture
def shelf(services: Services) -> TileShelf:
    return TileShelf(services.sessions, services.store)


async def append(services: Services, count: int) -> list[UUID]:
    subjects = [uuid4() for _ in range(count)]
    leaves = [NewLeaf(LeafKind.EXPORT, subject, str(subject).encode()) for subject in subjects]
    async with services.sessions.begin() as session:
        await queries.append(session, leaves, now=services.clock())
    return subjects


async def audited(services: Services, grower: LogGrower, seen: str | None = None) -> AuditReport:
    return await audit(services.sessions, services.store, grower.verifier, seen=seen)


class TestGrowing:
    async def test_leaves_get_their_places_in_the_order_of_their_ids(
        self, services: Services, grower: LogGrower
    ) -> None:
        subjects = await append(services, 3) + await append(services, 2)
        await grower.grow()
        report = await audited(services, grower)
        assert (report.subjects, report.faults) == (subjects, [])

    async def test_growers_side_by_side_never_fork(self, services: Services, grower: LogGrower) -> None:
        async def write() -> list[UUID]:
            return [subject for _ in range(6) for subject in await append(services, 17)]

        async def grow() -> None:
            for _ in range(8):
                await grower.grow()

        written = await asyncio.gather(write(), write())
        await asyncio.gather(write(), grow(), grow(), grow())
        await grower.grow()
        report = await audited(services, grower)
        assert report.faults == []
        assert set(report.subjects) > {subject for subjects in written for subject in subjects}
        assert len(report.subjects) == 3 * 6 * 17

    async def test_an_older_checkpoint_is_where_the_newer_one_began(
        self, services: Services, grower: LogGrower, shelf: TileShelf
    ) -> None:
        await append(services, 300)
        await grower.grow()
        old = await grown(shelf, grower)
        await append(services, 300)
        await grower.grow()
        new = await grown(shelf, grower)
        proof = await shelf.consistency(old.size, new.size)
        verify_consistency(old.size, new.size, proof, old.root, new.root)
        for index in (0, 255, 256, 299, 300, 599):
            (found,) = split_hashes((await shelf.read(tile_of(index, new.size)))[offset(index)])
            path = await shelf.inclusion(index, new.size)
            verify_inclusion(found, index, new.size, path, new.root)

    async def test_what_was_put_in_place_stays_there(self, services: Services, grower: LogGrower) -> None:
        await append(services, 2)
        await grower.grow()
        for change in (
            "UPDATE log_leaves SET leaf_index = 5 WHERE leaf_index = 1",
            "UPDATE log_leaves SET entry = 'x' WHERE leaf_index = 1",
            "DELETE FROM log_leaves",
        ):
            with pytest.raises(DBAPIError, match=r"only gets its place|append-only"):
                async with services.sessions.begin() as session:
                    await session.execute(text(change))

    async def test_another_name_does_not_continue_it(
        self, services: Services, grower: LogGrower, tmp_path: Path
    ) -> None:
        await append(services, 1)
        await grower.grow()
        keyring = load_keyring(Settings(data_dir=tmp_path))
        assert keyring is not None
        other = Signer("other.example/log", keyring.log.key)
        with pytest.raises(LogBrokenError, match="is none of other"):
            await LogGrower(services.sessions, services.store, other, services.clock).grow()

    async def test_a_database_from_an_older_copy_does_not_fork_what_was_shown(
        self, services: Services, grower: LogGrower, shelf: TileShelf
    ) -> None:
        numbers = [f"HJ-0000-0000-000{digit}" for digit in range(4)]
        entries = [revocation_entry(number=one, reason="withdrawn", at=services.clock()) for one in numbers]
        leaves = [NewLeaf(LeafKind.REVOCATION, uuid4(), entry) for entry in entries]
        async with services.sessions.begin() as session:
            await queries.append(session, leaves[:3], now=services.clock())
        await grower.grow()
        shown = await current(shelf)
        async with services.sessions.begin() as session:  # as a copy from before has it
            for table in ("log_leaves", "log_heads"):
                await session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
                await session.execute(text(f"DELETE FROM {table}"))  # noqa: S608
                await session.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER ALL"))
            await queries.append(session, leaves[2:], now=services.clock())  # one of them was shown
        assert services.keyring is not None
        signer = services.keyring.log
        started = LogGrower(services.sessions, services.store, signer, services.clock)
        with pytest.raises(LogBrokenError, match="recover them"):
            await started.grow()
        now = services.clock()
        assert await recover(services.sessions, services.store, started, signer, now=now) == 3
        await started.grow()
        assert await recover(services.sessions, services.store, started, signer, now=now) == 0
        report = await audited(services, grower, seen=shown)
        assert (report.faults, report.checkpoint.size) == ([], 4)

    async def test_what_was_revoked_does_not_stand_again_in_an_older_copy(
        self,
        client: httpx.AsyncClient,
        services: Services,
        grower: LogGrower,
        owner: Person,
        certify: Certify,
        work_id: UUID,
    ) -> None:
        url = f"/v1/certificates/{(await certify(work_id)).json()['number']}"
        headers = {**owner.headers, "idempotency-key": "end"}
        taken = await client.post(f"{url}/revocation", json={"reason": "mistaken"}, headers=headers)
        assert taken.status_code == 200, taken.text
        await grower.grow()
        async with services.sessions.begin() as session:  # as a copy from before the revocation has it
            tables = ("log_leaves", "log_heads", "certificate_changes", "certificates")
            for table in tables:
                await session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
            for statement in (
                "DELETE FROM certificate_changes",
                "DELETE FROM log_leaves WHERE kind = 'revocation'",
                "UPDATE log_leaves SET leaf_index = NULL",
                "DELETE FROM log_heads",
                "UPDATE certificates SET state = 'issued', revoked_at = NULL",
            ):
                await session.execute(text(statement))
            for table in tables:
                await session.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER ALL"))
        assert services.keyring is not None
        signer = services.keyring.log
        started = LogGrower(services.sessions, services.store, signer, services.clock)
        assert await recover(services.sessions, services.store, started, signer, now=services.clock()) == 2
        read = (await client.get(url)).json()
        assert (read["state"], [one["reason"] for one in read["changes"]]) == ("revoked", ["mistaken"])
        async with services.sessions() as session:
            assert await find_breaches(session, PROVENANCE_INVARIANTS) == []

    async def test_what_was_shown_before_a_death_is_made_known_by_the_next(
        self, services: Services, grower: LogGrower
    ) -> None:
        """Dying between the commit that shows a checkpoint and the store's copy of it."""
        await append(services, 3)
        await grower.grow()
        earlier = await services.store.read_whole(CHECKPOINT_KEY)
        await append(services, 2)
        await grower.grow()
        await services.store.put(CHECKPOINT_KEY, earlier, media_type="text/plain")
        assert services.keyring is not None
        after = LogGrower(services.sessions, services.store, services.keyring.log, services.clock)
        await after.grow()
        seen = await after.find_stored()
        assert seen is not None and seen.size == 5

    async def test_a_slow_grower_does_not_hide_what_was_shown_meanwhile(
        self, services: Services, grower: LogGrower
    ) -> None:
        assert services.keyring is not None

        class SlowStore(LateStore):
            """What it is to do meanwhile, it does before the checkpoint is stored."""

            async def put(self, key: str, content: bytes, *, media_type: str) -> bytes:
                if key == CHECKPOINT_KEY and self._meanwhile is not None:
                    happens, self._meanwhile = self._meanwhile, None
                    await happens()
                return await self._real.put(key, content, media_type=media_type)

        async def meanwhile() -> None:
            await append(services, 2)
            await grower.grow()

        await append(services, 1)
        slow = LogGrower(
            services.sessions, SlowStore(services.store, meanwhile), services.keyring.log, services.clock
        )
        await slow.grow()
        seen = await grower.find_stored()
        assert seen is not None and seen.size == 3
        report = await audited(services, grower)
        assert report.faults == []

    async def test_nothing_is_signed_that_two_ways_of_hashing_disagree_on(
        self, services: Services, grower: LogGrower, shelf: TileShelf
    ) -> None:
        await append(services, 3)
        await grower.grow()
        before = await current(shelf)
        await append(services, 1)
        await grower.give_places()
        async with services.sessions.begin() as session:
            await session.execute(text("UPDATE log_heads SET root = sha256('other')"))
        with pytest.raises(LogBrokenError, match="do not lead"):
            await grower.publish()
        assert await current(shelf) == before

    async def test_no_kill_loses_what_was_acknowledged(
        self, services: Services, endpoints: Endpoints, tmp_path: Path
    ) -> None:
        known: set[UUID] = set()
        for number in range(MOST_KILLS):
            process = await run_writer(endpoints.database_url, tmp_path)
            await asyncio.sleep(0.05 * (number + 1))
            process.send_signal(signal.SIGKILL)
            known |= await acknowledged(process)
            if known and number + 1 >= KILLS:
                break
        grower = make_grower(services.sessions, tmp_path)
        while await grower.grow():
            continue
        store = FileStore.at(None, folder=tmp_path / "files")
        report = await audit(services.sessions, store, grower.verifier, seen=None)
        assert report.faults == []
        assert known
        assert known <= set(report.subjects)


class TestAudit:
    @pytest.fixture(autouse=True)
    async def _log(self, services: Services, grower: LogGrower) -> AsyncIterator[None]:
        await append(services, WIDTH + 4)
        await grower.grow()
        yield

    @pytest.mark.parametrize(
        "tile", [Tile(None, 0), Tile(0, 0), Tile(0, 1, 4), Tile(1, 0, 1), Tile(None, 1, 4)]
    )
    async def test_one_wrong_byte_anywhere_is_found(
        self, services: Services, grower: LogGrower, tile: Tile
    ) -> None:
        content = bytearray(b"".join([chunk async for chunk in services.store.read(key_of(tile))]))
        content[-1] ^= 1
        await services.store.put(key_of(tile), bytes(content), media_type="x")
        assert (await audited(services, grower)).faults

    async def test_a_missing_tile_is_found(self, services: Services, grower: LogGrower) -> None:
        await services.store.delete(key_of(Tile(0, 0)))
        assert "0/000" in (await audited(services, grower)).faults[0]

    async def test_a_log_that_grows_meanwhile_is_whole(
        self, services: Services, grower: LogGrower, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read = services.store.read

        async def growing(key: str) -> AsyncIterator[bytes]:
            monkeypatch.setattr(services.store, "read", read)  # once
            await append(services, 3)
            await grower.grow()
            async for chunk in read(key):
                yield chunk

        monkeypatch.setattr(services.store, "read", growing)
        report = await audited(services, grower)
        assert (report.faults, report.checkpoint.size) == ([], WIDTH + 4)

    async def test_a_log_that_was_seen_otherwise_is_a_fork(
        self, services: Services, grower: LogGrower, endpoints: Endpoints, shelf: TileShelf
    ) -> None:
        head = await shelf.find_head()
        assert head is not None and head.checkpoint is not None
        assert (await audited(services, grower, seen=head.checkpoint)).faults == []
        lied = forge(services, head.published_size, root_of([bytes(32)]))
        assert any("FORK" in fault for fault in (await audited(services, grower, seen=lied)).faults)
        larger = forge(services, head.published_size + 1, head.published_root)
        assert any("was seen" in fault for fault in (await audited(services, grower, seen=larger)).faults)


class TestServing:
    async def test_a_stranger_can_read_and_check_all_of_it(
        self, client: httpx.AsyncClient, services: Services, grower: LogGrower
    ) -> None:
        assert (await client.get("/log/checkpoint")).status_code == 404
        await append(services, WIDTH + 3)
        await grower.grow()
        answer = await client.get("/log/checkpoint")
        assert answer.headers["cache-control"] == "no-cache"
        checkpoint = open_checkpoint(answer.text, grower.verifier)
        full = await client.get("/log/tile/0/000")
        part = await client.get("/log/tile/0/001.p/3")
        for answer in (full, part):
            assert "immutable" in answer.headers["cache-control"]
        hashes = split_hashes(full.content) + split_hashes(part.content)
        assert root_of(hashes) == checkpoint.root
        entries = unpack_entries((await client.get("/log/tile/entries/001.p/3")).content)
        assert len(entries) == 3
        keys = (await client.get("/log/keys")).json()
        assert keys["log"] == grower.verifier.vkey

    async def test_a_partial_tile_is_served_after_wider_ones_took_its_place(
        self, client: httpx.AsyncClient, services: Services, grower: LogGrower
    ) -> None:
        await append(services, 3)
        await grower.grow()
        before = (await client.get("/log/tile/0/000.p/3")).content
        await append(services, WIDTH)
        await grower.grow()
        with pytest.raises(FileNotFoundError):
            async for _ in services.store.read(key_of(Tile(0, 0, 3))):
                pass
        assert (await client.get("/log/tile/0/000.p/3")).content == before
        assert (await client.get("/log/tile/entries/000.p/3")).status_code == 200

    async def test_nothing_is_served_before_its_checkpoint(
        self, client: httpx.AsyncClient, services: Services, grower: LogGrower, shelf: TileShelf
    ) -> None:
        await append(services, 3)
        await grower.give_places()
        for path in ("0/000.p/3", "entries/000.p/3", "0/000", "1/000.p/1", "..%2f..%2fsecret", "9/000"):
            assert (await client.get(f"/log/tile/{path}")).status_code == 404
        with pytest.raises(NotPublishedError):
            await shelf.inclusion(0, 3)


class TestWitnesses:
    async def test_a_witness_signs_from_where_it_stands(
        self, services: Services, grower: LogGrower, shelf: TileShelf, clock: MovableClock
    ) -> None:
        with witnessing(grower.verifier) as fake:
            witness = Witness(fake.url, fake.verifier, 5)
            async with httpx.AsyncClient() as client:
                for count in (3, 300, 1):
                    await append(services, count)
                    await grower.grow()
                    await ask_witnesses(services.sessions, shelf, client, [witness], clock)
                    head = await shelf.find_head()
                    assert head is not None and head.checkpoint is not None
                    open_checkpoint(head.checkpoint, grower.verifier, [fake.verifier])
                asked = fake.asked
                await ask_witnesses(services.sessions, shelf, client, [witness], clock)
                assert fake.asked == asked  # it has signed this one
                async with services.sessions.begin() as session:
                    await session.execute(text("DELETE FROM log_witnesses"))  # we forgot where it stands
                await append(services, 1)
                await grower.grow()
                await ask_witnesses(services.sessions, shelf, client, [witness], clock)
                assert fake.seen[grower.verifier.name][0] == 305
        proof = LogProof(0, await shelf.inclusion(0, 305), await current(shelf))
        async with services.sessions() as session:
            ((_, entry),) = await queries.list_leaves(session, 0, 1)
        proof.verify(entry, grower.verifier, [fake.verifier])

    async def test_a_signature_that_is_not_good_is_not_shown(
        self, services: Services, grower: LogGrower, shelf: TileShelf, clock: MovableClock
    ) -> None:
        await append(services, 1)
        await grower.grow()
        before = await current(shelf)
        with witnessing(grower.verifier) as fake:
            fake.lies = True
            async with httpx.AsyncClient() as client:
                await ask_witnesses(
                    services.sessions, shelf, client, [Witness(fake.url, fake.verifier, 5)], clock
                )
        assert await current(shelf) == before
        async with services.sessions() as session:
            seen = await queries.find_witness(session, fake.name)
        assert seen is not None and seen.failure is not None


async def grown(shelf: TileShelf, grower: LogGrower) -> Checkpoint:
    return open_checkpoint(await current(shelf), grower.verifier)


async def current(shelf: TileShelf) -> str:
    head = await shelf.find_head()
    assert head is not None and head.checkpoint is not None
    return head.checkpoint


def tile_of(index: int, size: int) -> Tile:
    return Tile(0, index // WIDTH, min(WIDTH, size - index // WIDTH * WIDTH))


def offset(index: int) -> slice:
    return slice(index % WIDTH * 32, (index % WIDTH + 1) * 32)


def forge(services: Services, size: int, root: bytes) -> str:
    """A checkpoint that the log's own key signed, as only a log that lies would."""
    assert services.keyring is not None
    signer = services.keyring.log
    return signer.sign(Checkpoint(signer.name, size, root).text)


class TestCommand:
    async def test_an_audit_remembers_what_it_saw_and_says_when_it_is_no_longer_so(
        self, services: Services, endpoints: Endpoints, grower: LogGrower
    ) -> None:
        environment = {
            "HUAJIAN_DATABASE_URL": endpoints.database_url,
            "HUAJIAN_REDIS_URL": endpoints.redis_url,
            "HUAJIAN_DATA_DIR": str(services.settings.data_dir),
        }
        before = structlog.get_config()

        async def command(*arguments: str) -> Result:
            runner = CliRunner()
            return await asyncio.to_thread(runner.invoke, app, ["log", *arguments], env=environment)

        try:
            await append(services, 5)
            await grower.grow()
            assert grower.verifier.vkey in (await command("key")).output
            first = await command("audit")
            assert (first.exit_code, first.output.split()[0]) == (0, "5"), first.output
            await append(services, 1)
            await grower.grow()
            assert "with what was seen last" in (await command("audit")).output
            seen = services.settings.data_dir / "log-seen.checkpoint"
            seen.write_text(forge(services, 6, root_of([bytes(32)])), "utf-8")
            forked = await command("audit")
            assert (forked.exit_code, "FORK" in forked.output) == (1, True)
        finally:
            structlog.configure(**before)
