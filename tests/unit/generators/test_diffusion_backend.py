"""The diffusion backend beyond the contract of every backend: what only a model can get wrong."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch

from generators.backends.diffusion.backend import DiffusionBackend
from generators.contracts import Brief, Failure, FailureReason, Picture, Pixels, Result, Unwatched
from generators.specs import ImageSpec
from tests.contracts.backends.diffusion import make_backend
from tests.contracts.backends.watchers import Recorder
from tests.factories.pipelines import save_flux, save_sd

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
NAN = float("nan")
kit: Any = diffusers  # its classes carry no types


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def sd(models: Path) -> DiffusionBackend:
    return make_backend(models, save_sd, "sd15")


def brief(prompt: str = "plum blossom in snow", seed: int = 7, **changes: object) -> Brief:
    fields = {"prompt": prompt, "width_px": 256, "height_px": 256}
    return Brief(ImageSpec.model_validate(fields | changes), seed, "")


def pixels_of(result: Result) -> Pixels:
    assert isinstance(result, Picture), result
    return result.pixels


def paint(backend: DiffusionBackend, *briefs: Brief) -> list[Result]:
    return backend.generate(briefs, Unwatched())


def failure_of(result: Result) -> FailureReason | None:
    return result.reason if isinstance(result, Failure) else None


class TestPictures:
    def test_the_prompt_decides_what_is_painted(self, sd: DiffusionBackend) -> None:
        first, second = paint(sd, brief("plum blossom in snow"), brief("paper lanterns over a river"))
        assert not np.array_equal(pixels_of(first), pixels_of(second))

    def test_so_do_guidance_and_what_is_not_wanted(self, models: Path, sd: DiffusionBackend) -> None:
        usual = pixels_of(*paint(sd, brief()))
        for said in ({"guidance": 2.0}, {"negative_prompt": "a quiet boat under the moon"}):
            other = make_backend(models, save_sd, "sd15", **said)
            assert not np.array_equal(usual, pixels_of(*paint(other, brief())))

    def test_the_title_is_what_was_asked_for(self, sd: DiffusionBackend) -> None:
        (result,) = paint(sd, brief("梅花, in snow"))
        assert isinstance(result, Picture)
        assert result.title == "梅花"
        assert result.text is None

    def test_sizes_that_do_not_divide_are_cut_from_larger_ones(self, models: Path) -> None:
        flux = make_backend(models, save_flux, "flux1_schnell")
        (result,) = paint(flux, brief(width_px=264, height_px=280))
        assert pixels_of(result).shape == (280, 264, 3)

    def test_one_batch_may_hold_two_sizes(self, sd: DiffusionBackend) -> None:
        briefs = [brief(), brief(width_px=320, seed=8), brief(seed=9)]
        together, alone = paint(sd, *briefs), [paint(sd, one)[0] for one in briefs]
        for first, second in zip(together, alone, strict=True):
            gap = pixels_of(first).astype(int) - pixels_of(second)
            assert np.abs(gap).max() <= 1

    def test_the_largest_seed_is_a_seed(self, sd: DiffusionBackend) -> None:
        assert pixels_of(*paint(sd, brief(seed=2**53 - 1))).std() > 1

    def test_the_identity_names_model_revision_and_steps(self, sd: DiffusionBackend) -> None:
        sd.load()
        identity = sd.identity
        assert (identity.backend, identity.model, identity.is_model, identity.steps) == (
            "diffusers",
            "sd15",
            True,
            3,
        )
        assert identity.revision.startswith("files-")


class TestSchedulers:
    @pytest.fixture
    def scheduled(self, sd: DiffusionBackend) -> Iterator[Callable[[str], DiffusionBackend]]:
        pipeline = sd.load().pipeline
        usual = pipeline.scheduler

        def choose(name: str) -> DiffusionBackend:
            pipeline.scheduler = getattr(kit, name).from_config(usual.config)
            return sd

        yield choose
        pipeline.scheduler = usual

    @pytest.mark.parametrize("name", ["EulerAncestralDiscreteScheduler", "LCMScheduler"])
    def test_noise_at_every_step_is_also_each_pictures_own(
        self, scheduled: Callable[[str], DiffusionBackend], name: str
    ) -> None:
        backend = scheduled(name)
        together = paint(backend, brief(seed=1), brief(seed=2))
        alone = [paint(backend, brief(seed=seed))[0] for seed in (1, 2)]
        for first, second in zip(together, alone, strict=True):
            assert np.abs(pixels_of(first).astype(int) - pixels_of(second)).max() <= 1

    def test_one_that_looks_twice_a_step_still_counts_steps(
        self, scheduled: Callable[[str], DiffusionBackend]
    ) -> None:
        recorder = Recorder()
        scheduled("HeunDiscreteScheduler").generate([brief()], recorder)
        assert [step for step, _ in recorder.seen[0]] == [1, 2, 2, 3, 3, 4][: len(recorder.seen[0])]
        assert recorder.furthest(0) == 4


class TestBadPictures:
    @pytest.fixture
    def spoil(self, sd: DiffusionBackend) -> Iterator[Callable[[int, int, float], None]]:
        """Overwrites rows of one picture of a batch, as the decoder gives it."""
        hooks = []

        def spoil(index: int, rows: int, value: float) -> None:
            def overwrite(_: torch.nn.Module, __: object, output: torch.Tensor) -> torch.Tensor:
                output[index, :, :rows] = value
                return output

            hooks.append(sd.load().pipeline.vae.decoder.register_forward_hook(overwrite))

        yield spoil
        for hook in hooks:
            hook.remove()

    @pytest.mark.parametrize(
        ("rows", "value"), [(1, float("nan")), (256, float("nan")), (256, -1.0)], ids=str
    )
    def test_only_the_broken_picture_fails(
        self, sd: DiffusionBackend, spoil: Callable[[int, int, float], None], rows: int, value: float
    ) -> None:
        whole = paint(sd, brief(seed=1), brief(seed=2), brief(seed=3))
        spoil(1, rows, value)
        first, second, third = paint(sd, brief(seed=1), brief(seed=2), brief(seed=3))
        assert failure_of(second) is FailureReason.INTERNAL
        assert np.array_equal(pixels_of(first), pixels_of(whole[0]))
        assert np.array_equal(pixels_of(third), pixels_of(whole[2]))

    def test_a_prompt_that_breaks_the_pipeline_fails_alone(self, sd: DiffusionBackend) -> None:
        encoder = sd.load().pipeline.tokenizer
        poison = encoder("lantern", return_tensors="pt").input_ids[0, 1].item()

        def choke(_: torch.nn.Module, given: tuple[torch.Tensor, ...]) -> None:
            if (given[0] == poison).any():
                raise ValueError("cannot be encoded")

        hook = sd.load().pipeline.text_encoder.register_forward_pre_hook(choke)
        try:
            results = paint(sd, brief("plum"), brief("lantern"), brief("moon"))
        finally:
            hook.remove()
        assert [failure_of(result) for result in results] == [None, FailureReason.INTERNAL, None]

    def test_who_is_painted_again_alone_never_steps_back(self, sd: DiffusionBackend) -> None:
        def choke(_: torch.nn.Module, given: tuple[torch.Tensor, ...]) -> None:
            if len(given[0]) > 1:
                raise ValueError("takes one at a time")

        recorder = Recorder()
        hook = sd.load().pipeline.vae.decoder.register_forward_pre_hook(choke)
        try:
            results = sd.generate([brief("plum"), brief("moon")], recorder)
        finally:
            hook.remove()
        assert [failure_of(result) for result in results] == [None, None]
        for seen in recorder.seen.values():
            assert seen == sorted(seen)
            assert seen[-1] == (4, 4)


class TestSafety:
    def hook(self, name: str) -> dict[str, object]:
        return {"safety_checker": f"tests.fakes.safety_checkers:{name}"}

    def test_a_refused_picture_is_nobodys(self, models: Path) -> None:
        backend = make_backend(models, save_sd, "sd15", **self.hook("refuse_lanterns"))
        results = paint(backend, brief("plum"), brief("lantern"))
        assert [failure_of(result) for result in results] == [None, FailureReason.REFUSED]

    @pytest.mark.parametrize("name", ["answer_too_little", "break_down"])
    def test_a_checker_that_fails_lets_nothing_pass(self, models: Path, name: str) -> None:
        backend = make_backend(models, save_sd, "sd15", **self.hook(name))
        results = paint(backend, brief("plum"), brief("moon"))
        assert [failure_of(result) for result in results] == [FailureReason.INTERNAL] * 2

    def test_what_the_models_own_checker_blanked_is_refused(self, sd: DiffusionBackend) -> None:
        pipeline = sd.load().pipeline

        def flag_second(images: torch.Tensor, **_: object) -> tuple[torch.Tensor, list[bool]]:
            images[1] = 0
            return images, [False, True]

        pipeline.feature_extractor = lambda pictures, return_tensors: _Extracted()
        pipeline.safety_checker = flag_second
        try:
            results = paint(sd, brief("plum"), brief("moon"))
        finally:
            pipeline.safety_checker = pipeline.feature_extractor = None
        assert [failure_of(result) for result in results] == [None, FailureReason.REFUSED]


class _Extracted:
    """What a feature extractor gives: pixels on a device."""

    pixel_values = torch.zeros(1)

    def to(self, _: object) -> "_Extracted":
        return self
