"""A page to draw on: paper, leaves with their shadows, and words that fit their boxes."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import skia

from generators.backends.studio.art.painting import RGB
from generators.backends.studio.art.paper import press
from generators.backends.studio.card.seal import cut_seal
from generators.backends.studio.card.templates.photos import cover
from generators.contracts import Box, Pixels
from generators.fonts.voices import open_voice
from generators.specs import Language
from generators.typesetting.block import Align, Block, draw
from generators.typesetting.breaking import VERSE
from generators.typesetting.composing import compose
from generators.typesetting.fitting import Wish, fit, fit_few
from generators.typesetting.label import label_height_px, set_label
from generators.typesetting.paragraph import arrange

PAPER: Final[RGB] = (253, 252, 247)
INK: Final[RGB] = (35, 41, 43)
SOFT_INK: Final[RGB] = (86, 92, 88)
CINNABAR: Final[RGB] = (165, 48, 42)
HAIRLINE: Final[RGB] = (220, 192, 182)
_DUSK: Final[RGB] = (38, 42, 44)
_DUSK_SHARE: Final = 0.34  # how far a blurred work goes into the dark, so that its sharp self stands out
_RICHER: Final = 1.8
_BLUR_COLUMNS: Final = 30  # a picture of so many pixels across has colours and no things
_MAT_PX: Final = 14.0
_SHADE: Final = (16, 20, 22)
_VOICES: Final = {
    (Language.ZH, "text"): "zh_text",
    (Language.ZH, "title"): "zh_title",
    (Language.EN, "text"): "en_text",
    (Language.EN, "title"): "en_title",
}


@dataclass(frozen=True, slots=True)
class Easel:
    """One page, RGBA, and the canvas on it."""

    page: Pixels
    canvas: skia.Canvas
    language: Language

    @classmethod
    def of(cls, pixels: Pixels, language: Language) -> "Easel":
        """A page that begins as a copy of an RGB picture."""
        page = np.ascontiguousarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2RGBA), dtype=np.uint8)
        canvas = skia.Surface(page, colorType=skia.kRGBA_8888_ColorType).getCanvas()
        return cls(page, canvas, language)

    def finish(self) -> Pixels:
        """What was drawn, RGB."""
        return cv2.cvtColor(self.page, cv2.COLOR_RGBA2RGB).astype(np.uint8, copy=False)

    def lay_paper(self, box: Box, *, hairline_px: float) -> None:
        """Letter paper with its shadow, and the thin line that frames the writing."""
        self._shade(box, blur_px=26.0, opacity=0.4)
        self.canvas.drawRect(_rect(box), paint_of(PAPER))
        line = paint_of(HAIRLINE)
        line.setStyle(skia.Paint.kStroke_Style)
        line.setStrokeWidth(2.0)
        self.canvas.drawRect(_rect(box).makeInset(hairline_px, hairline_px), line)

    def lay_leaf(self, pixels: Pixels, room: Box) -> Box:
        """A picture as large as the room takes, whole, on a mat; where it lies, mat included."""
        height, width = pixels.shape[:2]
        wide, high = room.right - room.left - 2 * _MAT_PX, room.bottom - room.top - 2 * _MAT_PX
        scale = min(wide / width, high / height)
        across, down = round(width * scale), round(height * scale)
        left = round((room.left + room.right - across) / 2)
        top = round((room.top + room.bottom - down) / 2)
        mat = Box(left - _MAT_PX, top - _MAT_PX, left + across + _MAT_PX, top + down + _MAT_PX)
        self._shade(mat, blur_px=34.0, opacity=0.5)
        self.canvas.drawRect(_rect(mat), paint_of(PAPER))
        self.page[top : top + down, left : left + across, :3] = cover(pixels, across, down, focus_y=0.5)
        return mat

    def write(
        self, text: str, box: Box, colour: RGB, wish: Wish, *, voice: str = "text", few: bool = False
    ) -> Block:
        """Words as large as their box and the wish allow; `few` keeps them on as few lines as it can."""
        name = _VOICES[self.language, voice]
        along = (box.bottom - box.top) if wish.is_vertical else (box.right - box.left)
        composed = compose(
            text,
            open_voice(name),
            is_vertical=wish.is_vertical,
            is_latin_text=self.language is Language.EN,
            longest_em=max(2.0, along / wish.smallest_px),
        )
        block = (fit_few if few else fit)(arrange(composed.atoms), box, wish)
        draw(self.canvas, block, paint_of(colour))
        return block

    def write_asker(self, text: str, box: Box, colour: RGB, largest_px: float) -> float:
        """Who asks, on one line where the name lets it be large enough to read; where the ink ends below."""
        smallest = round(largest_px * 0.75)
        wish = Wish(largest_px, smallest, pitch=1.3, most_lines=2)
        ink = self.write(text, box, colour, wish, few=True).ink
        return box.top if ink is None else ink.bottom

    def write_ask(self, text: str, box: Box) -> None:
        """The small print of the letter: lines that end with clauses where they can."""
        wish = Wish(33, 20, pitch=1.5, most_lines=3, taste=VERSE, patience=0.8)
        self.write(text, box, SOFT_INK, wish)

    def write_title(self, text: str, box: Box, largest_px: float) -> None:
        """The headline as part of the letter: one line in Chinese, at most two in English."""
        is_zh = self.language is Language.ZH
        lines = 1 if is_zh else 2
        wish = Wish(largest_px, 40, pitch=1.04, most_lines=lines, across=Align.CENTRE)
        self.write(text, box, INK, wish, voice="title", few=is_zh)

    def label(self, text: str, corner: tuple[float, float], colour: RGB = SOFT_INK) -> Box:
        """The visible label with the left and bottom edge of its ink in a corner; the box of that ink.

        Raises: ValueError when it shows nothing.
        """
        height, width = self.page.shape[:2]
        block = set_label(text, width, height, voice=_VOICES[self.language, "text"])
        ink = block.ink
        if ink is None or ink.bottom - ink.top < label_height_px(width, height):
            raise ValueError("the label shows nothing, or too little")
        block = block.moved(corner[0] - ink.left, corner[1] - ink.bottom)
        draw(self.canvas, block, paint_of(colour))
        return block.ink or ink

    def stamp(self, sign: str, left: int, top: int, side_px: int, *, seed: int) -> None:
        """Our seal."""
        seal = np.ascontiguousarray(cut_seal(sign, CINNABAR, side_px, seed=seed))
        image = skia.Image.fromarray(
            seal, colorType=skia.kRGBA_8888_ColorType, alphaType=skia.kPremul_AlphaType
        )
        self.canvas.drawImage(image, left, top)

    def _shade(self, box: Box, *, blur_px: float, opacity: float) -> None:
        shade = paint_of(_SHADE, opacity)
        shade.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, blur_px / 2))
        self.canvas.drawRect(_rect(box).makeOffset(0, blur_px / 3), shade)


def dusk_of(work: Pixels, width_px: int, height_px: int) -> Pixels:
    """The work's own colours without its things, darkened: what its sharp self lies on."""
    across = _BLUR_COLUMNS
    small = cover(work, across, round(across * height_px / width_px), focus_y=0.5)
    blurred = cv2.GaussianBlur(small, (0, 0), 2.2, borderType=cv2.BORDER_REPLICATE)
    soft = _richer(np.asarray(blurred, dtype=np.uint8))
    dark = np.empty_like(soft)
    dark[:] = _DUSK
    mixed = cv2.addWeighted(soft, 1 - _DUSK_SHARE, dark, _DUSK_SHARE, 0)
    large = cv2.resize(mixed, (width_px, height_px), interpolation=cv2.INTER_CUBIC)
    page = np.ascontiguousarray(cv2.cvtColor(large, cv2.COLOR_RGB2RGBA), dtype=np.uint8)
    press(page)
    return cv2.cvtColor(page, cv2.COLOR_RGBA2RGB).astype(np.uint8, copy=False)


def _richer(pixels: Pixels) -> Pixels:
    """More of the colours that are there: pale ones would turn grey in the dark."""
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV)
    hsv[..., 1] = np.minimum(255.0, hsv[..., 1] * _RICHER)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).astype(np.uint8, copy=False)


def paint_of(colour: RGB, opacity: float = 1.0) -> skia.Paint:
    red, green, blue = colour
    return skia.Paint(AntiAlias=True, Color=skia.Color(red, green, blue, round(opacity * 255)))


def _rect(box: Box) -> skia.Rect:
    return skia.Rect.MakeLTRB(box.left, box.top, box.right, box.bottom)
