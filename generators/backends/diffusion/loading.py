"""From settings to a pipeline that is on its device and ready to be called."""

import inspect
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import AutoPipelineForText2Image, DiffusionPipeline
from diffusers.pipelines.auto_pipeline import AUTO_TEXT2IMAGE_PIPELINES_MAPPING
from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

from generators.backends.diffusion.memory import describe_shortage, free_memory
from generators.backends.diffusion.presets import Dtype, Preset
from generators.backends.diffusion.settings import DiffusionSettings, Offload
from generators.backends.diffusion.watch import Pipeline
from generators.backends.diffusion.weights import fingerprint, inspect_model
from generators.contracts import BackendUnavailableError

_DENOISERS: Final = ("unet", "transformer", "transformer_2", "prior")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A pipeline of any family. `revision` names what was really loaded."""

    pipeline: Pipeline
    device: torch.device
    revision: str


def load(settings: DiffusionSettings, preset: Preset) -> Loaded:
    """Find, check, read and place a model.

    Raises: BackendUnavailableError, with the reason for operators.
    """
    device = _device(settings.device)
    try:
        folder = settings.folder or _fetch(settings)
        name = inspect_model(folder, max_weights_gib=settings.max_weights_gib)
        _require_match(name, settings, preset)
        pipeline = _read(folder, name, settings, _dtype(preset.dtype, device))
        _require_arguments(pipeline, settings, preset)
        _add_loras(pipeline, settings)
        _place(pipeline, settings, device)
    except BackendUnavailableError:
        raise
    except Exception as error:
        shortage = describe_shortage(error)
        reason = f"does not fit on {device}: {shortage}" if shortage else f"does not load: {error!r}"
    else:
        return Loaded(pipeline, device, _revision(folder, settings))
    free_memory(device)
    raise BackendUnavailableError(f"model {settings.name} {reason}"[:1000])


def _fetch(settings: DiffusionSettings) -> Path:
    """The hub's cached folder, downloaded first when it may be."""
    if not settings.local_files_only:
        _log.info("fetching a model", extra={"model": settings.model, "revision": settings.revision})
    folder = DiffusionPipeline.download(
        settings.model,
        revision=settings.revision,
        variant=settings.variant,
        use_safetensors=True,
        local_files_only=settings.local_files_only,
    )
    return Path(folder)


def _require_match(name: str, settings: DiffusionSettings, preset: Preset) -> None:
    if name not in preset.pipelines:
        fitting = " or ".join(preset.pipelines)
        raise BackendUnavailableError(
            f"model {settings.name} is a {name}; the preset {settings.preset} is for a {fitting}"
        )


def _read(folder: Path, name: str, settings: DiffusionSettings, dtype: torch.dtype) -> Pipeline:
    known = {pipeline.__name__ for pipeline in AUTO_TEXT2IMAGE_PIPELINES_MAPPING.values()}
    libraries: Any = (diffusers_logging, transformers_logging)
    for library in libraries:
        library.disable_progress_bar()  # it has no place in a worker's log
    reader: Any = AutoPipelineForText2Image if name in known else DiffusionPipeline
    pipeline = reader.from_pretrained(
        folder, dtype=dtype, variant=settings.variant, use_safetensors=True, local_files_only=True
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _require_arguments(pipeline: Pipeline, settings: DiffusionSettings, preset: Preset) -> None:
    """A preset that names what the pipeline does not know would fail at every picture: say so once."""
    known = inspect.signature(pipeline.__call__).parameters
    wanted = {preset.guidance_parameter, *preset.arguments}
    wanted |= {"negative_prompt"} if preset.negative_prompt is not None else set()
    wanted |= {"max_sequence_length"} if preset.max_sequence_length is not None else set()
    missing = sorted(wanted - known.keys())
    if missing:
        raise BackendUnavailableError(
            f"{type(pipeline).__name__} of model {settings.name} does not take {', '.join(missing)}"
        )
    if not known.keys() & {"callback_on_step_end", "callback"}:
        raise BackendUnavailableError(f"{type(pipeline).__name__} cannot be watched or stopped")


def _add_loras(pipeline: Pipeline, settings: DiffusionSettings) -> None:
    """Fused, they cost no time at a step and nothing needs to be switched."""
    if not settings.loras:
        return
    names = [f"lora_{number}" for number in range(len(settings.loras))]
    for name, lora in zip(names, settings.loras, strict=True):
        pipeline.load_lora_weights(
            str(Path(lora.path).expanduser()) if lora.path[0] in "/.~" else lora.path,
            weight_name=lora.weight_name,
            adapter_name=name,
            local_files_only=settings.local_files_only or lora.path[0] in "/.~",
        )
    pipeline.set_adapters(names, adapter_weights=[lora.scale for lora in settings.loras])
    pipeline.fuse_lora(adapter_names=names, safe_fusing=True)
    pipeline.unload_lora_weights()


def _place(pipeline: Pipeline, settings: DiffusionSettings, device: torch.device) -> None:
    if settings.offload is Offload.NONE:
        pipeline.to(device)
    elif device.type == "cpu":
        raise BackendUnavailableError("offload needs a device besides the CPU, and there is none")
    elif settings.offload is Offload.MODEL:
        pipeline.enable_model_cpu_offload(device=device)
    else:
        pipeline.enable_sequential_cpu_offload(device=device)
    if settings.vae_tiling:
        pipeline.vae.enable_tiling()
    if settings.vae_slicing:
        pipeline.vae.enable_slicing()
    for denoiser in (getattr(pipeline, name, None) for name in _DENOISERS):
        if denoiser is None:
            continue
        if device.type == "cuda" and hasattr(denoiser, "conv_in"):
            denoiser.to(memory_format=torch.channels_last)  # convolutions run on tensor cores as they lie
        if settings.compile:
            _compile(denoiser)


def _compile(denoiser: torch.nn.Module) -> None:
    """The repeated blocks alone where the model names them: minutes less, the same speed."""
    compile_blocks = getattr(denoiser, "compile_repeated_blocks", None)
    if compile_blocks is not None and getattr(denoiser, "_repeated_blocks", None):
        compile_blocks(fullgraph=True)
    else:
        denoiser.compile()


def _device(name: str) -> torch.device:
    """Raises: BackendUnavailableError when this machine has no such device."""
    if name == "auto":
        found = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
        return found or torch.device("cpu")
    device = torch.device(name)
    if device.type != "cpu":
        present = torch.get_device_module(device.type)
        if not present.is_available() or (device.index or 0) >= present.device_count():
            raise BackendUnavailableError(f"this machine has no device {name}")
    return device


def _dtype(dtype: Dtype, device: torch.device) -> torch.dtype:
    """Half precision is slower on a CPU, and some of its operations are missing there."""
    return torch.float32 if device.type == "cpu" else getattr(torch, dtype.value)


def _revision(folder: Path, settings: DiffusionSettings) -> str:
    """The hub's commit, which its cache names folders by; or a fingerprint of the files."""
    return folder.name if settings.folder is None else settings.revision or fingerprint(folder)
