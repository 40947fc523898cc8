"""Server-sent events out of bytes, as much of the format as chat servers use.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

import codecs
from typing import Final

from generators.backends.language.remote.errors import MalformedAnswerError

MAX_EVENT_CHARS: Final = 65_536


class EventReader:
    """Takes bytes as they come, cut anywhere, and gives the data of each finished event."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._rest = ""
        self._data: list[str] = []
        self._chars = 0

    def feed(self, chunk: bytes) -> list[str]:
        """Raises: MalformedAnswerError for bytes that are no UTF-8 and for an event without end."""
        try:
            self._rest += self._decoder.decode(chunk)
        except UnicodeDecodeError as error:
            raise MalformedAnswerError("not UTF-8") from error
        *lines, self._rest = self._rest.replace("\r\n", "\n").split("\n")
        found = [event for line in lines if (event := self._take(line)) is not None]
        if self._chars + len(self._rest) > MAX_EVENT_CHARS:
            raise MalformedAnswerError("an event without end")
        return found

    def _take(self, line: str) -> str | None:
        """The data of the event that this line ends; comments and other fields are passed over."""
        if line.startswith("data:"):
            self._data.append(line[5:].removeprefix(" "))
            self._chars += len(line)
            return None
        if line or not self._data:
            return None
        event = "\n".join(self._data)
        self._data, self._chars = [], 0
        return event
