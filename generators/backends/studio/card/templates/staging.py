"""The page before its words: ground, windows, photo, sheets, lines. What comes out is a painting again."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
import skia

from generators.backends.studio.art.painting import RGB, Painting, Palette
from generators.backends.studio.art.paper import press
from generators.backends.studio.card.buffers import borrow
from generators.backends.studio.card.contrast import luminance
from generators.backends.studio.card.page import HEIGHT_PX, WIDTH_PX
from generators.backends.studio.card.templates.entry import Layer, OwnPalette, Template, is_hex
from generators.backends.studio.card.templates.ornaments import draw_corners, draw_rule
from generators.backends.studio.card.templates.photos import cover, grade
from generators.backends.studio.card.templates.shapes import in_pixels, outline
from generators.contracts import Box, Pixels
from generators.specs import Language

_WHOLE: Final = Box(0.0, 0.0, float(WIDTH_PX), float(HEIGHT_PX))
_FACES_Y: Final = 0.36  # of a photo
_MIDDLE_Y: Final = 0.5
_SHADOW_BLUR_PX: Final = 20.0
_SHADOW_DROP_PX: Final = 9.0
_DARK: Final = 0.18  # relative luminance of a paper that wants light letters


@dataclass(frozen=True, slots=True)
class Staging:
    """What a template is drawn with besides the painting. `photo` is upright RGB of any size."""

    template: Template
    language: Language
    photo: Pixels | None = None


def stage(painting: Painting, staging: Staging) -> Painting:
    """A painting of the page's size with everything under the words on it; it is calm all over."""
    palette = palette_of(staging.template, painting.palette)
    page = borrow("stage", HEIGHT_PX, WIDTH_PX, 4)
    if staging.template.ground == "painting":
        cv2.cvtColor(painting.pixels, cv2.COLOR_RGB2RGBA, dst=page)
    else:
        page[:] = (*palette.paper, 255)
        press(page)
    canvas = skia.Surface(page, colorType=skia.kRGBA_8888_ColorType).getCanvas()
    drawing = _Drawing(canvas, painting, palette, staging)
    for layer in layers_of(staging.template, staging.language):
        drawing.draw(layer)
    pixels = cv2.cvtColor(page, cv2.COLOR_RGBA2RGB).astype(np.uint8, copy=False)
    return replace(painting, pixels=pixels, palette=palette, calm=_WHOLE)


def layers_of(template: Template, language: Language) -> list[Layer]:
    """The layers that are drawn for a language."""
    return [layer for layer in template.layers if layer.language in (None, language)]


def photo_boxes(template: Template, language: Language) -> list[Box]:
    """Where the photo stands, mats not included."""
    return [in_pixels(layer.area) for layer in layers_of(template, language) if layer.kind == "photo"]


def palette_of(template: Template, painted: Palette) -> Palette:
    """The template's own colours, or those of the painting."""
    own = template.palette
    if not isinstance(own, OwnPalette):
        return painted
    paper = parse(own.paper)
    is_dark = float(luminance(np.array(paper, dtype=np.uint8))) < _DARK
    return Palette(template.id, paper, parse(own.ink), parse(own.accent), parse(own.seal), is_dark)


def colour_of(name: str, palette: Palette) -> RGB:
    """A colour of a template file: the palette's by name, or its own."""
    if is_hex(name):
        return parse(name)
    return {"paper": palette.paper, "ink": palette.ink, "accent": palette.accent, "seal": palette.seal}[name]


def parse(colour: str) -> RGB:
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


@dataclass(frozen=True, slots=True)
class _Drawing:
    """Draws layers on one page."""

    canvas: skia.Canvas
    painting: Painting
    palette: Palette
    staging: Staging

    def draw(self, layer: Layer) -> None:
        box = in_pixels(layer.area)
        with self._turned(layer, box):
            match layer.kind:
                case "sheet":
                    self._sheet(layer, box)
                case "line":
                    self.canvas.drawPath(outline(layer, box), self._stroke(layer))
                case "window":
                    self._picture(layer, box, self.painting.pixels, _MIDDLE_Y)
                case "photo":
                    self._photo(layer, box)
                case "corners":
                    draw_corners(self.canvas, box, self._stroke(layer))
                case "rule":
                    draw_rule(self.canvas, box, self._fill(layer))

    @contextmanager
    def _turned(self, layer: Layer, box: Box) -> Iterator[None]:
        self.canvas.save()
        if layer.turn_degrees:
            self.canvas.rotate(layer.turn_degrees, (box.left + box.right) / 2, (box.top + box.bottom) / 2)
        try:
            yield
        finally:
            self.canvas.restore()

    def _sheet(self, layer: Layer, box: Box) -> None:
        path = outline(layer, box)
        self._shade(layer, path)
        self.canvas.drawPath(path, self._fill(layer))

    def _photo(self, layer: Layer, box: Box) -> None:
        photo = self.staging.photo
        if photo is not None:
            self._picture(layer, box, photo, _FACES_Y)
        elif layer.otherwise == "painting":
            self._picture(layer, box, self.painting.pixels, _MIDDLE_Y)

    def _picture(self, layer: Layer, box: Box, pixels: Pixels, focus_y: float) -> None:
        """A picture through the layer's shape, on its mat."""
        left, top, right, bottom = layer.mat_px
        mat = Box(box.left - left, box.top - top, box.right + right, box.bottom + bottom)
        path = outline(layer, mat)
        self._shade(layer, path)
        if any(layer.mat_px):
            self.canvas.drawPath(path, self._fill(layer))
        width, height = round(box.right - box.left), round(box.bottom - box.top)
        focus_y = focus_y if layer.focus_y is None else layer.focus_y
        part = cover(pixels, width, height, focus_y=focus_y)
        if pixels is self.staging.photo:
            part = grade(part, self.palette)
        shown = np.ascontiguousarray(cv2.cvtColor(part, cv2.COLOR_RGB2RGBA))
        image = skia.Image.fromarray(shown, colorType=skia.kRGBA_8888_ColorType)
        paint = skia.Paint(AntiAlias=True, Shader=_shader(image, box))
        self.canvas.drawPath(outline(layer, box), paint)

    def _shade(self, layer: Layer, path: skia.Path) -> None:
        if layer.shadow:
            paint = skia.Paint(
                AntiAlias=True,
                Color=skia.Color(20, 14, 10, round(150 * layer.shadow)),
                MaskFilter=skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, _SHADOW_BLUR_PX / 2),
            )
            self.canvas.save()
            self.canvas.translate(0, _SHADOW_DROP_PX)
            self.canvas.drawPath(path, paint)
            self.canvas.restore()

    def _fill(self, layer: Layer) -> skia.Paint:
        red, green, blue = colour_of(layer.colour, self.palette)
        return skia.Paint(AntiAlias=True, Color=skia.Color(red, green, blue, round(255 * layer.opacity)))

    def _stroke(self, layer: Layer) -> skia.Paint:
        paint = self._fill(layer)
        paint.setStyle(skia.Paint.kStroke_Style)
        paint.setStrokeWidth(layer.width_px)
        return paint


def _shader(image: skia.Image, box: Box) -> skia.Shader:
    place = skia.Matrix()
    place.setTranslate(box.left, box.top)
    return image.makeShader(
        skia.TileMode.kClamp, skia.TileMode.kClamp, skia.SamplingOptions(skia.FilterMode.kLinear), place
    )
