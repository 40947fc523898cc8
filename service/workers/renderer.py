"""The child process in which works are made, and the words it exchanges with its parent over a pipe."""

import importlib
import signal
import sys
import time
import traceback
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Final

from service.workers.messages import Broken, Cancel, Done, Ready, Start, Stepped

if TYPE_CHECKING:
    from service.workers.production import Producer

REPORT_SECONDS: Final = 0.1  # between two reports of one job, so that progress never floods


class PipeProgress:
    """Reports steps to the parent and hears cancellations, both without waiting."""

    def __init__(self, connection: Connection, number: int) -> None:
        self._connection = connection
        self._number = number
        self._cancelled: set[int] = set()
        self._reported: dict[int, float] = {}

    def step(self, index: int, step: int, steps: int) -> bool:
        while self._connection.poll():
            message = self._connection.recv()
            if isinstance(message, Cancel) and message.number == self._number:
                self._cancelled.add(message.index)
        now = time.monotonic()
        if step == steps or now - self._reported.get(index, 0.0) >= REPORT_SECONDS:
            self._reported[index] = now
            self._connection.send(Stepped(index, step, steps))
        return index not in self._cancelled

    def section(self, index: int, text: str) -> None:
        """Nobody listens to parts yet."""


def main() -> None:
    """`python -m service.workers.renderer MODULE:FUNCTION FD`: the pipe is an inherited socket."""
    producer_name, descriptor = sys.argv[1:]
    serve(Connection(int(descriptor)), producer_name)


def serve(connection: Connection, producer_name: str) -> None:
    """Make batch after batch until the parent hangs up; also when the parent is killed.

    Args:
        producer_name: "module:function" of what makes the Producer.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    try:
        module, _, function = producer_name.partition(":")
        producer: Producer = getattr(importlib.import_module(module), function)()
    except Exception:
        connection.send(Broken(traceback.format_exc()))
        return
    connection.send(Ready(producer.offers()))
    try:
        while True:
            message = connection.recv()
            if isinstance(message, Start):
                progress = PipeProgress(connection, message.number)
                connection.send(Done(producer.make(message.order, progress)))
    except (EOFError, OSError):  # hung up, also in the middle of a batch
        return


if __name__ == "__main__":
    main()
