"""Tiny language models with random weights and a tokenizer trained here, saved as the real ones are."""

import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import torch
from tokenizers import Regex, Tokenizer, decoders, pre_tokenizers, trainers
from tokenizers.models import BPE
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

from generators.backends.studio.lyrics.bank import theme_units, themes
from generators.backends.studio.lyrics.pronunciations import known_words
from generators.specs import Language

SPECIALS: Final = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
TEMPLATE: Final = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
NO_SYSTEM_TEMPLATE: Final = (
    "{% if messages[0].role == 'system' %}{{ raise_exception('No system role') }}{% endif %}" + TEMPLATE
)


def corpus() -> Iterable[str]:
    """The studio's lines in both languages, and the English words once more."""
    for theme in themes():
        for language in Language:
            for unit in theme_units(theme.name, language):
                yield from (variant.text for variants in unit.lines for variant in variants[:2])
    yield " ".join(known_words())


def make_tokenizer(vocabulary: int = 3000, template: str | None = TEMPLATE) -> PreTrainedTokenizerFast:
    """A tokenizer of that many tokens, with the chat template."""
    fast: PreTrainedTokenizerFast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=_train(vocabulary), eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    fast.chat_template = template
    return fast


@functools.cache
def _train(vocabulary: int) -> Tokenizer:
    """Byte-level BPE, split as Qwen splits: rare characters stay pieces of several tokens."""
    tokenizer = Tokenizer(BPE())
    split = (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
        r"|\s*[\r\n]+|\s+(?!\S)|\s+"
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(split), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIALS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus(), trainer)
    return tokenizer


def save_model(
    folder: Path, *, family: str = "qwen3", template: str | None = TEMPLATE, context: int = 4096
) -> Path:
    """A model of 0.3 M parameters in `folder`, as save_pretrained writes it. family: "qwen3" or "llama"."""
    tokenizer = make_tokenizer(template=template)
    torch.manual_seed(5)
    sizes: dict[str, Any] = {
        "vocab_size": len(tokenizer) + 8,  # networks are padded; those tokens must never be drawn
        "hidden_size": 48,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": context,
    }
    network = (
        Qwen3ForCausalLM(Qwen3Config(head_dim=12, **sizes))
        if family == "qwen3"
        else LlamaForCausalLM(LlamaConfig(**sizes))
    )
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
