"""Frame after frame of a card: what drifts, words that appear, the seal that is stamped last."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import skia

from generators.backends.studio.card.drawing import Finish, stamp_of
from generators.backends.studio.motion.ambient.air import Air
from generators.backends.studio.motion.reel import SHARE, Reel, drifted, eased, filmed
from generators.backends.studio.motion.script import Cue, Script, write_script
from generators.backends.studio.motion.stage import Stage, canvas_on, shut_out
from generators.contracts import Pixels

_RISE_PX: Final = 9.0  # how far words come up while they appear, in the still card's pixels
_BLOOM_PX: Final = 7.0  # softness of a title's first ink
_STAMP_FROM: Final = 1.5  # size of the seal in the air


class CardFrames:
    """Draws the frames of one card, in order. The array that is given out is used again."""

    def __init__(self, stage: Stage, finish: Finish, air: Air, reel: Reel) -> None:
        self._reel, self._air, self._stage = reel, air, stage
        self._script: Script = write_script(finish, reel.seconds)
        self._still = stage.ground.copy()  # collects what has fully appeared
        self._still_canvas = canvas_on(self._still)
        self._frame = self._still.copy()
        self._canvas = canvas_on(self._frame)
        for canvas in (self._still_canvas, self._canvas):
            shut_out(canvas, stage)  # a seal that comes down is larger than its place
        self._waiting: list[Cue] = list(self._script.cues)
        self._seal = filmed(finish.layout.seal)
        self._print = stamp_of(finish, stage.palette)
        self._stamp = skia.Image.fromarray(
            self._print, colorType=skia.kRGBA_8888_ColorType, alphaType=skia.kPremul_AlphaType
        )
        self._is_stamped = False

    def __iter__(self) -> Iterator[Pixels]:
        """RGBA, (FILM_HEIGHT_PX, FILM_WIDTH_PX, 4); valid until the next one is asked for."""
        for number in range(self._reel.frames):
            yield self._draw(self._reel.time(number))

    def _draw(self, time: float) -> Pixels:
        self._settle(time)
        np.copyto(self._frame, self._still)
        self._air.draw(self._frame, self._canvas, drifted(time, self._reel.seconds))
        for cue in self._waiting:
            if cue.begins >= time:
                break
            self._write(self._canvas, cue, cue.share(time))
        if not self._is_stamped and time > self._script.seal_begins:
            self._press(self._canvas, time)
        return self._frame

    def _settle(self, time: float) -> None:
        """Move what has fully appeared to the page that is only copied from then on."""
        done = [cue for cue in self._waiting if cue.ends <= time]
        for cue in done:
            self._write(self._still_canvas, cue, 1.0)
        if done:
            self._waiting = [cue for cue in self._waiting if cue.ends > time]
        if not self._is_stamped and time >= self._script.seal_ends:
            self._press(self._still_canvas, time)
            self._is_stamped = True

    def _write(self, canvas: skia.Canvas, cue: Cue, share: float) -> None:
        shown = eased(share)
        paint = skia.Paint(self._stage.paints[cue.role])
        if shown < 1.0:
            paint.setAlphaf(paint.getAlphaf() * shown)
            if cue.role == "title":
                soft_px = _BLOOM_PX * (1 - shown) + 0.01
                paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, soft_px))
        canvas.save()
        canvas.scale(SHARE, SHARE)
        canvas.translate(0.0, _RISE_PX * (1.0 - shown))
        for blob in cue.drawn:
            canvas.drawTextBlob(blob, 0, 0, paint)
        canvas.restore()

    def _press(self, canvas: skia.Canvas, time: float) -> None:
        """The seal comes down and stays."""
        begins, ends = self._script.seal_begins, self._script.seal_ends
        share = min(1.0, (time - begins) / (ends - begins))
        fall = min(1.0, share / 0.62)
        grown = (1.0 + (_STAMP_FROM - 1.0) * (1.0 - fall * fall)) - 1.0
        box = self._seal
        rim = (box.right - box.left) * grown / 2
        target = skia.Rect.MakeLTRB(box.left - rim, box.top - rim, box.right + rim, box.bottom + rim)
        paint = skia.Paint(AntiAlias=True, Alphaf=min(1.0, 0.15 + fall))
        sampling = skia.SamplingOptions(skia.FilterMode.kLinear, skia.MipmapMode.kLinear)
        canvas.drawImageRect(self._stamp, target, sampling, paint)
