"""The scenes of a story as the page shows them: a picture that moves slowly, and a caption on a shade."""

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final

from generators.backends.studio.card.page import Foot
from generators.backends.studio.motion.caption import INK, set_caption
from generators.backends.studio.motion.h5.fonts import FontCase
from generators.backends.studio.motion.h5.words import spell
from generators.backends.studio.motion.reel import FILM_HEIGHT_PX, FILM_WIDTH_PX
from generators.backends.studio.motion.scenes import caption_floor
from generators.specs import CardSpec, Language, count_graphemes

_LEAST_SECONDS: Final = 3.4
_SECONDS_PER_CHARACTER: Final = {Language.ZH: 0.16, Language.EN: 0.06}  # unhurried reading
_MOST_SECONDS: Final = 24.0
_ABOVE_PX: Final = 120.0  # where the shade begins, above the words


@dataclass(frozen=True, slots=True)
class Told:
    """Scenes as HTML and CSS, and how long each stays by itself."""

    html: str
    style: str
    seconds: tuple[float, ...]


def tell(spec: CardSpec, foot: Foot, case: FontCase, fonts: Path | None, next_label: str) -> Told:
    """Nothing for a card without scenes. Emoji of captions are the reader's own device's."""
    captions, language = spec.scenes or (), spec.language
    if not captions:
        return Told("", "", ())
    scenes, style = [], []
    for number, caption in enumerate(captions, start=1):
        block = set_caption(caption, language, caption_floor(foot.plate), fonts)
        words = "".join(line.svg for line in spell(block, case, with_emoji=True))
        top = block.ink.top if block.ink else FILM_HEIGHT_PX
        scenes.append(
            f'<section class="scene" aria-label="{escape(caption)}"><i></i>'
            f'<svg viewBox="0 0 {FILM_WIDTH_PX} {FILM_HEIGHT_PX}" aria-hidden="true" '
            f'fill="rgb{INK}">{words}</svg></section>'
        )
        shade = max(0.0, 100 * (top - _ABOVE_PX) / FILM_HEIGHT_PX)
        style.append(f".scene:nth-child({number}){{--shade:{shade:.0f}%}}")
    button = f'<button class="next" type="button" hidden aria-label="{escape(next_label)}"></button>'
    seconds = tuple(_reading_seconds(caption, language) for caption in captions)
    return Told(f'<div class="story">{"".join(scenes)}{button}</div>', "".join(style), seconds)


def _reading_seconds(caption: str, language: Language) -> float:
    needed = _SECONDS_PER_CHARACTER[language] * count_graphemes(caption) + 1.6
    return round(min(_MOST_SECONDS, max(_LEAST_SECONDS, needed)), 1)
