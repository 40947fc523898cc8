"""The embedded engines for code that is not async: command line, migrations, fixtures."""

import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from service.engines import processes, supervisor
from service.engines.endpoints import Endpoints, plain_database_url
from service.engines.errors import EngineBusyError
from service.engines.folders import EngineFolder, open_engine_folder
from service.engines.locks import FileLock, exclusive
from service.engines.postgres import Postgres
from service.engines.server import Server
from service.engines.valkey import Valkey

_TURN_SECONDS: Final = 300.0  # more than starting both may take


class BlockingEngines:
    """A private Postgres and Valkey in one data folder, shared by every process that uses the folder.

    Each user holds a shared lock on `engines/users.lock`, which the kernel frees even after kill -9. Who
    stops and finds no other user stops the engines too. Safe to use from several threads.

    database_url, redis_url: a server to use instead; that engine is then not started at all.
    """

    def __init__(
        self, data_dir: Path, *, database_url: str | None = None, redis_url: str | None = None
    ) -> None:
        self._data_dir = data_dir
        self._database_url = database_url and plain_database_url(database_url)
        self._redis_url = redis_url
        self._turn = threading.Lock()
        self._membership: _Membership | None = None

    def __enter__(self) -> Endpoints:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Endpoints:
        """Bring up what is not up yet, making its files on first use, and return when both answer.

        Raises:
            EngineError: nothing is held then, and engines that nobody uses have been stopped.
        """
        database_url, redis_url = self._database_url, self._redis_url
        if database_url is not None and redis_url is not None:
            return Endpoints(database_url, redis_url)
        with self._turn:
            folder = open_engine_folder(self._data_dir)
            postgres, valkey = Postgres(folder), Valkey(folder)
            if self._membership is None:
                wanted = [postgres] * (database_url is None) + [valkey] * (redis_url is None)
                self._membership = _Membership.join(folder, wanted)
            return Endpoints(database_url or postgres.url, redis_url or valkey.url)

    def ensure(self) -> None:
        """Bring back an engine that has died; microseconds when none has. Does nothing after `stop`.

        Raises: EngineError.
        """
        with self._turn:
            if self._membership is not None:
                self._membership.heal()

    def stop(self) -> None:
        """Leave; the last user also stops the engines. Harmless when not started.

        Raises: EngineError.
        """
        with self._turn:
            if self._membership is not None:
                membership, self._membership = self._membership, None
                membership.leave()


def stop_unused(data_dir: Path) -> bool:
    """Stop engines that a killed process has left running; False when some process still uses them."""
    folder = open_engine_folder(data_dir)
    users = FileLock(folder.users_lock)
    try:
        with exclusive(folder.start_lock, timeout_seconds=_TURN_SECONDS):
            return _stop_if_last(folder, users)
    finally:
        users.release()


class _Membership:
    """Our shared lock on one folder, and the processes that answered when we looked last."""

    def __init__(self, folder: EngineFolder, users: FileLock) -> None:
        self._folder = folder
        self._users = users
        self._leaders: dict[Server, int | None] = {}

    @classmethod
    def join(cls, folder: EngineFolder, servers: Sequence[Server]) -> Self:
        membership = cls(folder, FileLock(folder.users_lock))
        with exclusive(folder.start_lock, timeout_seconds=_TURN_SECONDS):
            if not membership._users.try_shared():
                raise EngineBusyError(f"{folder.users_lock} is held by something that is not huajian")
            try:
                for server in servers:
                    membership._bring_up(server)
            except BaseException:
                membership._leave()
                raise
        return membership

    def heal(self) -> None:
        dead = [server for server, leader in self._leaders.items() if not _is_alive(server, leader)]
        if dead:
            with exclusive(self._folder.start_lock, timeout_seconds=_TURN_SECONDS):
                for server in dead:
                    self._bring_up(server)

    def leave(self) -> None:
        # Under the same lock as starting: nobody joins engines that are about to stop.
        with exclusive(self._folder.start_lock, timeout_seconds=_TURN_SECONDS):
            self._leave()

    def _bring_up(self, server: Server) -> None:
        supervisor.bring_up(server)
        self._leaders[server] = server.find_leader()

    def _leave(self) -> None:
        try:
            _stop_if_last(self._folder, self._users)
        finally:
            self._users.release()


def _stop_if_last(folder: EngineFolder, users: FileLock) -> bool:
    """Both engines, for an earlier user may have left one that we never asked for."""
    if not users.try_exclusive():
        return False
    for server in (Valkey(folder), Postgres(folder)):
        supervisor.take_down(server)
    return True


def _is_alive(server: Server, leader: int | None) -> bool:
    """A leader in another container shares our folder but not our process table: ask it instead."""
    return server.answers() if leader is None else processes.is_running(leader, server.token)
