"""The surface a painter works on: one RGBA buffer seen by numpy and by skia at once."""

import zlib

import cv2
import numpy as np
import skia

from generators.backends.studio.art.noise import Field
from generators.backends.studio.art.steering import Steering, Subject
from generators.contracts import Box, Pixels


class Easel:
    """One painting in the making.

    `pixels` (height, width, 4 uint8, opaque) and `canvas` share memory: skia draws straight into the array,
    so either side may be used at any time. `unit` is the scale of details: 1.0 when the shorter side is 1080.
    The painter sets `calm` and `subject`.
    """

    def __init__(self, *, style: str, seed: int, width_px: int, height_px: int, steering: Steering) -> None:
        self.width, self.height = width_px, height_px
        self.short = float(min(width_px, height_px))
        self.unit = self.short / 1080.0
        self.aspect = width_px / height_px
        self.steering = steering
        self.calm = Box(0.0, 0.0, float(width_px), float(height_px))
        self.subject = ""
        self._stem = (zlib.crc32(style.encode()), seed)
        self.pixels: Pixels = np.empty((height_px, width_px, 4), dtype=np.uint8)
        info = skia.ImageInfo.Make(width_px, height_px, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType)
        self._surface = skia.Surface.MakeRasterDirect(info, self.pixels)
        self.canvas: skia.Canvas = self._surface.getCanvas()

    def rng(self, purpose: str) -> np.random.Generator:
        """An independent stream for each purpose, so that one wish does not reshuffle the rest."""
        return np.random.default_rng([*self._stem, zlib.crc32(purpose.encode())])

    def wants(self, subject: Subject) -> bool:
        return subject in self.steering.subjects

    def count(self, subject: Subject, usual: int, most: int) -> int:
        """How many of a subject: the number named, else `usual`; 0..most."""
        return max(0, min(most, self.steering.counts.get(subject, usual)))

    def lay(self, ground: Field) -> None:
        """Cover everything with a small float picture (rows, columns, 3; 0..255), enlarged smoothly."""
        large = cv2.resize(ground, (self.width, self.height), interpolation=cv2.INTER_LINEAR)
        cv2.cvtColor(cv2.convertScaleAbs(large), cv2.COLOR_RGB2RGBA, dst=self.pixels)

    def finish(self) -> Pixels:
        """A fresh RGB copy."""
        return np.asarray(cv2.cvtColor(self.pixels, cv2.COLOR_RGBA2RGB), dtype=np.uint8)
