"""One request to a chat server and its streamed answer, bounded in time and size."""

import email.utils
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from generators.backends.language.remote.chunks import Chunk, read_chunk
from generators.backends.language.remote.errors import (
    BusyError,
    ConnectionLostError,
    MalformedAnswerError,
    MisconfiguredError,
    RefusedError,
    ServerTroubleError,
)
from generators.backends.language.remote.events import EventReader
from generators.backends.language.settings import OpenAiSettings

Message = Mapping[str, str]  # {"role", "content"}
_DONE: Final = "[DONE]"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of an answer besides its text.

    is_whole: False when the server stopped it at the token limit.
    usage: as the server said it; None when it did not.
    model, fingerprint: what the server calls itself, "" when it does not say.
    """

    is_whole: bool
    usage: object
    model: str
    fingerprint: str


class ChatClient:
    """Speaks to one server; any thread. `close` it in the end."""

    def __init__(self, settings: OpenAiSettings) -> None:
        self._settings = settings
        self._url = str(settings.url).rstrip("/") + "/chat/completions"
        key = settings.api_key.get_secret_value() if settings.api_key else None
        self._client = httpx.Client(
            headers={"accept": "text/event-stream", "accept-encoding": "identity"}
            | ({"authorization": f"Bearer {key}"} if key else {}),
            timeout=httpx.Timeout(settings.timeout_seconds, connect=settings.connect_timeout_seconds),
            limits=httpx.Limits(max_connections=settings.max_concurrent),
            trust_env=False,  # the server is configured, not found; and no .netrc
        )

    def close(self) -> None:
        self._client.close()

    def ask(self, messages: Sequence[Message], seed: int, take: Callable[[str], None]) -> Answer:
        """Send one request and give `take` each piece of the answer; what `take` raises ends the answer.

        A server that falls silent is given up within twice the time limit.
        Raises: AskingError, MisconfiguredError, RefusedError.
        """
        deadline = time.monotonic() + self._settings.timeout_seconds
        try:
            with self._client.stream("POST", self._url, json=self._body(messages, seed)) as response:
                _require_ok(response)
                return _read(self._chunks(response, deadline), take)
        except httpx.HTTPError as error:
            raise ConnectionLostError(type(error).__name__) from error

    def _body(self, messages: Sequence[Message], seed: int) -> dict[str, Any]:
        settings = self._settings
        return {
            "model": settings.model,
            "messages": list(messages),
            "seed": seed,
            "temperature": settings.temperature,
            "top_p": settings.top_p,
            settings.token_limit_field: settings.max_new_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
        }

    def _chunks(self, response: httpx.Response, deadline: float) -> Iterator[Chunk]:
        """What the server says, event by event; one chunk where it does not stream.

        Raises: MalformedAnswerError for a stream that breaks off before its end.
        """
        pieces = self._bounded(response, deadline)
        if response.headers.get("content-type", "").startswith("application/json"):
            yield read_chunk(b"".join(pieces))
            return
        events = EventReader()
        is_ended = False
        for event in (event for piece in pieces for event in events.feed(piece)):
            if event.strip() == _DONE:
                return
            chunk = read_chunk(event)
            is_ended = is_ended or chunk.finish is not None
            yield chunk
        if not is_ended:
            raise ConnectionLostError("the answer broke off")

    def _bounded(self, response: httpx.Response, deadline: float) -> Iterator[bytes]:
        left = self._settings.max_answer_bytes
        for piece in response.iter_raw():
            left -= len(piece)
            if left < 0:
                raise MalformedAnswerError(f"more than {self._settings.max_answer_bytes} bytes")
            if time.monotonic() > deadline:
                raise ConnectionLostError("the answer took too long")
            yield piece


def _read(chunks: Iterator[Chunk], take: Callable[[str], None]) -> Answer:
    finish, usage, model, fingerprint, has_text = None, None, None, None, False
    for chunk in chunks:
        finish, usage = chunk.finish or finish, chunk.usage or usage
        model, fingerprint = chunk.model or model, chunk.fingerprint or fingerprint
        has_text = has_text or bool(chunk.text.strip())
        if chunk.text:
            take(chunk.text)
    if not has_text:
        raise MalformedAnswerError("an empty answer")
    return Answer(finish != "length", usage, _name(model), _name(fingerprint))


def _require_ok(response: httpx.Response) -> None:
    status = response.status_code
    if status == httpx.codes.OK:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise MalformedAnswerError("a compressed answer, which was not asked for")
        return
    if status == httpx.codes.TOO_MANY_REQUESTS:
        raise BusyError(status, read_wait_seconds(response.headers.get("retry-after")))
    if status == httpx.codes.SERVICE_UNAVAILABLE and "retry-after" in response.headers:
        raise BusyError(status, read_wait_seconds(response.headers["retry-after"]))
    if status >= 500 or status == httpx.codes.REQUEST_TIMEOUT:
        raise ServerTroubleError(f"the server answered {status}")
    if status < 400 or status in {401, 403, 404, 405}:
        raise MisconfiguredError(f"the server answered {status}: check address, model and key")
    raise RefusedError(f"the server answered {status}")


def read_wait_seconds(header: str | None) -> float | None:
    """Retry-After, in seconds or as a date (RFC 9110 section 10.2.3); None when it makes no sense."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header[:12])
    try:
        until = email.utils.parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, (until.astimezone(UTC) - datetime.now(UTC)).total_seconds())


def _name(said: str | None) -> str:
    """A server's own word for something, fit to be recorded."""
    return "".join(char for char in said or "" if char.isprintable())[:100]
