"""A photo of nobody, for contact sheets and checks: two people and a kite before an evening sea."""

import functools
from typing import Final

import cv2
import numpy as np
import skia

from generators.contracts import Pixels

_WIDTH_PX: Final = 1200
_HEIGHT_PX: Final = 1600
_SKY: Final = (
    (0.0, (38, 58, 104)),
    (0.35, (190, 120, 120)),
    (0.56, (250, 196, 128)),
    (0.58, (250, 214, 160)),
)
_SEA: Final = ((0.58, (206, 150, 120)), (0.78, (70, 74, 106)), (1.0, (30, 36, 58)))


@functools.cache
def sample_photo() -> Pixels:
    """uint8 RGB, (1600, 1200, 3); read-only, because everybody gets the same."""
    rows = np.linspace(0, 1, _HEIGHT_PX)
    stops = (*_SKY, *_SEA)
    places = [place for place, _ in stops]
    bands = [np.interp(rows, places, [colour[channel] for _, colour in stops]) for channel in range(3)]
    picture = np.repeat(np.stack(bands, axis=-1)[:, None], _WIDTH_PX, axis=1)
    grain = np.random.default_rng(7).normal(0, 4, picture.shape[:2])[..., None]
    page = cv2.cvtColor(np.clip(picture + grain, 0, 255).astype(np.uint8), cv2.COLOR_RGB2RGBA)
    _draw_scene(skia.Surface(page, colorType=skia.kRGBA_8888_ColorType).getCanvas())
    photo = cv2.cvtColor(page, cv2.COLOR_RGBA2RGB).astype(np.uint8, copy=False)
    photo.flags.writeable = False
    return photo


def _draw_scene(canvas: skia.Canvas) -> None:
    glow = skia.Paint(
        AntiAlias=True,
        Color=skia.Color(255, 226, 170, 120),
        MaskFilter=skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, 60),
    )
    canvas.drawCircle(780, 850, 130, glow)
    canvas.drawCircle(780, 850, 78, skia.Paint(AntiAlias=True, Color=skia.Color(255, 240, 205)))
    glint = skia.Paint(AntiAlias=True, Color=skia.Color(255, 220, 170, 90))
    for number in range(26):
        half = 30 + 55 * abs(np.sin(2.1 * number)) + 3 * number
        canvas.drawOval(skia.Rect.MakeXYWH(780 - half, 940 + 16 * number, 2 * half, 4), glint)
    dark = skia.Paint(AntiAlias=True, Color=skia.Color(26, 24, 38))
    shore = skia.Path()
    shore.moveTo(0, 1330)
    shore.cubicTo(300, 1270, 700, 1400, 1200, 1310)
    shore.lineTo(1200, 1600)
    shore.lineTo(0, 1600)
    shore.close()
    canvas.drawPath(shore, dark)
    _draw_person(canvas, 440, 620, 1.25, dark)
    _draw_person(canvas, 640, 760, 0.98, dark)


def _draw_person(canvas: skia.Canvas, x: float, top: float, scale: float, dark: skia.Paint) -> None:
    """A silhouette in a long coat: head, shoulders, hem."""
    canvas.save()
    canvas.translate(x, top)
    canvas.scale(scale, scale)
    canvas.drawOval(skia.Rect.MakeXYWH(-42, -10, 84, 104), dark)
    coat = skia.Path()
    coat.moveTo(-22, 84)
    coat.cubicTo(-100, 110, -108, 190, -112, 330)
    coat.lineTo(-124, 560)
    coat.lineTo(124, 560)
    coat.lineTo(112, 330)
    coat.cubicTo(108, 190, 100, 110, 22, 84)
    coat.close()
    canvas.drawPath(coat, dark)
    canvas.restore()
