"""The rehearsal over real HTTP on 127.0.0.1, in a thread of its own."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

from service.rehearsal import forms
from service.rehearsal.api import Api, Reply
from service.rehearsal.bank import Bank
from service.rehearsal.biller import Biller
from service.rehearsal.clock import RehearsalClock
from service.rehearsal.objects import Objects

MAX_BODY_BYTES: Final = 256 * 1024
POLL_SECONDS: Final = 0.02
SOCKET_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A running payment service that takes no money. `url` is what a gateway calls instead of Stripe.

    clock: the service's own, which people may move on; None: nobody may.
    """

    url: str
    webhook_secret: str
    objects: Objects
    bank: Bank
    biller: Biller
    clock: RehearsalClock | None = None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = SOCKET_SECONDS
    api: Api
    key: str

    def do_GET(self) -> None:
        self._answer("")

    def do_DELETE(self) -> None:
        self._answer("")

    def do_POST(self) -> None:
        length = self.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MAX_BODY_BYTES:
            self.close_connection = True
            self._send(Reply(413, {"error": {"type": "invalid_request_error", "message": "too large"}}))
            return
        self._answer(self.rfile.read(int(length)).decode("utf-8", "replace"))

    def _answer(self, body: str) -> None:
        address = urlsplit(self.path)
        if self.headers.get("authorization") != f"Bearer {self.key}":
            self._send(Reply(401, {"error": {"type": "invalid_request_error", "message": "Invalid API Key"}}))
            return
        try:
            params = forms.decode(body or address.query)
        except ValueError as error:
            self._send(Reply(400, {"error": {"type": "invalid_request_error", "message": str(error)}}))
            return
        key = self.headers.get("idempotency-key")
        self._send(self.api.answer(self.command, address.path, params, key))

    def _send(self, reply: Reply) -> None:
        content = json.dumps(reply.body).encode()
        self.send_response(reply.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        return


@contextmanager
def rehearse(
    objects: Objects, *, key: str, webhook_secret: str, clock: RehearsalClock | None = None
) -> Iterator[Rehearsal]:
    """Serve until the context ends. Nobody but a holder of `key` is answered.

    Args:
        webhook_secret: what whoever delivers the events signs them with.
    """
    bank = Bank(objects)
    biller = Biller(bank)
    handler = type("Handler", (_Handler,), {"api": Api(objects, bank, biller), "key": key})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": POLL_SECONDS})
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        yield Rehearsal(url, webhook_secret, objects, bank, biller, clock)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
