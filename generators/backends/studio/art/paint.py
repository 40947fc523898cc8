"""One door to all styles: a style, a seed and a size in, a painting out."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from generators.backends.studio.art import palettes
from generators.backends.studio.art.easel import Easel
from generators.backends.studio.art.ink.painter import paint_ink
from generators.backends.studio.art.lantern.painter import paint_lantern
from generators.backends.studio.art.painting import Painting, PaintingCancelledError
from generators.backends.studio.art.plum.painter import paint_plum
from generators.backends.studio.art.silk.painter import paint_silk
from generators.backends.studio.art.steering import Steering
from generators.specs import Style

STEPS: Final = 6  # stages that every painter yields after
Painter = Callable[[Easel, str], Iterator[None]]
_PAINTERS: Final[Mapping[Style, Painter]] = {
    Style.INK: paint_ink,
    Style.SILK: paint_silk,
    Style.LANTERN: paint_lantern,
    Style.PLUM: paint_plum,
}
_UNASKED: Final = Steering()


def paint(
    style: Style,
    *,
    seed: int,
    width_px: int,
    height_px: int,
    steering: Steering = _UNASKED,
    on_step: Callable[[int, int], bool] | None = None,
) -> Painting:
    """Paint one picture; the same arguments always give the same pixels.

    Args:
        seed: >= 0; decides everything that `steering` leaves open.
        width_px: 256..2048, as is height_px.
        on_step: called with (step, STEPS) after each stage; returning False stops the painting.
    Raises: PaintingCancelledError, UnknownPaletteError.
    """
    palette_name = palettes.choose(style, steering, seed)
    easel = Easel(style=style.value, seed=seed, width_px=width_px, height_px=height_px, steering=steering)
    for step, _ in enumerate(_PAINTERS[style](easel, palette_name), start=1):
        if on_step is not None and not on_step(step, STEPS):
            raise PaintingCancelledError
    return Painting(easel.finish(), palettes.palette(style, palette_name), easel.calm, easel.subject)
