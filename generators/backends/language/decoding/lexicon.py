"""The words of one language as a model's tokens, in arrays: what may come next is decided in microseconds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from generators.backends.language.decoding.tongue import Tongue
from generators.backends.language.decoding.words import Stand, Word

Mask = NDArray[np.bool_]  # one a word
Measure = NDArray[np.int16]  # the length of each word
NO_TOKEN: Final = -1


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """Rows of one length; row i is words[i].

    tokens: (words, most tokens of one), NO_TOKEN after the last.
    counts: tokens of each word, > 0.
    syllables, widths: of each word; a width is in characters, its space included.
    stands: Stand, as integers.
    """

    words: Sequence[Word]
    tokens: NDArray[np.int32]
    counts: NDArray[np.int16]
    syllables: Measure
    widths: Measure
    stands: NDArray[np.int8]

    def standing(self, stand: Stand) -> Mask:
        """Which words may stand there."""
        mask: Mask = (self.stands & int(stand)) != 0
        return mask


def build_lexicon(words: Iterable[Word], tongue: Tongue) -> Lexicon:
    """Words the vocabulary cannot write are left out."""
    firsts: list[Word] = []
    laters: list[Word] = []
    for word in words:
        (firsts if word.stand & Stand.FIRST else laters).append(word)
    spelt = [
        *zip(firsts, tongue.all_in_place([word.text for word in firsts], after="\n"), strict=True),
        *zip(laters, tongue.all_in_place([word.text for word in laters], after="a"), strict=True),
    ]
    return _to_arrays([(word, ids) for word, ids in spelt if ids])


def extend_lexicon(lexicon: Lexicon, words: Iterable[Word], tongue: Tongue) -> Lexicon:
    """The same with a few words more at the end."""
    more = build_lexicon(words, tongue)
    if not more.words:
        return lexicon
    width = max(lexicon.tokens.shape[1], more.tokens.shape[1])
    return Lexicon(
        [*lexicon.words, *more.words],
        np.concatenate([_widen(lexicon.tokens, width), _widen(more.tokens, width)]),
        np.concatenate([lexicon.counts, more.counts]),
        np.concatenate([lexicon.syllables, more.syllables]),
        np.concatenate([lexicon.widths, more.widths]),
        np.concatenate([lexicon.stands, more.stands]),
    )


def _to_arrays(spelt: Sequence[tuple[Word, list[int]]]) -> Lexicon:
    tokens = np.full((len(spelt), max((len(ids) for _, ids in spelt), default=1)), NO_TOKEN, np.int32)
    for row, (_, ids) in enumerate(spelt):
        tokens[row, : len(ids)] = ids
    words = [word for word, _ in spelt]
    return Lexicon(
        words,
        tokens,
        np.array([len(ids) for _, ids in spelt], np.int16),
        np.array([word.syllables for word in words], np.int16),
        np.array([len(word.text) for word in words], np.int16),
        np.array([int(word.stand) for word in words], np.int8),
    )


def _widen(tokens: NDArray[np.int32], width: int) -> NDArray[np.int32]:
    return np.pad(tokens, ((0, 0), (0, width - tokens.shape[1])), constant_values=NO_TOKEN)
