"""A chat completions server on 127.0.0.1 that answers by a script: well, badly, slowly or not at all."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

_PIECE_CHARS: Final = 7  # how much text an event carries: lines and headings are cut in their middle
_HOLD_SECONDS: Final = 30.0
_STREAM: Final = "text/event-stream; charset=utf-8"
_NO_HEADERS: Final[Mapping[str, str]] = {}


class Exchange:
    """One request and the means to answer it; handed to a Reply."""

    def __init__(
        self, handler: BaseHTTPRequestHandler, request: dict[str, Any], closing: threading.Event
    ) -> None:
        self.request = request
        self.closing = closing  # set when the test is over: whoever hangs must let go
        self._handler = handler

    def begin(self, status: int = 200, headers: Mapping[str, str] = _NO_HEADERS) -> None:
        self._handler.send_response(status)
        for name, value in {"content-type": _STREAM, **headers}.items():
            self._handler.send_header(name, value)
        self._handler.end_headers()

    def send(self, raw: bytes) -> None:
        self._handler.wfile.write(raw)
        self._handler.wfile.flush()

    def event(self, said: object) -> None:
        self.send(b"data: " + (said if isinstance(said, bytes) else json.dumps(said).encode()) + b"\n\n")

    def text(self, text: str) -> None:
        """The text in many small events, as a model speaks."""
        for start in range(0, len(text), _PIECE_CHARS):
            self.event(delta(text[start : start + _PIECE_CHARS]))

    def end(self, finish: str = "stop", usage: object = None) -> None:
        """The last events of a good answer."""
        self.event({"choices": [{"delta": {}, "finish_reason": finish}]})
        counts = {"prompt_tokens": 100, "completion_tokens": 40} if usage is None else usage
        self.event({"choices": [], "usage": counts, "model": "fake-1", "system_fingerprint": "fp_7"})
        self.event(b"[DONE]")


Reply = Callable[[Exchange], None]


def delta(text: str) -> dict[str, object]:
    return {"choices": [{"delta": {"content": text}, "finish_reason": None}]}


def says(text: str, finish: str = "stop") -> Reply:
    """A good answer."""

    def reply(exchange: Exchange) -> None:
        exchange.begin()
        exchange.text(text)
        exchange.end(finish)

    return reply


def breaks_off(text: str) -> Reply:
    """The connection ends in the middle of an answer."""

    def reply(exchange: Exchange) -> None:
        exchange.begin()
        exchange.text(text)

    return reply


def fails(status: int, body: str = "{}", headers: Mapping[str, str] = _NO_HEADERS) -> Reply:
    """An error status."""

    def reply(exchange: Exchange) -> None:
        exchange.begin(status, {"content-type": "application/json", **headers})
        exchange.send(body.encode())

    return reply


def sends(raw: bytes, headers: Mapping[str, str] = _NO_HEADERS) -> Reply:
    """These bytes, whatever they are."""

    def reply(exchange: Exchange) -> None:
        exchange.begin(headers=headers)
        exchange.send(raw)

    return reply


def falls_silent(exchange: Exchange) -> None:
    """Begins, and says nothing more until the test is over."""
    exchange.begin()
    exchange.event(delta("歌"))
    exchange.closing.wait(_HOLD_SECONDS)


def never_ends(piece: bytes) -> Reply:
    """Repeats itself until the client has had enough."""

    def reply(exchange: Exchange) -> None:
        exchange.begin()
        while not exchange.closing.is_set():
            exchange.send(piece)

    return reply


class FakeOpenAi:
    """Answers request after request by its script; the last reply stays. Remembers what it was asked."""

    def __init__(self, script: Sequence[Reply], url: str) -> None:
        self.url = url
        self.requests: list[dict[str, Any]] = []
        self.headers: list[Mapping[str, str]] = []
        self._script = list(script)
        self._lock = threading.Lock()

    def next_reply(self, request: dict[str, Any], headers: Mapping[str, str]) -> Reply:
        with self._lock:
            self.requests.append(request)
            self.headers.append(headers)
            return self._script.pop(0) if len(self._script) > 1 else self._script[0]


@contextmanager
def openai_server(*script: Reply) -> Iterator[FakeOpenAi]:
    """Runs until the context ends."""
    closing = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        timeout = _HOLD_SECONDS  # the end waits for all handlers, also for one that nobody speaks to

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            request = json.loads(body)
            assert self.path == "/v1/chat/completions"
            try:
                fake.next_reply(request, dict(self.headers.items()))(Exchange(self, request, closing))
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the client has had enough

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    fake = FakeOpenAi(script, f"http://127.0.0.1:{server.server_address[1]}/v1")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield fake
    finally:
        closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
