"""Try a template with everything that could break it, and measure what comes out."""

import functools
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from generators.backends.studio.art.paint import paint
from generators.backends.studio.art.painting import Painting
from generators.backends.studio.card.buffers import borrow
from generators.backends.studio.card.contrast import LEAST_RATIO, worst_ratio
from generators.backends.studio.card.drawing import draw_foot, draw_seal, lay_ground
from generators.backends.studio.card.making import Plan, plan_card
from generators.backends.studio.card.occasions import load_occasions
from generators.backends.studio.card.page import HEIGHT_PX, WIDTH_PX
from generators.backends.studio.card.templates.entry import Template
from generators.backends.studio.card.templates.laying import Place
from generators.backends.studio.card.templates.trials import Trial, odd_trials, style_trials, title_trials
from generators.contracts import Box, Pixels
from generators.specs import Occasion, Style
from generators.typesetting.block import draw

LEAST_TEXT_PX: Final = 20.0  # of 1080: smaller letters are not read on a phone
LARGE_PX: Final = 56.0
LARGE_RATIO: Final = 3.0  # WCAG 2.2, success criterion 1.4.3
EDGE_PX: Final = 14.0  # nothing but pictures comes nearer to the edge
_TOLERANCE_PX: Final = 1.0
_WHOLE: Final = Box(0.0, 0.0, WIDTH_PX, HEIGHT_PX)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong. kind: overlap, overflow, small or contrast; `says` has the numbers."""

    template: str
    trial: str
    kind: str
    says: str


def check_template(
    template: Template,
    *,
    on_trial: Callable[[str], None],
    on_picture: Callable[[Pixels], None] | None = None,
    fonts: Path | None = None,
) -> list[Finding]:
    """Try everything.

    on_trial: hears of each card. on_picture: sees each card with something odd about it, and one of each
        style; without it, the odd ones are measured and not drawn.
    """
    found: list[Finding] = []
    for trial in (*odd_trials(template), *title_trials(template)):
        on_trial(trial.name)
        found += measure_layout(template, trial, plan_card(trial.brief, _WHOLE, fonts))
    drawn = [*(odd_trials(template) if on_picture else ()), *style_trials(template)]
    for trial in drawn:
        on_trial(trial.name)
        pixels, unreadable = draw_trial(template, trial, fonts)
        found += unreadable
        if on_picture is not None:
            on_picture(pixels)
    return found


def count_trials(template: Template, *, with_pictures: bool) -> int:
    """How often `on_trial` will be called."""
    odd, titles, styles = (len(list(t(template))) for t in (odd_trials, title_trials, style_trials))
    return odd * (2 if with_pictures else 1) + titles + styles


def measure_layout(template: Template, trial: Trial, plan: Plan) -> Iterator[Finding]:
    """What stands on something else, outside its place, or too small."""

    def finding(kind: str, says: str) -> Finding:
        return Finding(template.id, trial.name, kind, says)

    boxes = {**plan.boxes, "label": plan.finish.foot.plate}
    for (first, one), (second, other) in itertools.combinations(boxes.items(), 2):
        across, down = _shared(one, other)
        if across > _TOLERANCE_PX and down > _TOLERANCE_PX:
            yield finding("overlap", f"{first} and {second} share {across:.0f} x {down:.0f} px")
    for role, box in boxes.items():
        beyond = 0.0 if role.startswith("photo") else _beyond(box, _inset(_WHOLE, EDGE_PX))
        if beyond > _TOLERANCE_PX:
            yield finding("overflow", f"{role} is {beyond:.0f} px too near to the page's edge")
    place = Place(template.side(trial.spec.language), has_code=plan.finish.code is not None)
    for role, area in place.side.texts().items():
        block = plan.finish.layout.blocks.get(role)
        if block is None or block.ink is None:
            continue
        beyond = _beyond(block.ink, place.box(area))
        if beyond > _TOLERANCE_PX:
            yield finding("overflow", f"{role} reaches {beyond:.0f} px out of its area")
        least = LEAST_TEXT_PX if role != "subtitle" else 12.0
        if block.size_px < least:
            yield finding("small", f"{role} is set in {block.size_px:.1f} px; {least:.0f} px can be read")


def draw_trial(template: Template, trial: Trial, fonts: Path | None) -> tuple[Pixels, list[Finding]]:
    """The card, and the texts on it whose contrast is too low."""
    painting = _painting(trial.spec.style, trial.spec.occasion)
    plan = plan_card(trial.brief, painting.calm, fonts)
    page = borrow("page", HEIGHT_PX, WIDTH_PX, 4)
    ground = lay_ground(page, painting, plan.finish)
    found = []
    for role, block in plan.finish.layout.blocks.items():
        colour = ground.paints[role].getColor()
        rgb = (colour >> 16 & 255, colour >> 8 & 255, colour & 255)
        needed = LARGE_RATIO if block.size_px >= LARGE_PX else LEAST_RATIO
        ratio = min((worst_ratio(page, line, rgb) for line in block.lines), default=21.0)
        if ratio < needed:
            says = f"{role} has {ratio:.1f}:1 with what lies behind it; {needed}:1 can be read"
            found.append(Finding(template.id, trial.name, "contrast", says))
    for role, block in plan.finish.layout.blocks.items():
        draw(ground.canvas, block, ground.paints[role])
    draw_seal(ground.canvas, plan.finish, ground.palette)
    draw_foot(ground.canvas, plan.finish, ground.palette)
    return page[..., :3].copy(), found


@functools.lru_cache(maxsize=16)
def _painting(style: Style, occasion: Occasion) -> Painting:
    steering = load_occasions()[occasion].steering_for(style)
    return paint(style, seed=7, width_px=WIDTH_PX, height_px=HEIGHT_PX, steering=steering)


def _shared(one: Box, other: Box) -> tuple[float, float]:
    return (
        min(one.right, other.right) - max(one.left, other.left),
        min(one.bottom, other.bottom) - max(one.top, other.top),
    )


def _beyond(box: Box, area: Box) -> float:
    """How far a box reaches out of an area, px."""
    return max(area.left - box.left, area.top - box.top, box.right - area.right, box.bottom - area.bottom)


def _inset(box: Box, by_px: float) -> Box:
    return Box(box.left + by_px, box.top + by_px, box.right - by_px, box.bottom - by_px)
