"""Diffusion pipelines of six families with random weights, and a card on a painting of one of them."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import torch

from generators.backends.diffusion.backend import DiffusionBackend
from generators.backends.diffusion.settings import DiffusionSettings
from generators.backends.studio.card.backend import StudioCardBackend
from generators.contracts import Backend
from generators.specs import ImageSpec, Style
from tests.contracts.backends.studio import CARD, LYRICS
from tests.contracts.backends.subjects import Subject
from tests.factories.pipelines import (
    save_flux,
    save_pixart,
    save_sd,
    save_sd3,
    save_sdxl,
    save_z_image,
)

PETABYTE = 1 << 50
IMAGE = ImageSpec(prompt="plum blossom in snow", width_px=256, height_px=272, style=Style.PLUM)


def make_backend(folder: Path, save: Callable[[Path], Path], preset: str, **said: object) -> DiffusionBackend:
    """A tiny model, saved and then loaded as a real one is."""
    model = folder / preset
    if not model.exists():
        save(model)
    usual = {"model": str(model), "preset": preset, "device": "cpu", "steps": 3, "least_megapixels": 0.01}
    return DiffusionBackend(DiffusionSettings.model_validate(usual | said))


def _card(folder: Path) -> Backend:
    painter = make_backend(folder, save_flux, "flux1_schnell", steps=2, most_megapixels=0.05)
    return StudioCardBackend(backgrounds=[painter])


@contextlib.contextmanager
def starve(backend: Backend) -> Iterator[None]:
    """The denoiser asks for more memory than any machine has; the allocator's own error follows."""
    assert isinstance(backend, DiffusionBackend)
    pipeline = backend.load().pipeline
    denoiser = getattr(pipeline, "unet", None) or pipeline.transformer
    hook = denoiser.register_forward_pre_hook(lambda *_: torch.empty(PETABYTE, dtype=torch.uint8))
    try:
        yield
    finally:
        hook.remove()


def _subject(save: Callable[[Path], Path], preset: str) -> Subject:
    build = partial(make_backend, save=save, preset=preset, steps=2)
    return Subject(preset, build, spec=IMAGE, foreign=CARD, levels=1, starve=starve)


SUBJECTS: Sequence[Subject] = (
    _subject(save_sd, "sd15"),
    _subject(save_sdxl, "sdxl"),
    _subject(save_sd3, "sd35_medium"),
    _subject(save_flux, "flux1_schnell"),
    _subject(save_pixart, "pixart_sigma"),
    _subject(save_z_image, "z_image"),
    # Rounding in the picture may move an edge of the mist under the words by a few levels.
    Subject("card on a painted background", _card, spec=CARD, foreign=LYRICS, levels=12),
)
