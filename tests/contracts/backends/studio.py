"""The studio's own three, and its cards with the parts of others."""

from collections.abc import Sequence
from pathlib import Path

from generators.backends.studio.card.backend import StudioCardBackend
from generators.backends.studio.image import StudioImageBackend
from generators.backends.studio.lyrics.backend import StudioLyricsBackend
from generators.contracts import Backend
from generators.specs import CardSpec, ImageSpec, LyricsSpec, Occasion, Section, Style
from tests.contracts.backends.subjects import Subject

IMAGE = ImageSpec(prompt="plum blossom in snow", width_px=256, height_px=320, style=Style.SILK)
CARD = CardSpec(occasion=Occasion.MID_AUTUMN, recipient="林晚晴", sender="知夏", style=Style.SILK)
LYRICS = LyricsSpec(theme="雨夜归家", sections=(Section.VERSE, Section.CHORUS))


def _image(_: Path) -> Backend:
    return StudioImageBackend()


def _card(_: Path) -> Backend:
    return StudioCardBackend()


def _lyrics(_: Path) -> Backend:
    return StudioLyricsBackend()


SUBJECTS: Sequence[Subject] = (
    Subject("studio image", _image, spec=IMAGE, foreign=CARD),
    Subject("studio card", _card, spec=CARD, foreign=LYRICS),
    Subject("studio lyrics", _lyrics, spec=LYRICS, foreign=IMAGE),
)
