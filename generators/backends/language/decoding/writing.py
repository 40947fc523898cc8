"""What a model needs to write in one language: its words as tokens, and how they end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from generators.backends.language.decoding.lexicon import Lexicon, build_lexicon, extend_lexicon
from generators.backends.language.decoding.rhymes import Sounds
from generators.backends.language.decoding.tongue import Tongue
from generators.backends.language.decoding.words import extra_words, words_of
from generators.contracts import BackendUnavailableError
from generators.specs import Language

_RHYMES: Final = 8  # different ends a sound must have to count as one a song can rest on
_SOUNDS: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class Writing:
    """One language through one vocabulary."""

    lexicon: Lexicon
    sounds: Sounds
    tongue: Tongue

    def extended(self, texts: Sequence[str], language: Language) -> "Writing":
        """The same, with the words of the asker's texts."""
        more = extend_lexicon(self.lexicon, extra_words(" ".join(texts), language), self.tongue)
        return self if more is self.lexicon else Writing(more, Sounds(more.words, language), self.tongue)


def open_writing(language: Language, tongue: Tongue) -> Writing:
    """Takes a second for a large vocabulary; keep what it returns.

    Raises: BackendUnavailableError when the vocabulary cannot write enough rhymes of the language.
    """
    lexicon = build_lexicon(words_of(language, list(tongue.vocabulary.values())), tongue)
    sounds = Sounds(lexicon.words, language)
    if sum(ends >= _RHYMES for ends in sounds.supply.values()) < _SOUNDS:
        raise BackendUnavailableError(f"this model's vocabulary cannot write {language.value} verse")
    return Writing(lexicon, sounds, tongue)
