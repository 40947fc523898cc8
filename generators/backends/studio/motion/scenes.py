"""The scenes of a story card: a picture that is slowly moved over, and a caption."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import skia

from generators.backends.studio.card.drawing import Finish, draw_label_plate
from generators.backends.studio.motion.caption import INK, shade
from generators.backends.studio.motion.reel import (
    FILM_HEIGHT_PX,
    FILM_WIDTH_PX,
    SHARE,
    TICKS_PER_SECOND,
    eased,
)
from generators.backends.studio.motion.stage import Stage, canvas_on
from generators.contracts import Box, Pixels
from generators.typesetting.block import Block, draw

SCENE_SECONDS: Final = 2.5
FADE_SECONDS: Final = 0.5  # in which one scene gives way to the next, at its end
_APPEARS_SECONDS: Final = 0.7
_GOES_SECONDS: Final = 0.25
_REACH: Final = 1.34  # the source is larger than the film by this, so that coming near stays sharp


@dataclass(frozen=True, slots=True)
class Path:
    """From where to where the eye goes: centre (0..1 of the free room) and nearness (1 shows the whole)."""

    begins: tuple[float, float, float]
    ends: tuple[float, float, float]

    def at(self, share: float) -> tuple[float, float, float]:
        smooth = share * share * (3.0 - 2.0 * share)
        x, y, near = (a + (b - a) * smooth for a, b in zip(self.begins, self.ends, strict=True))
        return x, y, near


PATHS: Final = (
    Path((0.5, 0.5, 1.0), (0.5, 0.4, 1.16)),
    Path((0.15, 0.3, 1.24), (0.85, 0.34, 1.24)),
    Path((0.5, 0.62, 1.3), (0.5, 0.5, 1.04)),
)


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """picture: RGB, of any size; it is cut to the film's shape. The upper part is kept: faces are there."""

    picture: Pixels
    path: Path
    caption: Block


class StoryFrames:
    """The frames of all scenes, each giving way to the next and the last one to the card's empty page."""

    def __init__(self, scenes: Sequence[Scene], stage: Stage, finish: Finish) -> None:
        self._scenes = [_Shot(scene) for scene in scenes]
        self._stage, self._finish = stage, finish
        self._frame = stage.ground.copy()
        self._next = stage.ground.copy()
        self._canvas = canvas_on(self._frame)

    @property
    def frames(self) -> int:
        return round(len(self._scenes) * SCENE_SECONDS * TICKS_PER_SECOND)

    def __iter__(self) -> Iterator[Pixels]:
        """RGBA of the film's size; valid until the next one is asked for."""
        per_scene = round(SCENE_SECONDS * TICKS_PER_SECOND)
        for number in range(self.frames):
            index, tick = divmod(number, per_scene)
            yield self._draw(index, tick / TICKS_PER_SECOND)

    def _draw(self, index: int, time: float) -> Pixels:
        self._scenes[index].draw(self._frame, time + FADE_SECONDS)  # it was there during the last one's end
        going = (time - (SCENE_SECONDS - FADE_SECONDS)) / FADE_SECONDS
        if going > 0:
            self._follow(index + 1, going * FADE_SECONDS)
            cv2.addWeighted(self._next, going, self._frame, 1.0 - going, 0.0, dst=self._frame)
        self._canvas.save()
        self._canvas.scale(SHARE, SHARE)
        draw_label_plate(self._canvas, self._finish, self._stage.palette, opacity=1.0)
        self._canvas.restore()
        return self._frame

    def _follow(self, index: int, time: float) -> None:
        if index < len(self._scenes):
            self._scenes[index].draw(self._next, time)
        else:
            np.copyto(self._next, self._stage.ground)


class _Shot:
    """One scene, ready to be drawn at any moment."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        source = cover(scene.picture, round(FILM_WIDTH_PX * _REACH), round(FILM_HEIGHT_PX * _REACH))
        self._source = cv2.cvtColor(source, cv2.COLOR_RGB2RGBA)  # twice as fast to move as three channels
        rows = np.rint(255 * shade(scene.caption)).astype(np.uint8)
        keeps = np.repeat(rows[:, None], FILM_WIDTH_PX, axis=1)
        self._keeps = cv2.merge([keeps, keeps, keeps, np.full_like(keeps, 255)])

    def draw(self, frame: Pixels, time: float) -> None:
        x, y, near = self._scene.path.at(min(1.0, time / (SCENE_SECONDS + FADE_SECONDS)))
        scale = near / _REACH
        free_x, free_y = FILM_WIDTH_PX * (near - 1.0), FILM_HEIGHT_PX * (near - 1.0)
        matrix = np.array([[scale, 0.0, -x * free_x], [0.0, scale, -y * free_y]], dtype=np.float64)
        cv2.warpAffine(
            self._source,
            matrix,
            (FILM_WIDTH_PX, FILM_HEIGHT_PX),
            dst=frame,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        cv2.multiply(frame, self._keeps, dst=frame, scale=1 / 255)
        self._write(canvas_on(frame), time)

    def _write(self, canvas: skia.Canvas, time: float) -> None:
        """The caption comes when its scene is there alone, and goes before the next one shows."""
        comes = eased((time - FADE_SECONDS) / _APPEARS_SECONDS)
        stays = min(1.0, max(0.0, (SCENE_SECONDS - time) / _GOES_SECONDS))
        if comes * stays > 0:
            canvas.translate(0.0, 12.0 * (1.0 - comes))
            paint = skia.Paint(AntiAlias=True, Color=skia.Color(*INK), Alphaf=comes * stays)
            draw(canvas, self._scene.caption, paint)


def cover(picture: Pixels, width_px: int, height_px: int) -> Pixels:
    """The picture cut to a shape and scaled to a size; of a tall one the upper third stays in the middle."""
    height, width = picture.shape[:2]
    scale = max(width_px / width, height_px / height)
    wide, high = min(width, round(width_px / scale)), min(height, round(height_px / scale))
    left, top = (width - wide) // 2, round((height - high) / 3)
    part = np.ascontiguousarray(picture[top : top + high, left : left + wide])
    flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(part, (width_px, height_px), interpolation=flags), dtype=np.uint8)


def caption_floor(label_plate: Box) -> float:
    """Where captions must have ended, in the film's pixels."""
    return label_plate.top * SHARE - 30.0
