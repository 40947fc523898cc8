"""What goes over the pipe to a child that lasts: JSON, and files beside it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Final

LARGEST_BYTES: Final = 256 << 20  # of one file
MOST_FILES: Final = 4
FILES: Final = "files"


@dataclass(frozen=True, slots=True)
class Message:
    """head: plain JSON data. Nothing is ever unpickled: whoever parses files may have been taken over."""

    head: Mapping[str, Any]
    files: Sequence[bytes] = field(default=())


def send(connection: Connection, message: Message) -> None:
    """Blocks while the other side does not read. Raises: OSError: it is gone."""
    connection.send_bytes(json.dumps({**message.head, FILES: len(message.files)}).encode())
    for file in message.files:
        connection.send_bytes(file)


def receive(connection: Connection) -> Message:
    """Blocks. Raises: EOFError, OSError: the other side is gone, or sent too much; ValueError, TypeError."""
    head = json.loads(connection.recv_bytes(LARGEST_BYTES))
    if not isinstance(head, dict):
        raise TypeError("not a message")
    count = head.pop(FILES)
    if not 0 <= count <= MOST_FILES:
        raise ValueError("more files than a message holds")
    return Message(head, [connection.recv_bytes(LARGEST_BYTES) for _ in range(count)])
