"""The asker's own words: which lines must hold them if the model has not used them by then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from generators.backends.studio.lyrics.theme import clean
from generators.specs import Language


@dataclass(frozen=True, slots=True)
class Woven:
    """Words for one line."""

    words: Sequence[str]

    def phrase(self, language: Language, written: str) -> str:
        """Those of the words that are not in `written` yet, as one phrase; "" when all are."""
        folded = written.casefold()
        missing = [word for word in self.words if word.casefold() not in folded]
        if language is Language.ZH:
            return "、".join(missing)
        return " and ".join(filter(None, (", ".join(missing[:-1]), *missing[-1:])))


def deal(words: Sequence[str], lines: int) -> Mapping[int, Woven]:
    """Words by the index of their line: spread over the song, never in its first line while there is room.

    Args:
        lines: how many different lines the song has, > 0.
    """
    names = list(dict.fromkeys(name for word in words if (name := clean(word))))
    if not names:
        return {}
    places = min(len(names), max(1, lines - 1))
    step = max(1, (lines - 1) // places)
    first = 1 if lines > 1 else 0
    return {first + i * step: Woven(names[i::places]) for i in range(places)}


def is_woven(text: str, words: Sequence[str]) -> bool:
    """Whether a song holds all of the words, however they are capitalised."""
    folded = text.casefold()
    return all(clean(word).casefold() in folded for word in words)
