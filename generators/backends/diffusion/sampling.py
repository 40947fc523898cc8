"""One call of a pipeline: prompts and seeds in, pictures of one canvas out."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch

from generators.backends.diffusion.loading import Loaded
from generators.backends.diffusion.memory import describe_shortage, free_memory
from generators.backends.diffusion.presets import Preset
from generators.backends.diffusion.sizes import Canvas
from generators.backends.diffusion.watch import Pipeline, StepEnd
from generators.contracts import BackendUnavailableError, DeviceMemoryError, Pixels

_BLACK: Final = 2  # no painted picture is darker than this everywhere


@dataclass(frozen=True, slots=True)
class Asked:
    """What one picture of a pass is asked to be."""

    prompt: str
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """What one prompt gave. fault: why it is no picture; is_refused: the model's own checker blanked it."""

    pixels: Pixels
    fault: str | None
    is_refused: bool


def sample(
    loaded: Loaded, preset: Preset, canvas: Canvas, orders: Sequence[Asked], watch: StepEnd
) -> list[Sample]:
    """Run the pipeline once; one sample per order, in order.

    Raises: DeviceMemoryError with the memory given back; BackendUnavailableError when the device is lost;
        whatever `watch` raises.
    """
    try:
        output = loaded.pipeline(**_arguments(loaded.pipeline, preset, canvas, orders, watch))
        return _samples(output.images, getattr(output, "nsfw_content_detected", None))
    except torch.AcceleratorError as error:
        shortage = describe_shortage(error)
        if shortage is None:  # nothing works any more in a process whose device has failed
            raise BackendUnavailableError(f"device {loaded.device} failed: {error}") from error
    except Exception as error:
        shortage = describe_shortage(error)
        if shortage is None:
            _tidy(loaded)
            raise
    _tidy(loaded)
    # Out of the `except`: there the traceback would still hold the tensors that did not fit.
    free_memory(loaded.device)
    raise DeviceMemoryError(shortage)


def _arguments(
    pipeline: Pipeline, preset: Preset, canvas: Canvas, orders: Sequence[Asked], watch: StepEnd
) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        **preset.arguments,
        "prompt": [order.prompt for order in orders],
        "width": canvas.width_px,
        "height": canvas.height_px,
        "num_inference_steps": preset.steps,
        preset.guidance_parameter: preset.guidance,
        # Noise drawn on the CPU, image by image: the same whatever the device and the batch.
        "generator": [torch.Generator("cpu").manual_seed(order.seed) for order in orders],
        "output_type": "pt",
    }
    if preset.negative_prompt is not None:
        arguments["negative_prompt"] = [preset.negative_prompt] * len(orders)
    if preset.max_sequence_length is not None:
        arguments["max_sequence_length"] = preset.max_sequence_length
    return arguments | _watching(pipeline, watch)


def _watching(pipeline: Pipeline, watch: StepEnd) -> dict[str, Any]:
    if "callback_on_step_end" in inspect.signature(pipeline.__call__).parameters:
        return {"callback_on_step_end": watch}
    return {"callback": lambda number, at, _: watch(pipeline, number, at, {}), "callback_steps": 1}


def _samples(images: torch.Tensor, flags: Sequence[bool] | None) -> list[Sample]:
    """Judge on the device, so that a quarter of the bytes crosses the bus."""
    are_finite = torch.isfinite(images).flatten(1).all(dim=1).tolist()
    flags = flags or [False] * len(images)
    levels = (images.float().nan_to_num(0.0).clamp(0, 1) * 255).round().to(torch.uint8)
    pixels = levels.permute(0, 2, 3, 1).contiguous().cpu().numpy()
    return [
        Sample(picture, _fault(picture, is_finite=is_finite), is_refused=bool(is_refused))
        for picture, is_finite, is_refused in zip(pixels, are_finite, flags, strict=True)
    ]


def _fault(picture: Pixels, *, is_finite: bool) -> str | None:
    if not is_finite:
        return "the model gave numbers that are none (NaN or infinite)"
    return "the model gave a black picture" if int(picture.max()) <= _BLACK else None


def _tidy(loaded: Loaded) -> None:
    """After a sampling that broke off: offloaded models are still on the device."""
    if hasattr(loaded.pipeline, "maybe_free_model_hooks"):
        loaded.pipeline.maybe_free_model_hooks()
