"""Loads a causal language model from a folder or the hub, or says plainly why it cannot."""

import functools
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel
from transformers.utils.logging import disable_progress_bar

from generators.backends.diffusion.memory import describe_shortage, free_memory
from generators.backends.diffusion.weights import fingerprint
from generators.backends.language.decoding.decoder import Decoder, Row
from generators.backends.language.decoding.sampling import Taste
from generators.backends.language.decoding.script import Script
from generators.backends.language.decoding.tongue import Tongue
from generators.backends.language.decoding.writing import Writing, open_writing
from generators.backends.language.settings import TransformersSettings
from generators.contracts import BackendUnavailableError, DeviceMemoryError, Identity
from generators.specs import Language

_GIB: Final = 2**30
_ROOM: Final = 64  # tokens an answer needs at the least


@dataclass(eq=False)
class LanguageModel:
    """One network with its tokenizer, ready to write; shared by whoever writes with it, on one thread."""

    settings: TransformersSettings
    identity: Identity
    tongue: Tongue
    network: PreTrainedModel
    tokens_written: int = 0
    _writings: dict[Language, Writing] = field(default_factory=dict)

    def writing(self, language: Language) -> Writing:
        """What constrained decoding needs for a language; made on first use.

        Raises: BackendUnavailableError.
        """
        if language not in self._writings:
            self._writings[language] = open_writing(language, self.tongue)
        return self._writings[language]

    def room(self, prompt: Sequence[int]) -> int:
        """How many tokens an answer may take: what the settings and the network's context allow.

        Raises: BackendUnavailableError when the context holds no answer after the prompt.
        """
        context = getattr(self.network.config.get_text_config(), "max_position_embeddings", None)
        room = self.settings.max_new_tokens if context is None else context - len(prompt)
        if room < _ROOM:
            raise BackendUnavailableError(f"a context of {context} tokens is too short for our prompts")
        return min(room, self.settings.max_new_tokens)

    def row(self, prompt: Sequence[int], script: Script, seed: int, room: int) -> Row:
        """One answer of at most `room` tokens."""
        return Row(prompt, script, random.Random(seed), room)

    def run(self, rows: Sequence[Row]) -> None:
        """Write all rows.

        Raises: DeviceMemoryError when they do not fit together.
        """
        settings = self.settings
        decoder = Decoder(self.network, Taste(settings.temperature, settings.top_p, settings.top_k))
        try:
            decoder.run(rows)
        except Exception as error:
            shortage = describe_shortage(error)
            if shortage is None:
                raise
        else:
            self.tokens_written += sum(len(row.tokens) for row in rows)
            return
        free_memory(self.network.device)
        raise DeviceMemoryError(f"{len(rows)} rows do not fit: {shortage}")


@functools.lru_cache(maxsize=4)
def open_language_model(settings: TransformersSettings) -> LanguageModel:
    """Load it once a process, however many writers share it. Code that comes with a model is never run.

    Raises: BackendUnavailableError when it is missing, broken, too large, or does not fit the device.
    """
    _require_size(settings)
    disable_progress_bar()  # type: ignore[no-untyped-call]  # a worker's log is no terminal
    try:
        tongue, network = _read(settings)
    except BackendUnavailableError:
        raise
    except Exception as error:  # the library raises whatever its parsers met in a broken file
        what = "does not fit" if describe_shortage(error) else "does not load"
        raise BackendUnavailableError(f"{_name(settings)} {what}: {type(error).__name__}") from error
    identity = Identity("transformers", _name(settings), _revision(settings, network), is_model=True)
    return LanguageModel(settings, identity, tongue, network)


def _read(settings: TransformersSettings) -> tuple[Tongue, PreTrainedModel]:
    options = {
        "revision": settings.revision or "main",
        "local_files_only": settings.is_offline,
        "trust_remote_code": False,
    }
    tokenizer = AutoTokenizer.from_pretrained(settings.model, **options)
    loaded: Any = AutoModelForCausalLM.from_pretrained(
        settings.model,
        dtype=settings.dtype if settings.dtype == "auto" else getattr(torch, settings.dtype),
        use_safetensors=True,
        output_loading_info=True,
        **options,
    )
    network, info = loaded
    if info["missing_keys"]:  # the library would go on with random numbers in their place
        raise BackendUnavailableError(f"{_name(settings)} lacks {len(info['missing_keys'])} of its weights")
    if len(tokenizer) > network.config.get_text_config().vocab_size:
        raise BackendUnavailableError(f"{_name(settings)}: the tokenizer knows more tokens than the network")
    torch.nn.Module.to(network, _device(settings.device))
    tongue = Tongue(tokenizer)
    tongue.prompt("a broken template", "is found out here")
    return tongue, network


def _require_size(settings: TransformersSettings) -> None:
    folder = Path(settings.model)
    if not folder.is_dir():
        return
    size = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    if size > settings.max_model_gib * _GIB:
        raise BackendUnavailableError(f"{_name(settings)} has {size / _GIB:.1f} GiB of weights, too many")


def _name(settings: TransformersSettings) -> str:
    """A hub name as it is, of a folder its last part: works must not tell how a machine is laid out."""
    folder = Path(settings.model)
    return folder.name if folder.is_absolute() or folder.is_dir() else str(settings.model)


def _device(name: str) -> str:
    if name != "auto":
        return name
    return "cuda" if torch.cuda.is_available() else "cpu"


def _revision(settings: TransformersSettings, network: PreTrainedModel) -> str:
    """The hub's commit, or a fingerprint of a folder's files."""
    commit = getattr(network.config, "_commit_hash", None)
    if commit:
        return str(commit)
    folder = Path(settings.model)
    return settings.revision or (fingerprint(folder) if folder.is_dir() else "unknown")
