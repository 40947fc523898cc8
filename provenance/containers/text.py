"""The implicit label of Markdown and plain text: a map `AIGC` in YAML front matter.

Source: TC260-PG-20258A. The front matter of others stays; we only read and write this one map, line by line,
for that needs no YAML.
"""

import json
from collections.abc import Iterator
from typing import Final

import regex

from provenance.containers.carried import LONGEST_BYTES, Carried
from provenance.containers.errors import ContainerError

_FENCE: Final = "---"
_MARK: Final = "\ufeff"
_MOST: Final = 1000  # lines of front matter
# The blanks around a value are stripped afterwards: a pattern for them takes the square of a line's length.
_PAIR: Final = regex.compile(r"\s+(\w+)\s*:(.*)")
_INLINE: Final = regex.compile(r"(AIGC|\"AIGC\"|'AIGC')\s*:(.*)")


def write(content: bytes, text: str, source_type: str | None = None) -> bytes:
    """The same text with the label before it; one that was there is replaced. Raises: ContainerError."""
    front, body = _split(_decoded(content))
    kept = [line for line in _without_label(front) if not line.startswith("DigitalSourceType:")]
    label = [f"  {key}: {json.dumps(value)}" for key, value in json.loads(text).items()]
    source = [] if source_type is None else [f"DigitalSourceType: {json.dumps(source_type)}"]
    return "\n".join([_FENCE, *kept, "AIGC:", *label, *source, _FENCE, body]).encode()


def read(content: bytes) -> list[Carried]:
    """The map as JSON, whether it stands in lines, in braces or as a string. Raises: ContainerError."""
    front, _ = _split(_decoded(content))
    return [Carried("yaml", text) for text in _labels(front)]


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8").removeprefix(_MARK)
    except UnicodeDecodeError as error:
        raise ContainerError("a text that is not UTF-8") from error


def _split(text: str) -> tuple[list[str], str]:
    """Lines of the front matter, none without any, and the text behind it."""
    lines = text[:LONGEST_BYTES].split("\n", _MOST)
    if lines[0].rstrip() != _FENCE:
        return [], text
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() == _FENCE:
            behind = sum(len(one) + 1 for one in lines[: number + 1])
            return [one.rstrip("\r") for one in lines[1:number]], text[behind:]
    return [], text


def _labels(front: list[str]) -> Iterator[str]:
    for number, line in enumerate(front):
        found = _INLINE.fullmatch(line)
        if found is None:
            continue
        if value := found[2].strip():
            yield _unquoted(value)
            continue
        pairs = (_PAIR.fullmatch(one) for one in _indented(front[number + 1 :]))
        yield json.dumps(
            {pair[1]: _unquoted(pair[2].strip()) for pair in pairs if pair}, separators=(",", ":")
        )


def _without_label(front: list[str]) -> list[str]:
    kept: list[str] = []
    inside = False
    for line in front:
        inside = bool(_INLINE.fullmatch(line)) or (inside and line[:1].isspace())
        if not inside:
            kept.append(line)
    return kept


def _indented(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if not line[:1].isspace():
            return
        yield line


def _unquoted(value: str) -> str:
    if value[:1] == '"':
        try:
            return str(json.loads(value))
        except json.JSONDecodeError:
            return value
    return value[1:-1].replace("''", "'") if value[:1] == "'" == value[-1:] and len(value) > 1 else value
