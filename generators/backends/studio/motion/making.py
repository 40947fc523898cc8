"""A moving card from a brief: planned like a still one, then filmed or bound as a page."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Final

from generators.backends.studio.art.painting import Painting
from generators.backends.studio.card.drawing import draw_card
from generators.backends.studio.card.making import Plan, plan_card
from generators.backends.studio.card.page import HEIGHT_PX, WIDTH_PX
from generators.backends.studio.motion import animation
from generators.backends.studio.motion.ambient.choice import air_of
from generators.backends.studio.motion.caption import set_caption
from generators.backends.studio.motion.errors import MakingCancelledError
from generators.backends.studio.motion.frames import CardFrames
from generators.backends.studio.motion.h5 import page
from generators.backends.studio.motion.reel import FILM_HEIGHT_PX, FILM_WIDTH_PX, TICKS_PER_SECOND, Reel
from generators.backends.studio.motion.scenes import (
    PATHS,
    SCENE_SECONDS,
    Scene,
    StoryFrames,
    caption_floor,
)
from generators.backends.studio.motion.stage import build_stage
from generators.contracts import Brief, Motion, Pixels
from generators.specs import CardFormat, CardSpec

FILM: Final = Reel()
FLIP_BOOK: Final = Reel(stride=2)  # animated pictures cost more a frame and are seen small

OnStep = Callable[[int], bool]


def _studio_for_films() -> ModuleType:
    """Imported with the first film: FFmpeg takes 15 MB that a renderer of still cards can spare."""
    return import_module("generators.backends.studio.motion.film")


def moving_steps(spec: CardSpec) -> int:
    """How many steps a moving card takes after its painting: its frames, or the parts of its page."""
    if spec.format is CardFormat.MP4:
        told = len(spec.scenes or ()) * SCENE_SECONDS * TICKS_PER_SECOND
        return FILM.frames + round(told)
    return FLIP_BOOK.frames if spec.format is CardFormat.ANIMATED_WEBP else page.STEPS


def make_moving_card(brief: Brief, painting: Painting, fonts: Path | None, on_step: OnStep) -> Motion:
    """Make the card of a spec whose format is no still one.

    on_step: told 1, 2, ... `moving_steps`; returning False stops the work at once.
    Raises: MakingCancelledError. TypeError and ValueError as `plan_card`.
    """
    plan = plan_card(brief, painting.calm, fonts)
    poster = draw_card(painting, plan.finish)
    work = _Work(brief, painting, plan, fonts)
    made = _MAKERS[work.spec.format](work, on_step)
    told = [*(work.spec.scenes or ()), plan.words.text]
    return Motion(
        made.content,
        made.media_type,
        made.extension,
        made.width_px,
        made.height_px,
        poster,
        plan.words.title,
        text="\n".join(told),
        boxes=plan.boxes,
    )


@dataclass(frozen=True, slots=True)
class _Made:
    content: bytes
    media_type: str
    extension: str
    width_px: int = FILM_WIDTH_PX
    height_px: int = FILM_HEIGHT_PX


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """Everything that a card's frames are drawn from."""

    brief: Brief
    painting: Painting
    plan: Plan
    fonts: Path | None

    @property
    def spec(self) -> CardSpec:
        spec = self.brief.spec
        if not isinstance(spec, CardSpec):
            raise TypeError("a card backend got a spec of another kind")
        return spec

    def frames(self, reel: Reel) -> Iterator[Pixels]:
        """The scenes, if there are any, and the card."""
        stage = build_stage(self.painting, self.plan.finish)
        if self.spec.scenes:
            yield from StoryFrames(self._scenes(self.spec.scenes), stage, self.plan.finish)
        air = air_of(self.spec.style, stage, self.brief.seed)
        yield from CardFrames(stage, self.plan.finish, air, reel)

    def _scenes(self, captions: Sequence[str]) -> list[Scene]:
        """The photo, if there is one, else the painting, each time seen in another way."""
        picture = self.painting.pixels if self.brief.photo is None else self.brief.photo
        lowest = caption_floor(self.plan.finish.foot.plate)
        return [
            Scene(picture, path, set_caption(caption, self.spec.language, lowest, self.fonts))
            for caption, path in zip(captions, PATHS, strict=True)
        ]


def _film(work: _Work, on_step: OnStep) -> _Made:
    content = _studio_for_films().encode_film(_watched(work.frames(FILM), on_step), FILM.frames_per_second)
    return _Made(content, _studio_for_films().MEDIA_TYPE, _studio_for_films().EXTENSION)


def _flip_book(work: _Work, on_step: OnStep) -> _Made:
    frames = _watched(work.frames(FLIP_BOOK), on_step)
    content = animation.encode_animation(frames, FLIP_BOOK.frames_per_second)
    return _Made(content, animation.MEDIA_TYPE, animation.EXTENSION)


def _page(work: _Work, on_step: OnStep) -> _Made:
    bound = page.open_page(work.brief, work.spec, work.plan, work.painting)
    _report(1, on_step)
    written = page.write_page(bound, work.fonts)
    _report(2, on_step)
    content = page.close_page(bound, written)
    _report(page.STEPS, on_step)
    return _Made(content, page.MEDIA_TYPE, page.EXTENSION, WIDTH_PX, HEIGHT_PX)


_MAKERS: Final[Mapping[CardFormat, Callable[[_Work, OnStep], _Made]]] = {
    CardFormat.MP4: _film,
    CardFormat.ANIMATED_WEBP: _flip_book,
    CardFormat.HTML: _page,
}


def _report(step: int, on_step: OnStep) -> None:
    """Raises: MakingCancelledError."""
    if not on_step(step):
        raise MakingCancelledError


def _watched(frames: Iterable[Pixels], on_step: OnStep) -> Iterator[Pixels]:
    """The frames, each reported once it is drawn. Raises: MakingCancelledError."""
    for number, frame in enumerate(frames, start=1):
        _report(number, on_step)
        yield frame
