"""The words of a scene: white on a shade at the foot of the picture, above the label."""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from generators.backends.studio.motion.reel import FILM_HEIGHT_PX, FILM_WIDTH_PX
from generators.contracts import Box
from generators.fonts.voices import open_voice
from generators.specs import Language
from generators.typesetting.block import Align, Block
from generators.typesetting.breaking import PROSE, VERSE
from generators.typesetting.composing import compose
from generators.typesetting.fitting import Wish, fit
from generators.typesetting.paragraph import arrange
from generators.typesetting.wording import curl_quotes

INK: Final = (252, 248, 240)
_SIDE_PX: Final = 64.0
_SIZE_PX: Final = 41.0
_LEAST_PX: Final = 19.0
_HIGHEST_SHARE: Final = 0.34  # of the page's height: captions begin below
_FADE_PX: Final = 190.0  # how softly the shade begins above the words
_SHADE: Final = 0.7  # white on what is left has 4.5:1 even where the picture is white


def set_caption(text: str, language: Language, lowest: float, fonts: Path | None = None) -> Block:
    """Rows in the middle whose last one ends at `lowest`, in the film's pixels."""
    is_latin = language is Language.EN
    voice = open_voice("en_text" if is_latin else "zh_text", fonts)
    words = compose(curl_quotes(text, language), voice, is_latin_text=is_latin, longest_em=13.0)
    top = FILM_HEIGHT_PX * _HIGHEST_SHARE
    box = Box(_SIDE_PX, top, FILM_WIDTH_PX - _SIDE_PX, lowest)
    wish = Wish(
        _SIZE_PX,
        _LEAST_PX,
        pitch=1.36 if is_latin else 1.6,
        measure_em=24.0 if is_latin else 14.0,
        align=Align.CENTRE,
        taste=PROSE if is_latin else VERSE,
    )
    block = fit(arrange(words.atoms), box, wish)
    return block.moved(0.0, lowest - block.ink.bottom) if block.ink else block


def shade(caption: Block) -> NDArray[np.float32]:
    """How much of the picture's light stays, by row, 0..1: darker from above the words down to the foot."""
    top = caption.ink.top if caption.ink else FILM_HEIGHT_PX
    rows = np.arange(FILM_HEIGHT_PX, dtype=np.float32)
    depth = np.clip((rows - (top - _FADE_PX)) / (_FADE_PX - 24.0), 0.0, 1.0)
    kept: NDArray[np.float32] = (1.0 - _SHADE * depth * depth * (3.0 - 2.0 * depth)).astype(np.float32)
    return kept
