"""The QR code of a card: dark modules on a light plate, large enough to survive compression."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import segno
import skia
from numpy.typing import NDArray

from generators.contracts import Box

QUIET_MODULES: Final = 4  # ISO/IEC 18004 asks for four light modules on every side
LEAST_PX: Final = 160  # of the modules together: smaller ones are not read after scaling
_LEAST_MODULE_PX: Final = 4
_RIM_PX: Final = 8.0  # around the quiet zone, so that round corners do not cut into it
_DARK: Final = skia.Color(22, 22, 26)


@dataclass(frozen=True, slots=True, eq=False)
class QrCode:
    """modules: (n, n) bool, True is dark. module_px: whole pixels, so that edges stay sharp."""

    modules: NDArray[np.bool_]
    module_px: int

    @property
    def side_px(self) -> int:
        """Of the plate, quiet zone included."""
        return (len(self.modules) + 2 * QUIET_MODULES) * self.module_px


def encode_url(url: str, *, step_px: int = 1, least_px: int = LEAST_PX) -> QrCode:
    """A code for an address of at most 300 bytes; error correction as high as its size allows.

    step_px: the size of a module is a multiple of this, for pages that are drawn smaller as well.
    least_px: of the modules together.
    """
    code = segno.make_qr(url, error="m" if len(url) <= 120 else "l", boost_error=True)
    modules = np.array([[bool(cell) for cell in row] for row in code.matrix], dtype=np.bool_)
    module_px = max(_LEAST_MODULE_PX, -(-least_px // len(modules)))
    return QrCode(modules, -(-module_px // step_px) * step_px)


def draw_qr(canvas: skia.Canvas, code: QrCode, plate: Box, light: tuple[int, int, int]) -> None:
    """Draw the code on its plate of colour `light`; `plate` has whole-pixel edges and the code's own side."""
    square = skia.Rect.MakeLTRB(plate.left, plate.top, plate.right, plate.bottom)
    rounded = skia.RRect.MakeRectXY(square.makeOutset(_RIM_PX, _RIM_PX), 14, 14)
    canvas.drawRRect(rounded, skia.Paint(AntiAlias=True, Color=skia.Color(*light)))
    step, quiet = code.module_px, QUIET_MODULES * code.module_px
    path = skia.Path()
    for row, line in enumerate(code.modules):
        for start, end in _stretches(line):
            left, top = plate.left + quiet + start * step, plate.top + quiet + row * step
            path.addRect(skia.Rect.MakeXYWH(left, top, (end - start) * step, step))
    canvas.drawPath(path, skia.Paint(AntiAlias=False, Color=_DARK))


def _stretches(line: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Start and end of each run of dark modules in a row."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], line.astype(np.int8), [0]))))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]
