"""Tokenizers trained here, on a few lines of our own: real ones that need no download."""

import functools
import json
import tempfile
from pathlib import Path
from typing import Any, Final

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPTokenizer, Qwen2Tokenizer, T5Tokenizer

LINES: Final = (
    "plum blossom in snow, ink mountains at dawn, paper lanterns over a river",
    "a quiet boat under the moon, silk threads, mist and pine, empty space for words",
    "梅花 雪 山水 灯笼 月亮 中秋 生日 快乐",
)
CHAT: Final = (
    "{% for turn in messages %}<|im_start|>{{ turn.role }}\n{{ turn.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@functools.cache
def train_clip_tokenizer() -> CLIPTokenizer:
    """Byte-level pairs, as CLIP's."""
    trained = Tokenizer(models.BPE(unk_token="<|endoftext|>", end_of_word_suffix="</w>"))
    trained.normalizer = normalizers.Lowercase()
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained.decoder = decoders.ByteLevel()
    trained.train_from_iterator(
        LINES,
        trainers.BpeTrainer(
            vocab_size=700,
            special_tokens=["<|startoftext|>", "<|endoftext|>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            end_of_word_suffix="</w>",
            show_progress=False,
        ),
    )
    model = json.loads(trained.to_str())["model"]
    merges: Any = [tuple(pair) for pair in model["merges"]]  # annotated as strings, read as pairs
    return CLIPTokenizer(vocab=model["vocab"], merges=merges, model_max_length=77)


@functools.cache
def train_chat_tokenizer() -> Qwen2Tokenizer:
    """Byte-level pairs with turns of a conversation, as Qwen's."""
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained.train_from_iterator(
        LINES,
        trainers.BpeTrainer(
            vocab_size=600,
            special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    model = json.loads(trained.to_str())["model"]
    merges: Any = [tuple(pair) for pair in model["merges"]]
    tokenizer = Qwen2Tokenizer(vocab=model["vocab"], merges=merges)
    tokenizer.chat_template = CHAT
    return tokenizer


@functools.cache
def train_t5_tokenizer() -> T5Tokenizer:
    """Unigrams, as T5's."""
    trained = Tokenizer(models.Unigram())
    trained.pre_tokenizer = pre_tokenizers.Metaspace()
    trained.decoder = decoders.Metaspace()
    trained.train_from_iterator(
        LINES,
        trainers.UnigramTrainer(
            vocab_size=200, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False
        ),
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tokenizer.json"
        trained.save(str(path))
        vocabulary = json.loads(path.read_text(encoding="utf-8"))["model"]["vocab"]
    return T5Tokenizer(vocab=[tuple(piece) for piece in vocabulary], model_max_length=64, extra_ids=0)
