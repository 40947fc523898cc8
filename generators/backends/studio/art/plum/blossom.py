"""Blossoms, drawn a few times as small sprites and then stamped along the branch.

Stamping an upright sprite 1:1 is some twenty times cheaper than drawing petals with gradients each time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import skia

from generators.backends.studio.art.brush import line_tint, tint
from generators.backends.studio.art.plum.tones import PlumTones

_UNIT: Final = 100.0  # radius of a blossom in its own coordinates
_RIM: Final = 1.2  # a sprite reaches so many radii from its centre
Draw = Callable[[skia.Canvas, np.random.Generator, PlumTones], None]


@dataclass(frozen=True, slots=True)
class Sprite:
    """A small transparent picture, centred on the middle of a flower or the foot of a bud."""

    image: skia.Image
    half_px: int

    def stamp(self, canvas: skia.Canvas, x: float, y: float) -> None:
        """Whole pixels only: the sprite is already smooth."""
        canvas.drawImage(self.image, round(x) - self.half_px, round(y) - self.half_px)


@dataclass(frozen=True, slots=True)
class Sprites:
    flowers: Sequence[Sprite]
    side_flowers: Sequence[Sprite]
    buds: Sequence[Sprite]


def make_sprites(rng: np.random.Generator, tones: PlumTones, radius_px: float) -> Sprites:
    """Every sprite has its own size and turn, so that a bough of them does not look stamped."""
    flowers = [_sprite(rng, tones, _draw_flower, radius_px * rng.uniform(0.78, 1.16)) for _ in range(11)]
    sides = [_sprite(rng, tones, _draw_side, radius_px * rng.uniform(0.8, 1.0)) for _ in range(5)]
    buds = [_sprite(rng, tones, _draw_bud, radius_px * rng.uniform(0.46, 0.66)) for _ in range(5)]
    return Sprites(flowers, sides, buds)


def _sprite(rng: np.random.Generator, tones: PlumTones, draw: Draw, radius_px: float) -> Sprite:
    half = int(np.ceil(radius_px * _RIM)) + 1
    surface = skia.Surface.MakeRasterN32Premul(2 * half, 2 * half)
    canvas = surface.getCanvas()
    canvas.translate(half, half)
    canvas.scale(radius_px / _UNIT, radius_px / _UNIT)
    draw(canvas, rng, tones)
    return Sprite(surface.makeImageSnapshot(), half)


def petal_path(length: float, breadth: float, notch: float) -> skia.Path:
    """A round petal from the origin upwards; `notch` dents its outer rim."""
    path = skia.Path()
    path.moveTo(0, 0)
    path.cubicTo(
        -breadth * 0.5, -length * 0.12, -breadth * 1.12, -length * 0.62, -breadth * 0.5, -length * 0.95
    )
    path.quadTo(-breadth * 0.2, -length * 1.08, 0, -length * (1.0 - notch))
    path.quadTo(breadth * 0.2, -length * 1.08, breadth * 0.5, -length * 0.95)
    path.cubicTo(breadth * 1.12, -length * 0.62, breadth * 0.5, -length * 0.12, 0, 0)
    path.close()
    return path


def _wash(tones: PlumTones, depth: float) -> skia.Paint:
    """Colour from the heart of a flower to its rim; depth 0..1 is how far the heart's spreads."""
    paint = skia.Paint(AntiAlias=True)
    colours = [
        skia.ColorSetARGB(238, *colour) for colour in (tones.heart, tones.petal, tones.rim, tones.petal)
    ]
    places = [0.0, 0.2 + 0.26 * depth, 0.62 + 0.3 * depth, 1.25]
    paint.setShader(skia.GradientShader.MakeRadial(skia.Point(0, 0), _UNIT, colours, places))
    return paint


def _draw_flower(canvas: skia.Canvas, rng: np.random.Generator, tones: PlumTones) -> None:
    """Five petals seen from the front, squeezed a little in some direction."""
    canvas.rotate(float(rng.uniform(0, 360)))
    canvas.scale(1.0, float(rng.uniform(0.7, 1.0)))
    canvas.rotate(float(rng.uniform(0, 360)))
    wash = _wash(tones, float(rng.uniform(0.0, 1.0)))
    for index in rng.permutation(5):
        canvas.save()
        canvas.rotate(float(index * 72 + rng.uniform(-7, 7)))
        path = petal_path(
            _UNIT * rng.uniform(0.86, 1.0), _UNIT * rng.uniform(0.58, 0.68), rng.uniform(0.0, 0.06)
        )
        canvas.drawPath(path, wash)
        canvas.drawPath(path, line_tint(tones.heart, 2.0, 0.24))
        canvas.restore()
    _draw_stamens(canvas, rng, tones, 15, 0.0, 360.0)
    canvas.drawCircle(0, 0, _UNIT * 0.08, tint(tones.heart, 0.9))


def _draw_stamens(
    canvas: skia.Canvas, rng: np.random.Generator, tones: PlumTones, count: int, start: float, sweep: float
) -> None:
    for angle in np.radians(
        start + sweep * (np.arange(count) + rng.uniform(-0.3, 0.3, count)) / count
    ).tolist():
        reach = _UNIT * rng.uniform(0.3, 0.52)
        x, y = np.cos(angle) * reach, np.sin(angle) * reach
        canvas.drawLine(0, 0, x, y, line_tint(tones.stamen, 2.2, 0.7))
        canvas.drawCircle(x, y, _UNIT * 0.045, tint(tones.stamen, 0.95))


def _draw_side(canvas: skia.Canvas, rng: np.random.Generator, tones: PlumTones) -> None:
    """Seen from the side: four petals opening over a calyx, which sits at the origin."""
    canvas.rotate(float(rng.uniform(-80, 80)))
    wash = _wash(tones, float(rng.uniform(0.2, 0.8)))
    for angle in (-52.0, 52.0, -20.0, 20.0):
        canvas.save()
        canvas.rotate(angle + float(rng.uniform(-6, 6)))
        path = petal_path(_UNIT * rng.uniform(0.84, 0.98), _UNIT * 0.5, 0.03)
        canvas.drawPath(path, wash)
        canvas.drawPath(path, line_tint(tones.heart, 2.0, 0.24))
        canvas.restore()
    _draw_stamens(canvas, rng, tones, 7, -140.0, 100.0)
    _draw_calyx(canvas, tones, 0.2)


def _draw_bud(canvas: skia.Canvas, rng: np.random.Generator, tones: PlumTones) -> None:
    canvas.rotate(float(rng.uniform(-75, 75)))
    canvas.drawCircle(0, -_UNIT * 0.42, _UNIT * rng.uniform(0.44, 0.54), tint(tones.petal))
    canvas.drawCircle(_UNIT * 0.1, -_UNIT * 0.34, _UNIT * 0.38, tint(tones.heart, 0.3))
    canvas.drawCircle(-_UNIT * 0.12, -_UNIT * 0.54, _UNIT * 0.24, tint(tones.rim, 0.6))
    _draw_calyx(canvas, tones, 0.24)


def _draw_calyx(canvas: skia.Canvas, tones: PlumTones, size: float) -> None:
    for angle in (-48.0, 0.0, 48.0):
        canvas.save()
        canvas.rotate(angle)
        canvas.drawPath(petal_path(_UNIT * size * 1.5, _UNIT * size * 0.62, 0.0), tint(tones.bark, 0.88))
        canvas.restore()
