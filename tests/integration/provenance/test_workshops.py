"""The processes in which files are made: they may die, hang and wait, and nobody else is the worse for it."""

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from provenance.credentials.signers import FileSigner
from provenance.errors import SigningUnavailableError
from service.certificates import bench as benches
from service.certificates.bench import WORKSHOP, Bench
from service.certificates.errors import MakingUnavailableError
from service.certificates.orders import FileOrder
from service.children.asking import INHERITED
from service.children.lasting import ChildLostError, inherited
from service.children.pool import ChildPool
from tests.factories.children import children, kill_children
from tests.factories.sealed_files import encoded, facts, signing_pair

ODD = "tests.fakes.odd_workshop"
PATIENCE_SECONDS = 60.0
ORDER = FileOrder("image/jpeg", facts())


@pytest.fixture
def odd() -> Iterator[ChildPool]:
    pool = ChildPool(ODD, inherited(*INHERITED), idle_seconds=0)
    yield pool
    pool.close()


@pytest.fixture
def silent_authority() -> Iterator[str]:
    """Takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


@dataclass(frozen=True)
class CountingSigner:
    """How often it was asked for a signature."""

    signer: FileSigner
    claims: list[bytes]
    time_authority_url: str | None = None

    @property
    def chain_pem(self) -> bytes:
        return self.signer.chain_pem

    def sign(self, claim: bytes) -> bytes:
        self.claims.append(claim)
        return self.signer.sign(claim)


def counting(time_authority_url: str | None = None) -> CountingSigner:
    return CountingSigner(signing_pair().signer, [], time_authority_url)


async def children_are(count: int) -> None:
    """Wait until there are so many: a process begins and ends, and says so nowhere."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(children(ODD)) != count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


class TestOdd:
    @pytest.mark.parametrize("what", [b"dies", b"hangs", b"has no memory"])
    async def test_a_child_that_fails_is_said_to_be_away_and_replaced(
        self, odd: ChildPool, what: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(benches, "LIMIT_SECONDS", 1.0 if what == b"hangs" else 30.0)
        bench = Bench(odd, time_stamp_seconds=1)
        for _ in range(2):
            with pytest.raises(MakingUnavailableError):
                await bench.look(what)
        assert children(ODD) == []

    async def test_there_is_one_signature_for_a_file(self, odd: ChildPool) -> None:
        signer = counting()
        with pytest.raises(MakingUnavailableError):
            await Bench(odd, time_stamp_seconds=1).make(b"signs twice", ORDER, signer)
        assert signer.claims == [b"claim"]

    async def test_closing_ends_a_child_at_work_and_nothing_is_lent_afterwards(self, odd: ChildPool) -> None:
        bench = Bench(odd, time_stamp_seconds=1)
        hanging = asyncio.create_task(bench.look(b"hangs"))
        await children_are(1)
        await asyncio.to_thread(odd.close)
        with pytest.raises(MakingUnavailableError):
            await hanging
        assert children(ODD) == []
        with pytest.raises(ChildLostError), odd.lend(1):
            pass

    async def test_who_is_not_needed_goes(self, odd: ChildPool) -> None:
        with odd.lend(PATIENCE_SECONDS):
            await children_are(1)
        await children_are(0)


class TestReal:
    async def test_one_that_was_killed_while_idle_is_replaced(
        self, workshops: ChildPool, bench: Bench
    ) -> None:
        content = encoded("JPEG")
        await bench.look(content)
        assert kill_children(WORKSHOP) >= 1
        made = await bench.make(content, ORDER, counting())
        assert made.manifest_sha256 is not None

    async def test_an_authority_that_says_nothing_holds_up_its_own_file_alone(
        self, workshops: ChildPool, silent_authority: str
    ) -> None:
        bench = Bench(workshops, time_stamp_seconds=5)
        content = encoded("JPEG")
        with workshops.lend(PATIENCE_SECONDS), workshops.lend(PATIENCE_SECONDS):
            pass  # there are two
        await asyncio.gather(bench.look(content), bench.look(content))  # and they have loaded what they need
        timed = asyncio.create_task(bench.make(content, ORDER, counting(silent_authority)))
        made = await bench.make(content, ORDER, counting())
        assert made.manifest_sha256 is not None and not timed.done()
        async with asyncio.timeout(20):  # the general limit is 30 s
            with pytest.raises(SigningUnavailableError):
                await timed
