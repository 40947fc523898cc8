"""Limits that a process sets to itself before it reads what a stranger sent. Imports next to nothing."""

import resource


def bound_process(*, memory_bytes: int, processor_seconds: int) -> None:
    """Memory and time of this process, and nothing that it could write to a disk."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (processor_seconds, processor_seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
