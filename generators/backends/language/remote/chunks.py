"""What one message of a chat server says: the next piece of text, why it ended, what it took."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generators.backends.language.remote.errors import MalformedAnswerError, RefusedError


@dataclass(frozen=True, slots=True)
class Chunk:
    """One event of a stream, or a whole answer of a server that does not stream."""

    text: str
    finish: str | None
    usage: object
    model: str | None
    fingerprint: str | None


def read_chunk(payload: str | bytes) -> Chunk:
    """Raises: MalformedAnswerError; RefusedError when a content filter ended the answer."""
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise MalformedAnswerError("not JSON") from error
    if not isinstance(said, dict) or "error" in said:
        raise MalformedAnswerError("an error in place of an answer")
    choices = said.get("choices")
    if not isinstance(choices, list):
        raise MalformedAnswerError("no choices")
    first = choices[0] if choices else {}  # the last event of a stream has usage and no choice
    if not isinstance(first, dict):
        raise MalformedAnswerError("a choice of another shape")
    finish = _text(first, "finish_reason")
    if finish == "content_filter":
        raise RefusedError("the server's content filter ended the answer")
    part = first.get("delta") or first.get("message") or {}
    if not isinstance(part, dict):
        raise MalformedAnswerError("a choice of another shape")
    return Chunk(
        _text(part, "content") or "",
        finish,
        said.get("usage"),
        _text(said, "model"),
        _text(said, "system_fingerprint"),
    )


def _text(said: Mapping[str, Any], name: str) -> str | None:
    value = said.get(name)
    if value is not None and not isinstance(value, str):
        raise MalformedAnswerError(f"{name} is no text")
    return value
