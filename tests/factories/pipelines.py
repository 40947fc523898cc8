"""Tiny text-to-image pipelines with random weights, saved as real ones are: they prove the path, not the art.

Built with the libraries' own classes, so that loading and sampling are the code that serves real models.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

import diffusers
import torch
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    Qwen3Config,
    Qwen3Model,
    T5Config,
    T5EncoderModel,
)

from tests.factories.tokenizers import train_chat_tokenizer, train_clip_tokenizer, train_t5_tokenizer

_kit: Any = diffusers  # its classes carry no types
torch.set_num_threads(1)  # on networks this small, threads wait for each other longer than they work

WIDTH: Final = 32  # of every embedding
VAE_SCALE: Final = 8  # as large as the real ones', so that sizes behave alike


class _Saved(Protocol):
    def save_pretrained(self, folder: Path, *, safe_serialization: bool) -> object: ...


def save_sd(folder: Path) -> Path:
    """Stable Diffusion 1.5 in small."""
    torch.manual_seed(1)
    return _save(
        _kit.StableDiffusionPipeline(
            unet=_unet(cross_attention_dim=WIDTH),
            vae=_vae(latent_channels=4),
            scheduler=_euler(),
            text_encoder=CLIPTextModel(_clip()),
            tokenizer=train_clip_tokenizer(),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        ),
        folder,
    )


def save_sdxl(folder: Path) -> Path:
    """Stable Diffusion XL in small: two text encoders, sizes as conditions."""
    torch.manual_seed(2)
    return _save(
        _kit.StableDiffusionXLPipeline(
            unet=_unet(
                cross_attention_dim=2 * WIDTH,
                addition_embed_type="text_time",
                addition_time_embed_dim=8,
                projection_class_embeddings_input_dim=6 * 8 + WIDTH,
                transformer_layers_per_block=(1, 2),
                use_linear_projection=True,
            ),
            vae=_vae(latent_channels=4),
            scheduler=_euler(),
            text_encoder=CLIPTextModel(_clip()),
            text_encoder_2=CLIPTextModelWithProjection(_clip()),
            tokenizer=train_clip_tokenizer(),
            tokenizer_2=train_clip_tokenizer(),
        ),
        folder,
    )


def save_flux(folder: Path) -> Path:
    """FLUX.1 in small, without guidance embedding, as schnell is."""
    torch.manual_seed(3)
    transformer = _kit.FluxTransformer2DModel(
        patch_size=1,
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=WIDTH,
        pooled_projection_dim=WIDTH,
        axes_dims_rope=(4, 4, 8),
        guidance_embeds=False,
    )
    return _save(
        _kit.FluxPipeline(
            transformer=transformer,
            vae=_vae(latent_channels=4),
            scheduler=_kit.FlowMatchEulerDiscreteScheduler(),
            text_encoder=CLIPTextModel(_clip()),
            tokenizer=train_clip_tokenizer(),
            text_encoder_2=_t5(),
            tokenizer_2=train_t5_tokenizer(),
        ),
        folder,
    )


def save_sd3(folder: Path) -> Path:
    """Stable Diffusion 3 in small: three text encoders."""
    torch.manual_seed(4)
    transformer = _kit.SD3Transformer2DModel(
        sample_size=32,
        patch_size=2,
        in_channels=4,
        num_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=WIDTH,
        caption_projection_dim=WIDTH,
        pooled_projection_dim=2 * WIDTH,
        out_channels=4,
    )
    return _save(
        _kit.StableDiffusion3Pipeline(
            transformer=transformer,
            vae=_vae(latent_channels=4),
            scheduler=_kit.FlowMatchEulerDiscreteScheduler(),
            text_encoder=CLIPTextModelWithProjection(_clip()),
            tokenizer=train_clip_tokenizer(),
            text_encoder_2=CLIPTextModelWithProjection(_clip()),
            tokenizer_2=train_clip_tokenizer(),
            text_encoder_3=_t5(),
            tokenizer_3=train_t5_tokenizer(),
        ),
        folder,
    )


def save_pixart(folder: Path) -> Path:
    """PixArt-Sigma in small: watched by the older kind of callback."""
    torch.manual_seed(5)
    transformer = _kit.PixArtTransformer2DModel(
        sample_size=32,
        num_layers=1,
        patch_size=2,
        attention_head_dim=8,
        num_attention_heads=4,
        in_channels=4,
        out_channels=8,
        caption_channels=WIDTH,
        cross_attention_dim=WIDTH,
        norm_elementwise_affine=False,
        use_additional_conditions=False,
    )
    return _save(
        _kit.PixArtSigmaPipeline(
            transformer=transformer,
            vae=_vae(latent_channels=4),
            scheduler=_kit.DPMSolverMultistepScheduler(),
            text_encoder=_t5(),
            tokenizer=train_t5_tokenizer(),
        ),
        folder,
    )


def save_z_image(folder: Path) -> Path:
    """Z-Image in small: a language model reads the prompts, which stay as long as they are."""
    torch.manual_seed(6)
    tokenizer = train_chat_tokenizer()
    transformer = _kit.ZImageTransformer2DModel(
        all_patch_size=(2,),
        all_f_patch_size=(1,),
        in_channels=16,
        dim=WIDTH,
        n_layers=2,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        cap_feat_dim=WIDTH,
        axes_dims=[8, 4, 4],
        axes_lens=[256, 64, 64],
    )
    reader = Qwen3Model(
        Qwen3Config(
            vocab_size=len(tokenizer),
            hidden_size=WIDTH,
            intermediate_size=WIDTH,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=2,
            head_dim=16,
            max_position_embeddings=1024,
        )
    )
    return _save(
        _kit.ZImagePipeline(
            transformer=transformer,
            vae=_vae(latent_channels=16),
            scheduler=_kit.FlowMatchEulerDiscreteScheduler(),
            text_encoder=reader,
            tokenizer=tokenizer,
        ),
        folder,
    )


FAMILIES: Final[Mapping[str, Callable[[Path], Path]]] = {
    "sd": save_sd,
    "sdxl": save_sdxl,
    "flux": save_flux,
    "sd3": save_sd3,
    "pixart": save_pixart,
    "z_image": save_z_image,
}


def _save(pipeline: _Saved, folder: Path) -> Path:
    pipeline.save_pretrained(folder, safe_serialization=True)
    return folder


def _unet(**differences: Any) -> torch.nn.Module:
    usual: dict[str, Any] = {
        "sample_size": 32,
        "in_channels": 4,
        "out_channels": 4,
        "block_out_channels": (16, 32),
        "layers_per_block": 1,
        "norm_num_groups": 8,
        "attention_head_dim": 8,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    }
    unet: torch.nn.Module = _kit.UNet2DConditionModel(**usual, **differences)
    return unet


def _vae(latent_channels: int) -> torch.nn.Module:
    stages = VAE_SCALE.bit_length()
    vae: torch.nn.Module = _kit.AutoencoderKL(
        in_channels=3,
        out_channels=3,
        block_out_channels=(8,) * stages,
        layers_per_block=1,
        norm_num_groups=4,
        down_block_types=("DownEncoderBlock2D",) * stages,
        up_block_types=("UpDecoderBlock2D",) * stages,
        latent_channels=latent_channels,
        shift_factor=0.1,
        scaling_factor=0.3,
    )
    return vae


def _clip() -> CLIPTextConfig:
    tokenizer: CLIPTokenizer = train_clip_tokenizer()
    return CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=WIDTH,
        projection_dim=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=77,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def _t5() -> T5EncoderModel:
    return T5EncoderModel(
        T5Config(
            vocab_size=len(train_t5_tokenizer()),
            d_model=WIDTH,
            d_kv=8,
            d_ff=WIDTH,
            num_layers=1,
            num_heads=2,
        )
    )


def _euler() -> object:
    return _kit.EulerDiscreteScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        steps_offset=1,
        timestep_spacing="leading",
    )
