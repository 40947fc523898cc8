"""The data folder and where files of works are kept. Nothing is written: permissions are read."""

import asyncio
import os
import shutil
from pathlib import Path
from typing import Final

import obstore
from obstore.exceptions import BaseError
from obstore.store import from_url

from core.settings import Environment, Settings
from service.main.doctor.findings import Finding, broken, note, ok, one_line, without_secrets

SPARSE_BYTES: Final = 2 * 2**30
FULL_BYTES: Final = 200 * 2**20
ANSWER_SECONDS: Final = 10.0
NOBODY: Final = "huajian-doctor/"  # a prefix that nothing is stored under


async def examine_storage(settings: Settings) -> list[Finding]:
    """Whether there is room, and whether the store can be reached."""
    folder = _look_at_folder(settings.data_dir.absolute())
    if settings.storage.url is not None:
        return [folder, await _look_at_store(settings.storage.url)]
    files = note if settings.environment is Environment.PRODUCTION else ok
    return [
        folder,
        files("Files of works", f"in {settings.data_dir / 'files'}; a bucket: HUAJIAN_STORAGE__URL"),
    ]


def _look_at_folder(folder: Path) -> Finding:
    nearest = _nearest(folder)
    if not os.access(nearest, os.W_OK | os.X_OK):
        return broken(
            "Data folder", f"{folder} cannot be written", "change its owner, or set HUAJIAN_DATA_DIR"
        )
    free = shutil.disk_usage(nearest).free
    says = f"{folder}{'' if nearest == folder else ' (not made yet)'}, {free / 2**30:.1f} GiB free"
    if free < FULL_BYTES:
        return broken("Data folder", says, "make room, or set HUAJIAN_DATA_DIR to a larger disk")
    if free < SPARSE_BYTES:
        return note("Data folder", says, "make room before it is full")
    return ok("Data folder", says)


def _nearest(folder: Path) -> Path:
    """The folder itself or the first above it that is there."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())


async def _look_at_store(url: str) -> Finding:
    shown = without_secrets(url)
    advice = "check HUAJIAN_STORAGE__URL and the credentials in the environment"
    try:
        store = from_url(url)
        async with asyncio.timeout(ANSWER_SECONDS):
            await obstore.list(store, prefix=NOBODY, chunk_size=1).collect_async()
    except TimeoutError:
        return broken("Files of works", f"{shown} says nothing for {ANSWER_SECONDS:.0f} s", advice)
    except (BaseError, ValueError, OSError) as error:
        says = one_line(error).replace(url, shown)  # libraries quote the address, password and all
        return broken("Files of works", f"{shown}: {says}", advice)
    return ok("Files of works", f"{shown} can be listed (writing was not tried)")
