"""What a picture is called: the beginning of what was asked for."""

from typing import Final

import regex

_GRAPHEMES: Final = 24
_ENDS: Final = regex.compile(r"[,，。.;；!！?？\n]")


def title_of(prompt: str) -> str:
    """The first clause of a prompt, at most 24 graphemes, an ellipsis included when it is cut."""
    clause = next((part for part in map(str.strip, _ENDS.split(prompt)) if part), prompt.strip())
    graphemes = regex.findall(r"\X", regex.sub(r"\s+", " ", clause))
    if len(graphemes) <= _GRAPHEMES:
        return "".join(graphemes)
    return "".join(graphemes[: _GRAPHEMES - 1]).rstrip() + "…"
