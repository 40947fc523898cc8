"""Soft shadows under layers of paper, computed at quarter size."""

import cv2
import numpy as np
import skia

from generators.backends.studio.art.easel import Easel

_SHRINK = 4


def cast_shadow(easel: Easel, shape: skia.Path, *, drop_px: float, blur_px: float, strength: float) -> None:
    """Darken everything around and below `shape`, as if it lay `drop_px` above the paper.

    strength: 0..1, how dark the deepest shadow is.
    """
    bounds = shape.getBounds()
    rim = 3 * blur_px + drop_px
    left, right = max(0, int(bounds.left() - rim)), min(easel.width, int(bounds.right() + rim))
    top, bottom = max(0, int(bounds.top() - rim)), min(easel.height, int(bounds.bottom() + rim))
    if right - left < _SHRINK or bottom - top < _SHRINK:
        return
    columns, rows = -(-(right - left) // _SHRINK), -(-(bottom - top) // _SHRINK)
    mask = np.zeros((rows, columns), dtype=np.uint8)
    info = skia.ImageInfo.MakeA8(columns, rows)
    canvas = skia.Surface.MakeRasterDirect(info, mask).getCanvas()
    canvas.scale(1 / _SHRINK, 1 / _SHRINK)
    canvas.translate(-left, drop_px - top)
    canvas.drawPath(shape, skia.Paint(AntiAlias=True))
    soft = cv2.GaussianBlur(mask, (0, 0), max(0.6, blur_px / _SHRINK))
    light = cv2.resize(cv2.convertScaleAbs(soft, alpha=-strength, beta=255.0), (right - left, bottom - top))
    region = easel.pixels[top:bottom, left:right]
    region[:] = cv2.multiply(
        region, cv2.merge([light, light, light, np.full_like(light, 255)]), scale=1 / 255
    )
