"""Group commit: what arrived during the last commit shares the next one.

Measured against a transaction per request (docs/performance.md): several times the rate at the same
durability, and a hot row becomes the fastest case instead of the slowest.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from enum import Enum
from typing import Final, Generic, TypeAlias, TypeVar

import asyncpg
import structlog

from core.database import AWAY, connect, is_busy
from core.errors import DomainError, ErrorKind
from core.tasks import endable

log = structlog.get_logger()

MAX_BATCH: Final = 256  # bounds a transaction's locks and the reply time of its last member
GATHER_TURNS: Final = 3  # of the loop, so that who is being read at this moment comes along
RETRY_SECONDS: Final = (0.05, 0.2, 0.5, 1.0, 2.0)  # a restart of Postgres fits in
# Batches look rows up by their keys, whatever the statistics say: a plan that is made for each batch costs
# more than it runs, and one that joins by hashing reads whole tables.
LOOKUPS: Final = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
LOST_CONNECTION: Final = (*AWAY, asyncpg.InterfaceError)

Request = TypeVar("Request")
Answer = TypeVar("Answer")


class WriterUnavailableError(DomainError):
    """The database stayed away, somebody else held what was wanted, or the process is stopping: nothing was
    written that could be told of.
    """

    code = "unavailable"
    kind = ErrorKind.UNAVAILABLE


class Next(Enum):
    """Instead of an outcome: this request cannot share a batch with one before it, and goes into the next."""

    BATCH = "batch"


Outcome: TypeAlias = Answer | DomainError | Next


class GroupWriter(ABC, Generic[Request, Answer]):
    """One per process and kind of request: `submit` from any task, `run` in one.

    Requests that may want the same row stand in the same line, so that no batch waits for another of this
    process; while one line's batch is in the database, another's is being decided.
    """

    def __init__(self, database_url: str, *, name: str, lines: int = 2) -> None:
        self._lines = [_Line(self, database_url, name) for _ in range(lines)]

    @abstractmethod
    async def commit(
        self, connection: asyncpg.Connection, requests: Sequence[Request]
    ) -> Sequence[Outcome[Answer]]:
        """Decide and write a batch in one transaction; an outcome for each request, in order.

        The first request is never put off. Raises: anything, and then nothing was written.
        """

    @abstractmethod
    def line_of(self, request: Request) -> Hashable:
        """What requests of one line have in common."""

    async def committed(self, outcomes: Sequence[Outcome[Answer]]) -> None:
        """Told after a batch is written and its members are answered."""

    async def submit(self, request: Request) -> Answer:
        """Have one request decided durably; returns after its commit.

        Raises: any refusal of `commit`; WriterUnavailableError when the database stayed away.
        """
        line = self._lines[hash(self.line_of(request)) % len(self._lines)]
        return await line.submit(request)

    async def run(self) -> None:
        """Commit batch after batch until cancelled; what was waiting is then refused, not forgotten."""
        async with asyncio.TaskGroup() as lines:
            for line in self._lines:
                lines.create_task(endable(line.run()))


class _Line(Generic[Request, Answer]):
    """A queue with a connection: what arrived during its last commit shares the next one."""

    def __init__(self, writer: GroupWriter[Request, Answer], database_url: str, name: str) -> None:
        self._writer = writer
        self._database_url = database_url
        self._name = name
        self._waiting: list[tuple[Request, asyncio.Future[Answer]]] = []
        self._arrived = asyncio.Event()
        self._connection: asyncpg.Connection | None = None

    async def submit(self, request: Request) -> Answer:
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, future))
        self._arrived.set()
        return await future

    async def run(self) -> None:
        try:
            while True:
                await self._arrived.wait()
                for _ in range(GATHER_TURNS):
                    await asyncio.sleep(0)
                taken, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
                if not self._waiting:
                    self._arrived.clear()
                await self._write_all(taken)
        finally:
            _refuse(self._waiting, WriterUnavailableError("The service is stopping."))
            if self._connection is not None:
                self._connection.terminate()

    async def _write_all(self, waiting: Sequence[tuple[Request, "asyncio.Future[Answer]"]]) -> None:
        """Write a batch; if it fails, halve it, so that one bad member cannot fail its neighbours."""
        try:
            outcomes = await self._commit_patiently([request for request, _ in waiting])
        except LOST_CONNECTION as error:
            log.error(f"{self._name}.database_away", error=repr(error), waiting=len(waiting))
            _refuse(waiting, WriterUnavailableError("The database is not answering."))
        except asyncio.CancelledError:
            _refuse(waiting, WriterUnavailableError("The service is stopping."))
            raise
        except Exception as error:
            if len(waiting) == 1:
                _refuse(waiting, self._explain(error))
                return
            middle = len(waiting) // 2
            await self._write_all(waiting[:middle])
            await self._write_all(waiting[middle:])
        else:
            self._answer(waiting, outcomes)
            await self._writer.committed(outcomes)

    def _explain(self, error: Exception) -> Exception:
        """What the client is told of what failed by itself."""
        if is_busy(error):
            log.warning(f"{self._name}.busy", error=repr(error))
            return WriterUnavailableError("Somebody else is busy with the same.")
        log.exception(f"{self._name}.failed")
        return error

    async def _commit_patiently(self, requests: Sequence[Request]) -> Sequence[Outcome[Answer]]:
        """Commit, reconnecting as needed. A commit whose answer was lost must be found again by `commit`."""
        for seconds in RETRY_SECONDS:
            try:
                return await self._commit(requests)
            except LOST_CONNECTION as error:
                log.warning(f"{self._name}.reconnect", error=repr(error))
                self._connection = None
                await asyncio.sleep(seconds)
        return await self._commit(requests)

    async def _commit(self, requests: Sequence[Request]) -> Sequence[Outcome[Answer]]:
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._database_url, **LOOKUPS)
        return await self._writer.commit(self._connection, requests)

    def _answer(
        self,
        waiting: Sequence[tuple[Request, "asyncio.Future[Answer]"]],
        outcomes: Sequence[Outcome[Answer]],
    ) -> None:
        put_off = []
        for (request, future), outcome in zip(waiting, outcomes, strict=True):
            if outcome is Next.BATCH:
                put_off.append((request, future))
            elif future.done():  # the client hung up; what was written stands
                continue
            elif isinstance(outcome, DomainError):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)
        if put_off:
            self._waiting[:0] = put_off
            self._arrived.set()


def _refuse(waiting: Sequence[tuple[object, "asyncio.Future[Answer]"]], error: Exception) -> None:
    for _, future in waiting:
        if not future.done():
            future.set_exception(error)
