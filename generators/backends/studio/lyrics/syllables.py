"""How many syllables a singer needs for a line."""

import functools
from typing import Final

import regex

from generators.backends.studio.lyrics.pronunciations import find_pronunciations, words_in

_VOWEL_GROUPS: Final = regex.compile(r"[aeiouy]+")
# Outside Latin, a written letter is taken for a syllable: exact for Han, near enough elsewhere.
_OTHER_LETTERS: Final = regex.compile(r"[\p{L}\p{N}--[a-zA-Z']]", flags=regex.VERSION1)


def count_syllables(text: str) -> int:
    """Syllables of a line in any mix of languages; 0 for a text without letters or digits."""
    return len(_OTHER_LETTERS.findall(text)) + sum(map(_in_word, words_in(text)))


@functools.lru_cache(maxsize=16384)
def _in_word(word: str) -> int:
    sounds = find_pronunciations(word)
    if sounds:
        return sum(sound[-1].isdigit() for sound in sounds[0].split(" "))
    return _guess(word)


def _guess(word: str) -> int:
    """Vowel groups, less a silent final e; at least one."""
    groups = len(_VOWEL_GROUPS.findall(word))
    is_silent = word.endswith("e") and not word.endswith(("le", "ee", "ye")) and groups > 1
    return max(1, groups - is_silent)
