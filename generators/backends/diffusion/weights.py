"""Looking at a model's files before anything reads them: bounded, whole, and without code of their own."""

import hashlib
import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from generators.contracts import BackendUnavailableError

_INDEX: Final = "model_index.json"
_MOST_INDEX_BYTES: Final = 1_000_000
_MOST_CONFIG_BYTES: Final = 64_000_000  # the largest tokenizers in use have some 30 MB
_MOST_HEADER_BYTES: Final = 100_000_000  # the format's own limit
_SAMPLE_BYTES: Final = 65_536
_GIB: Final = 1 << 30


def inspect_model(folder: Path, *, max_weights_gib: float) -> str:
    """Check a pipeline's folder without loading it.

    Returns: the name of its pipeline class.
    Raises: BackendUnavailableError, saying what is wrong with which file.
    """
    pipeline = _pipeline_class(folder)
    files = [path for path in folder.rglob("*") if path.is_file()]
    own_code = [path.name for path in files if path.suffix == ".py"]
    if own_code:
        raise BackendUnavailableError(f"{folder.name} brings its own code ({own_code[0]}), which is not run")
    for path in files:
        if path.suffix in {".json", ".txt"} and path.stat().st_size > _MOST_CONFIG_BYTES:
            raise BackendUnavailableError(f"{_named(path, folder)} is too large for a configuration")
    weights = [path for path in files if path.suffix == ".safetensors"]
    _check_weights(folder, weights, max_weights_gib)
    return pipeline


def fingerprint(folder: Path) -> str:
    """Short name of these very files: sizes, and the two ends of every file of weights.

    A fine-tuned model has the same sizes as its base, so some of the numbers themselves are read.
    """
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.suffix in {".json", ".safetensors"}):
        size = path.stat().st_size
        digest.update(f"{_named(path, folder)}\0{size}\0".encode())
        with path.open("rb") as file:
            digest.update(file.read(_SAMPLE_BYTES))
            file.seek(max(0, size - _SAMPLE_BYTES))
            digest.update(file.read(_SAMPLE_BYTES))
    return f"files-{digest.hexdigest()[:16]}"


def _pipeline_class(folder: Path) -> str:
    path = folder / _INDEX
    if not path.is_file():
        what = "is not a folder" if not folder.is_dir() else f"has no {_INDEX}: it is no saved pipeline"
        raise BackendUnavailableError(f"{folder.name} {what}")
    if path.stat().st_size > _MOST_INDEX_BYTES:
        raise BackendUnavailableError(f"{_INDEX} is too large")
    try:
        index = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise BackendUnavailableError(f"{_INDEX} is no JSON: {error}") from error
    name = index.get("_class_name") if isinstance(index, dict) else None
    if not isinstance(name, str):
        raise BackendUnavailableError(f"{_INDEX} names no pipeline class")
    return name


def _check_weights(folder: Path, weights: Sequence[Path], max_weights_gib: float) -> None:
    if not weights:
        raise BackendUnavailableError(f"{folder.name} has no .safetensors weights; pickles are not read")
    total = sum(path.stat().st_size for path in weights)
    if total > max_weights_gib * _GIB:
        raise BackendUnavailableError(
            f"{folder.name} has {total / _GIB:.1f} GiB of weights, more than {max_weights_gib:g} allowed"
        )
    for path in weights:
        if not _is_whole(path):
            raise BackendUnavailableError(f"{_named(path, folder)} is corrupt or cut short")


def _is_whole(path: Path) -> bool:
    """Whether a safetensors file is as long as its header says.

    Source: https://github.com/huggingface/safetensors#format
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        if not 2 <= length <= min(_MOST_HEADER_BYTES, size - 8):
            return False
        try:
            header = json.loads(file.read(length))
            ends = [tensor["data_offsets"][1] for name, tensor in header.items() if name != "__metadata__"]
            return bool(8 + length + max(ends, default=0) == size)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
            return False


def _named(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()
