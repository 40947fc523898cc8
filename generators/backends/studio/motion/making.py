"""A moving card from a brief: planned like a still one, then filmed or bound as a page."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from generators.backends.studio.art.painting import Painting
from generators.backends.studio.card.drawing import draw_card
from generators.backends.studio.card.making import Plan, plan_card
from generators.backends.studio.motion import animation, film
from generators.backends.studio.motion.ambient.choice import air_of
from generators.backends.studio.motion.caption import set_caption
from generators.backends.studio.motion.errors import MakingCancelledError
from generators.backends.studio.motion.frames import CardFrames
from generators.backends.studio.motion.reel import FILM_HEIGHT_PX, FILM_WIDTH_PX, TICKS_PER_SECOND, Reel
from generators.backends.studio.motion.scenes import (
    PATHS,
    SCENE_SECONDS,
    Scene,
    StoryFrames,
    caption_floor,
)
from generators.backends.studio.motion.stage import Stage, build_stage
from generators.contracts import Brief, Motion, Pixels
from generators.specs import CardFormat, CardSpec

FILM: Final = Reel()
FLIP_BOOK: Final = Reel(stride=2)  # animated pictures cost more a frame and are seen small

OnStep = Callable[[int], bool]


def moving_steps(spec: CardSpec) -> int:
    """How many steps a moving card takes after its painting: its frames, or the parts of its page."""
    if spec.format is CardFormat.MP4:
        told = len(spec.scenes or ()) * SCENE_SECONDS * TICKS_PER_SECOND
        return FILM.frames + round(told)
    return FLIP_BOOK.frames


def make_moving_card(brief: Brief, painting: Painting, fonts: Path | None, on_step: OnStep) -> Motion:
    """Make the card of a spec whose format is no still one.

    on_step: told 1, 2, ... `moving_steps`; returning False stops the work at once.
    Raises: MakingCancelledError. TypeError and ValueError as `plan_card`.
    """
    plan = plan_card(brief, painting.calm, fonts)
    poster = draw_card(painting, plan.finish)
    work = _Work(brief, painting, plan, build_stage(painting, plan.finish), fonts)
    is_film = work.spec.format is CardFormat.MP4
    frames = _watched(work.film() if is_film else work.flip_book(), on_step)
    if is_film:
        content = film.encode_film(frames, FILM.frames_per_second)
        media_type, extension = film.MEDIA_TYPE, film.EXTENSION
    else:
        content = animation.encode_animation(frames, FLIP_BOOK.frames_per_second)
        media_type, extension = animation.MEDIA_TYPE, animation.EXTENSION
    return Motion(
        content,
        media_type,
        extension,
        FILM_WIDTH_PX,
        FILM_HEIGHT_PX,
        poster,
        plan.words.title,
        text="\n".join([*(work.spec.scenes or ()), plan.words.text]),
        boxes=plan.boxes,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """Everything that a card's frames are drawn from."""

    brief: Brief
    painting: Painting
    plan: Plan
    stage: Stage
    fonts: Path | None

    @property
    def spec(self) -> CardSpec:
        spec = self.brief.spec
        if not isinstance(spec, CardSpec):
            raise TypeError("a card backend got a spec of another kind")
        return spec

    def film(self) -> Iterator[Pixels]:
        if self.spec.scenes:
            yield from StoryFrames(self._scenes(self.spec.scenes), self.stage, self.plan.finish)
        yield from self._card(FILM)

    def flip_book(self) -> Iterator[Pixels]:
        return self._card(FLIP_BOOK)

    def _card(self, reel: Reel) -> Iterator[Pixels]:
        air = air_of(self.spec.style, self.stage, self.brief.seed)
        return iter(CardFrames(self.stage, self.plan.finish, air, reel))

    def _scenes(self, captions: Sequence[str]) -> list[Scene]:
        """The photo, if there is one, else the painting, each time seen in another way."""
        picture = self.painting.pixels if self.brief.photo is None else self.brief.photo
        lowest = caption_floor(self.plan.finish.foot.plate)
        return [
            Scene(picture, path, set_caption(caption, self.spec.language, lowest, self.fonts))
            for caption, path in zip(captions, PATHS, strict=True)
        ]


def _watched(frames: Iterable[Pixels], on_step: OnStep) -> Iterator[Pixels]:
    """The frames, each reported once it is drawn. Raises: MakingCancelledError."""
    for number, frame in enumerate(frames, start=1):
        if not on_step(number):
            raise MakingCancelledError
        yield frame
