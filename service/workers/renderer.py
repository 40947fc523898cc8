"""The child process in which works are made."""

import importlib
import os
import signal
import sys
import threading
import traceback
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from service.workers.messages import Broken, Ready
from service.workers.rendering import Locked, Rendering

if TYPE_CHECKING:
    from service.jobs.products import WorkMaker


def main() -> None:
    """`python -m service.workers.renderer MODULE:FUNCTION FD`: the pipe is an inherited socket."""
    producer_name, descriptor = sys.argv[1:]
    serve(Connection(int(descriptor)), producer_name)


def load_maker(name: str) -> "WorkMaker":
    """What "module:function" makes; loading its models may take minutes."""
    module, _, function = name.partition(":")
    maker: WorkMaker = getattr(importlib.import_module(module), function)()
    return maker


def serve(connection: Connection, producer_name: str) -> None:
    """Make works until the parent hangs up; also when the parent is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    say = Locked(connection.send)
    try:
        maker = load_maker(producer_name)
    except Exception:
        say(Broken(traceback.format_exc()))
        return
    rendering = Rendering(maker, say)
    threading.Thread(target=_listen, args=(connection, rendering), name="listener", daemon=True).start()
    say(Ready(dict(maker.offers())))
    rendering.serve()


def _listen(connection: Connection, rendering: Rendering) -> None:
    """Pass the parent's wishes on. When it hangs up, nobody wants what is being made: end at once."""
    while True:
        try:
            wish = connection.recv()
        except (EOFError, OSError):
            os._exit(0)
        rendering.obey(wish)


if __name__ == "__main__":
    main()
