"""Text to image by procedural art: the words of a prompt steer a painter; no model runs."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from generators.backends.studio.art.paint import STEPS, paint
from generators.backends.studio.art.painting import Painting, PaintingCancelledError
from generators.backends.studio.art.prompts import read_prompt
from generators.backends.studio.revisions import IMAGE_REVISION
from generators.backends.titles import title_of
from generators.contracts import Brief, Failure, FailureReason, Identity, Picture, Progress, Result
from generators.specs import ImageSpec, Kind, Spec
from generators.typesetting.label import draw_label


class StudioImageBackend:
    """Implements `generators.contracts.Backend` for images."""

    identity = Identity(backend="studio", model="procedural-art", revision=IMAGE_REVISION, is_model=False)
    kinds = frozenset({Kind.IMAGE})
    max_batch = 1  # nothing is shared on a CPU: a second one would only wait

    def steps(self, spec: Spec) -> int:
        """The painter's stages and one for the label."""
        return STEPS + 1

    def generate(self, briefs: Sequence[Brief], progress: Progress) -> list[Result]:
        """One painting after another; a batch saves nothing on a CPU."""
        return [self._generate_one(index, brief, progress) for index, brief in enumerate(briefs)]

    def _generate_one(self, index: int, brief: Brief, progress: Progress) -> Result:
        spec = brief.spec
        if not isinstance(spec, ImageSpec):
            return Failure(FailureReason.INVALID, f"this backend makes images, not {spec.kind}")
        steps = self.steps(spec)
        try:
            painting = _paint(spec, brief.seed, partial(progress.step, index), steps)
        except PaintingCancelledError:
            return Failure(FailureReason.CANCELLED, "cancelled while painting")
        pixels, boxes = painting.pixels, {}
        if brief.label:
            pixels, boxes["label"] = draw_label(pixels, brief.label)
        if not progress.step(index, steps, steps):
            return Failure(FailureReason.CANCELLED, "cancelled after painting")
        return Picture(pixels, title_of(spec.prompt), boxes=boxes)


def _paint(spec: ImageSpec, seed: int, step: partial[bool], steps: int) -> Painting:
    """Raises: PaintingCancelledError."""
    style, steering = read_prompt(spec.prompt)
    return paint(
        spec.style or style,
        seed=seed,
        width_px=spec.width_px,
        height_px=spec.height_px,
        steering=replace(steering, for_words=False),
        on_step=lambda done, _: step(done, steps),
    )
