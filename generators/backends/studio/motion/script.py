"""When each word appears: in reading order, the seal last, then a rest to read."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import skia

from generators.backends.studio.card.drawing import Finish
from generators.backends.studio.motion.reel import SECONDS
from generators.typesetting.block import Block, Placed, blobs

READING_ORDER: Final = ("title", "subtitle", "recipient", "message", "closing", "sender")
_FIRST_SECONDS: Final = 0.12
_REST_SECONDS: Final = 0.42  # at the end, when all is there
_SEAL_SECONDS: Final = 0.3
_FADE_SECONDS: Final = {"title": 0.62, "subtitle": 0.5}
_USUAL_FADE: Final = 0.42
# How long the eye stays on a piece of each role, relative to one of the message.
_WEIGHT: Final = {
    "title": 2.6,
    "subtitle": 0.5,
    "recipient": 1.1,
    "message": 1.0,
    "closing": 0.8,
    "sender": 1.1,
}


@dataclass(frozen=True, slots=True, eq=False)
class Cue:
    """Glyphs that appear together between two moments, in seconds."""

    role: str
    begins: float
    ends: float
    drawn: tuple[skia.TextBlob, ...]

    def share(self, time: float) -> float:
        """How far it has appeared, 0..1."""
        return min(1.0, max(0.0, (time - self.begins) / (self.ends - self.begins)))


@dataclass(frozen=True, slots=True)
class Script:
    cues: tuple[Cue, ...]
    seal_begins: float
    seal_ends: float


def write_script(finish: Finish, seconds: float = SECONDS) -> Script:
    """Spread the words over the film; long letters come faster, none comes late."""
    groups = [
        (role, pieces)
        for role in present_roles(finish.layout.blocks)
        if (pieces := list(_pieces(finish.layout.blocks[role])))
    ]
    seal_ends = seconds - _REST_SECONDS
    seal_begins = seal_ends - _SEAL_SECONDS
    last_start = seal_begins - _USUAL_FADE * 0.6
    total = sum(_WEIGHT.get(role, 1.0) * _count(role, pieces) for role, pieces in groups)
    pace = (last_start - _FIRST_SECONDS) / total if total else 0.0
    cues, pen = [], _FIRST_SECONDS
    for role, pieces in groups:
        step = pace * _WEIGHT.get(role, 1.0) * _count(role, pieces) / len(pieces)
        for number, glyphs in enumerate(pieces):
            begins = pen + number * step
            ends = min(begins + _FADE_SECONDS.get(role, _USUAL_FADE), seal_ends)
            cues.append(Cue(role, begins, ends, tuple(blobs(glyphs))))
        pen += step * len(pieces)
    return Script(tuple(cues), seal_begins, seal_ends)


def present_roles(blocks: dict[str, Block]) -> list[str]:
    """Roles in the order they are read; those we do not know of come before the signature."""
    known = [role for role in READING_ORDER if role in blocks]
    return known + [role for role in blocks if role not in READING_ORDER]


def _count(role: str, pieces: Sequence[object]) -> float:
    """A letter of two hundred characters must not leave its title no time at all."""
    return min(len(pieces), 48.0) if role == "message" else min(len(pieces), 8.0)


def _pieces(block: Block) -> Iterator[tuple[Placed, ...]]:
    """The glyphs of each unbreakable piece in reading order; without spans, of each line's worth."""
    if not block.spans:
        if block.glyphs:
            yield block.glyphs
        return
    for _, line in itertools.groupby(block.spans, key=lambda span: span.line):
        spans = list(line)
        if all(span.is_rtl for span in spans):
            spans.reverse()
        for span in spans:
            if span.end > span.start:
                yield block.glyphs[span.start : span.end]
