"""Text to image by any diffusion pipeline that the diffusers library reads."""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

from generators.backends.diffusion.loading import Loaded, load
from generators.backends.diffusion.prompts import write_prompt
from generators.backends.diffusion.safety import SafetyChecker, load_checker, refusals
from generators.backends.diffusion.sampling import Asked, Sample, sample
from generators.backends.diffusion.settings import DiffusionSettings
from generators.backends.diffusion.sizes import Canvas, cut, fit
from generators.backends.diffusion.watch import EverybodyLeftError, Watch
from generators.backends.titles import title_of
from generators.contracts import (
    BackendUnavailableError,
    Brief,
    DeviceMemoryError,
    Failure,
    FailureReason,
    Identity,
    Picture,
    Pixels,
    Progress,
    Result,
)
from generators.specs import ImageSpec, Kind, Spec
from generators.typesetting.label import draw_label

RETRY_SECONDS: Final = 60.0  # a model that did not load is not read again sooner
_log = logging.getLogger(__name__)


class DiffusionBackend:
    """Implements contracts.Backend for images.

    Loads at the first batch, or when `load` is called. One picture of a batch is the picture that it would
    be alone, up to what another order of additions rounds differently.
    """

    kinds = frozenset({Kind.IMAGE})

    def __init__(
        self, settings: DiffusionSettings, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._preset = settings.resolved()
        self._monotonic = monotonic
        self._loaded: Loaded | None = None
        self._failed: tuple[float, str] | None = None
        self._checker: SafetyChecker | None = None
        self.max_batch = self._preset.max_batch
        self.identity = Identity(
            "diffusers",
            settings.name,
            settings.revision or "unloaded",
            is_model=True,
            steps=self._preset.steps,
        )

    def steps(self, spec: Spec) -> int:
        """The sampler's steps and one for decoding, checking and labelling."""
        return self._preset.steps + 1

    def load(self) -> Loaded:
        """Bring the model onto its device; once. `identity.revision` is what was loaded from then on.

        Raises: BackendUnavailableError.
        """
        if self._loaded is not None:
            return self._loaded
        if self._failed is not None and self._monotonic() - self._failed[0] < RETRY_SECONDS:
            raise BackendUnavailableError(self._failed[1])
        try:
            if self._settings.safety_checker is not None:
                self._checker = load_checker(self._settings.safety_checker)
            self._loaded = load(self._settings, self._preset)
        except BackendUnavailableError as error:
            self._failed = (self._monotonic(), str(error))
            raise
        self.identity = Identity(
            "diffusers",
            self._settings.name,
            self._loaded.revision,
            is_model=True,
            steps=self._preset.steps,
        )
        return self._loaded

    def generate(self, briefs: Sequence[Brief], progress: Progress) -> list[Result]:
        """One pass for every size in the batch; the batch key makes that one pass as a rule."""
        self.load()
        watch = Watch(progress, self._preset.steps + 1)
        results: dict[int, Result] = {}
        passes: dict[Canvas, list[int]] = defaultdict(list)
        for index, brief in enumerate(briefs):
            if isinstance(brief.spec, ImageSpec):
                passes[fit(brief.spec.width_px, brief.spec.height_px, self._preset)].append(index)
            else:
                results[index] = Failure(
                    FailureReason.INVALID, f"this backend makes images, not {brief.spec.kind}"
                )
        for canvas, members in passes.items():
            orders = [_Order(index, briefs[index], self._preset.reads_chinese) for index in members]
            results |= self._paint(orders, canvas, watch)
        return [results[index] for index in range(len(briefs))]

    def _paint(self, orders: Sequence["_Order"], canvas: Canvas, watch: Watch) -> dict[int, Result]:
        """One pass; when it breaks, one for each member: perhaps only one is to blame."""
        try:
            samples = self._sample(orders, canvas, watch)
            return self._finish(orders, samples, canvas, watch)
        except EverybodyLeftError:
            return {order.index: _cancelled() for order in orders}
        except (DeviceMemoryError, BackendUnavailableError):
            raise
        except Exception as error:
            _log.exception("sampling failed", extra={"members": len(orders)})
            if len(orders) == 1:
                return {orders[0].index: Failure(FailureReason.INTERNAL, repr(error)[:1000])}
        results: dict[int, Result] = {}
        for order in orders:
            left = watch.is_cancelled(order.index)
            results |= {order.index: _cancelled()} if left else self._paint([order], canvas, watch)
        return results

    def _sample(self, orders: Sequence["_Order"], canvas: Canvas, watch: Watch) -> list[Sample]:
        return sample(
            self.load(),
            self._preset,
            canvas,
            [Asked(order.prompt, order.brief.seed) for order in orders],
            watch.callback([order.index for order in orders], self._preset.steps),
        )

    def _finish(
        self, orders: Sequence["_Order"], samples: Sequence[Sample], canvas: Canvas, watch: Watch
    ) -> dict[int, Result]:
        """Leave out whoever left, failed or is refused; cut and label the others."""
        results: dict[int, Result] = {}
        kept: list[tuple[_Order, Pixels]] = []
        for order, one in zip(orders, samples, strict=True):
            failure = _failure(one, is_cancelled=watch.is_cancelled(order.index))
            if failure is None:
                kept.append((order, cut(one.pixels, canvas, order.spec.width_px, order.spec.height_px)))
            else:
                results[order.index] = failure
        for (order, pixels), is_refused in zip(kept, self._refusals(kept), strict=True):
            results[order.index] = _refused() if is_refused else _deliver(order, pixels, watch)
        return results

    def _refusals(self, kept: Sequence[tuple["_Order", Pixels]]) -> Sequence[bool]:
        if self._checker is None or not kept:
            return [False] * len(kept)
        return refusals(self._checker, [pixels for _, pixels in kept], [order.prompt for order, _ in kept])


class _Order:
    """A brief for an image, and its place in the batch."""

    __slots__ = ("brief", "index", "prompt", "spec")

    def __init__(self, index: int, brief: Brief, reads_chinese: bool) -> None:
        if not isinstance(brief.spec, ImageSpec):
            raise TypeError("not an image")
        self.index, self.brief, self.spec = index, brief, brief.spec
        self.prompt = write_prompt(brief.spec, reads_chinese=reads_chinese)


def _deliver(order: _Order, pixels: Pixels, watch: Watch) -> Result:
    boxes = {}
    if order.brief.label:
        try:
            pixels, boxes["label"] = draw_label(pixels, order.brief.label)
        except ValueError as error:
            return Failure(FailureReason.INVALID, str(error))
    if not watch.step(order.index, watch.steps):
        return _cancelled()
    return Picture(pixels, title_of(order.spec.prompt), boxes=boxes)


def _failure(one: Sample, *, is_cancelled: bool) -> Failure | None:
    if is_cancelled:
        return _cancelled()
    if one.is_refused:
        return _refused()
    return None if one.fault is None else Failure(FailureReason.INTERNAL, one.fault)


def _cancelled() -> Failure:
    return Failure(FailureReason.CANCELLED, "cancelled while painting")


def _refused() -> Failure:
    return Failure(FailureReason.REFUSED, "a safety checker refused the picture")
