"""The sender's seal: characters cut into a red square, worn a little as stone is."""

import functools
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import regex
import skia
from numpy.typing import NDArray

from generators.contracts import Box
from generators.fonts.faces import Face
from generators.fonts.voices import Voice, open_voice

RGB = tuple[int, int, int]
Floats = NDArray[np.float32]

HOUSE_MARK: Final = "花笺"  # cut when a name has no letter that could be
_SUPER: Final = 2  # supersampling of the stone
_EDGE: Final = 0.22  # softness of a cut edge
_TEXTURES: Final = 32  # stones that wear differently; each is used in four positions
_HAN: Final = regex.compile(r"\p{Han}")
_LETTER: Final = regex.compile(r"\p{L}")
_INITIAL: Final = regex.compile(r"(?<!\p{L})\p{L}")
_COMPLETED: Final = {1: "印", 2: "之印", 3: "印"}  # how names of so many characters fill a square


@dataclass(frozen=True, slots=True)
class Inscription:
    """Characters in reading order: columns from right to left, each from its top."""

    columns: tuple[str, ...]
    is_monogram: bool = False


def inscribe(name: str) -> Inscription:
    """What is cut for a name: up to four Han characters, else initials, else the house mark."""
    han = "".join(_HAN.findall(name))
    if 1 <= len(han) <= 4:
        full = han + _COMPLETED.get(len(han), "")
        return Inscription(
            (full[: (len(full) + 1) // 2], full[(len(full) + 1) // 2 :]) if len(full) > 2 else (full,)
        )
    if 5 <= len(han) <= 6:
        return Inscription((han[:3], han[3:]))
    if han:
        return Inscription((han[:2], han[2:4]))
    letters = "".join(_INITIAL.findall(name)) or "".join(_LETTER.findall(name))
    if letters:
        return Inscription((letters[:2].upper(),), is_monogram=True)
    return Inscription((HOUSE_MARK,))


def cut_seal(
    name: str, colour: RGB, side_px: int, *, seed: int, fonts: Path | None = None
) -> NDArray[np.uint8]:
    """The stamp as premultiplied RGBA, (side_px, side_px, 4).

    White characters in a filled square; every sender and seed wears differently.
    """
    inscription = inscribe(name)
    voice = open_voice("en_capitals" if inscription.is_monogram else "zh_formal", fonts)
    stone = _stone(inscription, voice, side_px * _SUPER)
    worn = _wear(stone, random.Random(f"seal/{name}/{seed}"))
    alpha = cv2.resize(worn, (side_px, side_px), interpolation=cv2.INTER_AREA)
    return np.rint(alpha[..., None] * np.array([*colour, 255], dtype=np.float32)).astype(np.uint8)


def _stone(inscription: Inscription, voice: Voice, side: int) -> NDArray[np.uint8]:
    """(side, side): 255 where the stone prints."""
    alpha = np.zeros((side, side), np.uint8)
    canvas = skia.Surface(alpha, colorType=skia.kAlpha_8_ColorType).getCanvas()
    edge = side * 0.02
    square = skia.Rect.MakeLTRB(edge, edge, side - edge, side - edge)
    canvas.drawRRect(
        skia.RRect.MakeRectXY(square, side * 0.07, side * 0.07),
        skia.Paint(AntiAlias=True, Color=skia.ColorBLACK),
    )
    carve = skia.Paint(AntiAlias=True, BlendMode=skia.kClear)
    inner = Box(side * 0.1, side * 0.1, side * 0.9, side * 0.9)
    for path in _carved(inscription, voice, inner):
        canvas.drawPath(path, carve)
    return alpha


def _carved(inscription: Inscription, voice: Voice, inner: Box) -> list[skia.Path]:
    if inscription.is_monogram:
        return _monogram(inscription.columns[0], voice, inner)
    gap = (inner.right - inner.left) * 0.05
    count = len(inscription.columns)
    width = (inner.right - inner.left - gap * (count - 1)) / count
    paths = []
    for number, column in enumerate(inscription.columns):
        right = inner.right - number * (width + gap)
        height = (inner.bottom - inner.top - gap * (len(column) - 1)) / len(column)
        for row, char in enumerate(column):
            top = inner.top + row * (height + gap)
            cell = Box(right - width, top, right, top + height)
            paths += _glyph(char, voice, cell)
    return paths


def _glyph(char: str, voice: Voice, cell: Box) -> list[skia.Path]:
    face = voice.for_text(char).face_for(char)
    return [] if face is None else _fill_cell(face, char, cell, keep_shape=False)


def _monogram(letters: str, voice: Voice, inner: Box) -> list[skia.Path]:
    width = (inner.right - inner.left) / len(letters)
    paths = []
    for number, letter in enumerate(letters):
        face = voice.face_for(letter)
        cell = Box(inner.left + number * width, inner.top, inner.left + (number + 1) * width, inner.bottom)
        slim = Box(
            cell.left + width * 0.04,
            cell.top + width * 0.06,
            cell.right - width * 0.04,
            cell.bottom - width * 0.06,
        )
        paths += [] if face is None else _fill_cell(face, letter, slim, keep_shape=len(letters) == 1)
    return paths


def _fill_cell(face: Face, char: str, cell: Box, *, keep_shape: bool) -> list[skia.Path]:
    """The glyph's outline stretched to its cell, as seal cutters fill the square; flat ones stay flat."""
    outline = _outline(face, char)
    if outline is None:
        return []
    path, bounds = outline
    across, down = (cell.right - cell.left) / bounds.width(), (cell.bottom - cell.top) / bounds.height()
    across, down = _tempered(across, down) if not keep_shape else (min(across, down),) * 2
    shape = skia.Matrix()
    shape.setScale(across, down)
    shape.preTranslate(-bounds.centerX(), -bounds.centerY())
    shape.postTranslate((cell.left + cell.right) / 2, (cell.top + cell.bottom) / 2)
    fitted = skia.Path()
    path.transform(shape, fitted)
    return [fitted]


@functools.lru_cache(maxsize=1024)
def _outline(face: Face, char: str) -> tuple[skia.Path, skia.Rect] | None:
    """A character's outline and its bounds; None when it shows nothing."""
    glyph = face.shaper.get_nominal_glyph(ord(char))
    path = face.font(100).getPath(glyph) if glyph else None
    return None if path is None or path.isEmpty() else (path, path.computeTightBounds())


def _tempered(across: float, down: float) -> tuple[float, float]:
    """Stretch up to 2.1 times; 一 must not become a block."""
    limit = 2.1
    return min(across, down * limit), min(down, across * limit)


def _wear(stone: NDArray[np.uint8], dice: random.Random) -> Floats:
    """The stone's print, 0..1: nibbled edges, pin-holes and uneven ink."""
    side = len(stone)
    rough, evenness = _texture(side, dice.randrange(_TEXTURES))
    if dice.random() < 0.5:
        rough, evenness = rough[::-1], evenness[::-1]
    if dice.random() < 0.5:
        rough, evenness = rough[:, ::-1], evenness[:, ::-1]
    soft = cv2.GaussianBlur(stone, (0, 0), side * 0.006).astype(np.float32)
    soft *= 1 / (255 * _EDGE)
    soft += rough
    np.clip(soft, 0.0, 1.0, out=soft)
    soft *= evenness
    return soft


@functools.lru_cache(maxsize=2 * _TEXTURES)
def _texture(side: int, number: int) -> tuple[Floats, Floats]:
    """Wear of one stone, (side, side) each: where its edges give way, and how much ink it leaves, 0..1."""
    dice = np.random.default_rng([number, side])
    grain = cv2.resize(dice.standard_normal((side // 5, side // 5), dtype=np.float32), (side, side))
    coarse = dice.standard_normal((7, 7), dtype=np.float32)
    cloud = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)
    fine = cv2.resize(dice.random((side // 3, side // 3), dtype=np.float32), (side, side))
    holes = np.clip((fine + 0.10 * cloud - 0.045) / 0.05, 0.0, 1.0)
    evenness = holes * np.clip(0.93 + 0.05 * cloud, 0.8, 1.0)
    rough = (0.13 * grain - 0.5) / _EDGE + 0.5
    return np.asarray(rough, dtype=np.float32), np.asarray(evenness, dtype=np.float32)
