"""Pipelines with the sizes of SDXL and random weights: they cost what the real one costs and show nothing.

Source: unet/config.json and vae/config.json of https://huggingface.co/stabilityai/stable-diffusion-xl-base-1.0
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import diffusers
import torch
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from tests.factories.tokenizers import train_clip_tokenizer

_kit: Any = diffusers  # its classes carry no types


@dataclass(frozen=True, slots=True)
class Size:
    """What differs between the real thing and a model that a laptop runs in a second."""

    channels: tuple[int, ...]
    heads: tuple[int, ...]
    depths: tuple[int, ...]
    layers: int
    text_widths: tuple[int, int]
    time_width: int
    vae_channels: tuple[int, ...]
    vae_layers: int


SDXL: Final = Size(
    channels=(320, 640, 1280),
    heads=(5, 10, 20),
    depths=(1, 2, 10),
    layers=2,
    text_widths=(768, 1280),
    time_width=256,
    vae_channels=(128, 256, 512, 512),
    vae_layers=2,
)
TINY: Final = Size(
    channels=(32, 64, 64),
    heads=(2, 4, 4),
    depths=(1, 1, 2),
    layers=1,
    text_widths=(32, 64),
    time_width=32,
    vae_channels=(32, 32, 32, 32),
    vae_layers=1,
)


def save_sdxl(folder: Path, size: Size, *, device: str, dtype: torch.dtype) -> Path:
    """Build on the device, where drawing 2.6 billion numbers takes no time, and save in `dtype`.

    The text encoders have the right widths and two layers: they run once a batch.
    """
    torch.manual_seed(1)
    first, second = size.text_widths
    with torch.device(device):
        parts = {
            "unet": _unet(size),
            "vae": _vae(size),
            "text_encoder": CLIPTextModel(_clip(first)),
            "text_encoder_2": CLIPTextModelWithProjection(_clip(second)),
        }
    pipeline = _kit.StableDiffusionXLPipeline(
        **{name: part.to(dtype) for name, part in parts.items()},
        tokenizer=train_clip_tokenizer(),
        tokenizer_2=train_clip_tokenizer(),
        scheduler=_kit.EulerDiscreteScheduler(
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="scaled_linear",
            steps_offset=1,
            timestep_spacing="leading",
        ),
    )
    pipeline.save_pretrained(folder, safe_serialization=True)
    return folder


def _unet(size: Size) -> torch.nn.Module:
    unet: torch.nn.Module = _kit.UNet2DConditionModel(
        sample_size=128,
        in_channels=4,
        out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=size.channels,
        layers_per_block=size.layers,
        attention_head_dim=size.heads,
        transformer_layers_per_block=size.depths,
        cross_attention_dim=sum(size.text_widths),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=size.time_width,
        projection_class_embeddings_input_dim=6 * size.time_width + size.text_widths[1],
    )
    return unet


def _vae(size: Size) -> torch.nn.Module:
    vae: torch.nn.Module = _kit.AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=size.vae_channels,
        layers_per_block=size.vae_layers,
        latent_channels=4,
        sample_size=1024,
        scaling_factor=0.13025,
    )
    return vae


def _clip(width: int) -> CLIPTextConfig:
    tokenizer = train_clip_tokenizer()
    return CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=4 * width,
        projection_dim=width,
        num_hidden_layers=2,
        num_attention_heads=width // 16,
        max_position_embeddings=77,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
