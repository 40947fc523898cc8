"""How askers may call themselves before their friends: a name, and no advertisement."""

from typing import Final

import regex

MAX_CHARS: Final = 20
MAX_DIGITS: Final = 4  # a birthday at most: no number to call and no account to add

_NAME: Final = regex.compile(r"[\p{L}\p{M}\p{N}\p{Extended_Pictographic}\u200d\ufe0f ·・'’\-]+")
_SEEN: Final = regex.compile(
    r"[[\p{L}\p{N}\p{Extended_Pictographic}]--\p{Default_Ignorable_Code_Point}]", regex.VERSION1
)
_PILE: Final = regex.compile(r"\p{M}{5}")  # no script has so many on one letter; they cover the lines around
_DIGIT: Final = regex.compile(r"\p{N}")


def require_name(text: str) -> str:
    """The name as it is.

    Raises: ValueError for anything that could be an address, a number or a link, for what shows nothing, and
        for what shows over its neighbours.
    """
    is_name = len(text) <= MAX_CHARS and _NAME.fullmatch(text) is not None
    if not is_name or _SEEN.search(text) is None or _PILE.search(text) is not None:
        raise ValueError("is a name: letters, spaces and a few signs")
    if len(_DIGIT.findall(text)) > MAX_DIGITS:
        raise ValueError(f"has more than {MAX_DIGITS} digits")
    return text
