"""A client's back end on 127.0.0.1 that takes webhooks by a script, and remembers what came."""

import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

HOLD_SECONDS: Final = 30.0
ENDLESS: Final = -200  # a status: 200, and then a body that does not end


@dataclass(frozen=True)
class Received:
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Receiver:
    """`statuses`: what is answered next, 200 once they are used up. `held`: answers wait until it is set."""

    url: str
    statuses: list[int] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    held: threading.Event = field(default_factory=threading.Event)
    most_at_once: int = 0
    closing: threading.Event = field(default_factory=threading.Event)
    _at_once: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self, received: Received) -> int:
        with self._changed:
            self.received.append(received)
            self._changed.notify_all()
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            status = self.statuses.pop(0) if self.statuses else 200
        self.held.wait(HOLD_SECONDS)
        with self._changed:
            self._at_once -= 1
        return status

    def wait_for(self, count: int) -> bool:
        """Block until so many have come; False when they do not."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.received) >= count, HOLD_SECONDS)

    def types(self) -> list[str]:
        return [received.event["type"] for received in self.received]


@contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Runs until the context ends; nothing is held to begin with."""

    class Handler(BaseHTTPRequestHandler):
        timeout = HOLD_SECONDS  # the end waits for all handlers, also for one that nobody speaks to

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = receiver.take(Received(self.path, headers, body))
            try:
                self._answer(status)
            except OSError:
                self.close_connection = True  # the sender has heard enough

        def _answer(self, status: int) -> None:
            self.send_response(abs(status))
            if 300 <= status < 400:
                self.send_header("location", f"{receiver.url}/elsewhere")
            if status != ENDLESS:
                self.send_header("content-length", "0")
            self.end_headers()
            while status == ENDLESS and not receiver.closing.is_set():
                self.wfile.write(b"x" * 65536)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    scheme = "http" if tls is None else "https"
    receiver = Receiver(f"{scheme}://127.0.0.1:{server.server_address[1]}")
    receiver.held.set()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.closing.set()
        receiver.held.set()
        server.shutdown()
        thread.join()
        server.server_close()
