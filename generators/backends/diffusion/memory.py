"""Telling "it did not fit" from every other error, and giving the memory back."""

import gc
from typing import Final

import torch

# What allocators say where they have no exception type of their own.
_SAYINGS: Final = (
    "out of memory",
    "not enough memory",
    "can't allocate memory",
    "cublas_status_alloc_failed",
    "cudnn_status_alloc_failed",
    "cudnn_status_internal_error_host_allocation_failed",
)


def describe_shortage(error: BaseException) -> str | None:
    """What did not fit, or None when the error (or what caused it) is of another kind."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        said = str(cause).casefold()
        is_said = isinstance(cause, RuntimeError) and any(saying in said for saying in _SAYINGS)
        if isinstance(cause, torch.OutOfMemoryError | MemoryError) or is_said:
            return (str(cause) or type(cause).__name__)[:500]
        cause = cause.__cause__ or cause.__context__
    return None


def free_memory(device: torch.device) -> None:
    """Return to the device what no tensor uses. Not within an `except`: a traceback keeps tensors alive."""
    gc.collect()
    if device.type != "cpu":
        torch.get_device_module(device).empty_cache()
