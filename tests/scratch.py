"""Where a run of the tests puts its files: into memory where there is plenty, else where pytest puts them.

A fresh database is four hundred files. On a disk, making and removing them takes ten times as long as
most tests that use it; nothing here has to outlive the machine, so nothing is proved by a disk.
"""

import os
from pathlib import Path

import psutil

FOLDER = Path("/dev/shm")  # noqa: S108 - pytest makes a private folder in it
GIBIBYTE = 2**30
FOLDER_ROOM_BYTES = 3 * GIBIBYTE  # four workers and their engines use well under one
MEMORY_ROOM_BYTES = 8 * GIBIBYTE  # of which workers and browsers need the greater part


def in_memory() -> Path | None:
    """A folder in memory that has room and lets programs run, if there is one."""
    if not (FOLDER.is_dir() and os.access(FOLDER, os.W_OK | os.X_OK)):
        return None
    status = os.statvfs(FOLDER)
    runs_programs = not status.f_flag & os.ST_NOEXEC
    has_room = status.f_bavail * status.f_frsize >= FOLDER_ROOM_BYTES
    return FOLDER if runs_programs and has_room and _memory_is_plenty() else None


def _memory_is_plenty() -> bool:
    return psutil.virtual_memory().available >= MEMORY_ROOM_BYTES
