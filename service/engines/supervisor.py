"""Bringing one engine up, whatever was left of it, and taking it down. The caller holds `start.lock`.

The engine and all its children keep `life_lock` open, so it is free exactly when the last of them has
ended. That is the one question that decides whether the files may be touched; a process id in a file
may be stale, reused, or a zombie.
"""

import math
import signal
import time
from typing import Final

import structlog

from service.engines import processes
from service.engines.errors import EngineDiedError, EngineStartError, EngineStopError
from service.engines.locks import FileLock, is_held
from service.engines.server import Server

_POLL_SECONDS: Final = 0.02
_LONGEST_POLL_SECONDS: Final = 0.2
_READY_SECONDS: Final = 120.0  # recovery after a crash replays up to max_wal_size
_LOOKS_FOR_A_LEADER: Final = 8
_STOP_SECONDS: Final = 60.0
_KILL_SECONDS: Final = 10.0

log = structlog.get_logger(__name__)


def bring_up(server: Server) -> None:
    """Adopt the engine when it runs, start it when it does not, and return when it answers.

    Raises:
        EngineStartError: it did not come up (EngineDiedError: it ended); nothing that works was harmed.
        EngineStopError: children of a dead server would not go away.
    """
    if server.answers() or _await_answer(server, looks=_LOOKS_FOR_A_LEADER):
        log.info("engine.adopted", engine=server.name)
        return
    began = time.monotonic()
    _sweep(server)
    _spawn(server)
    if not _await_answer(server):
        raise EngineDiedError(f"{server.name} ended while starting: {server.printed()}")
    log.info("engine.started", engine=server.name, seconds=round(time.monotonic() - began, 3))


def take_down(server: Server) -> None:
    """End the engine cleanly; by force when it does not obey, which its next start repairs.

    Raises:
        EngineStopError: it would not go away even so.
    """
    leader = server.find_leader()
    if leader is None and not is_held(server.life_lock):
        return
    if leader is not None:
        processes.signal_quietly(leader, server.stop_signal)
        if not _await_free(server, _STOP_SECONDS):
            log.warning("engine.stop_forced", engine=server.name)
    _sweep(server)
    server.tidy()
    log.info("engine.stopped", engine=server.name)


def _await_answer(server: Server, *, looks: float = math.inf) -> bool:
    """Wait for a server that is on its way up or down; True once it answers, False once it is gone.

    looks: how often in a row the server may be missing before what holds the lock is taken for its
        orphans. Once is not enough: a command line is empty while a program loads or retitles itself.
    """
    deadline = time.monotonic() + _READY_SECONDS
    pause, missing = _POLL_SECONDS, 0
    while is_held(server.life_lock) and missing < looks:
        if server.answers():
            return True
        missing = missing + 1 if server.find_leader() is None else 0
        if time.monotonic() > deadline:
            # Never ended by force: it may be replaying a long log, or serve others over another path.
            raise EngineStartError(
                f"{server.name} runs but does not answer at {server.url}: {server.printed()}"
            )
        time.sleep(pause)
        pause = min(pause * 1.2, _LONGEST_POLL_SECONDS)  # each look is a line in the log while it recovers
    return False


def _spawn(server: Server) -> None:
    runner = server.prepare()
    life = FileLock(server.life_lock)
    try:
        if not life.try_exclusive():
            raise EngineStartError(f"something still runs on {server.home}")
        runner.spawn(server.command(), lock=life.descriptor, log=server.log)
    finally:
        life.release()  # our copy; the engine has inherited its own


def _sweep(server: Server) -> None:
    """End what outlived its server, such as a Postgres session in a long statement.

    Killing is right: their server is gone, and what they shared with it is rebuilt from the log.
    """
    deadline = time.monotonic() + _KILL_SECONDS
    while orphans := processes.find(server.token) or is_held(server.life_lock):
        if time.monotonic() > deadline:
            raise EngineStopError(f"processes on {server.home} would not end: {orphans}")
        for pid in processes.find(server.token):
            processes.signal_quietly(pid, signal.SIGKILL)
        time.sleep(_POLL_SECONDS)


def _await_free(server: Server, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while is_held(server.life_lock):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True
