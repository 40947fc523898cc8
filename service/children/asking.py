"""Strangers' files are parsed in a process of their own, which may starve, spin or crash as it likes."""

import asyncio
import os
import sys
from typing import Final

import structlog

log = structlog.get_logger()

TIMEOUT_SECONDS: Final = 30.0  # the child's own limit is of processor time, and this machine may be busy
INHERITED: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG")  # our secrets are none of its business


async def ask_child(module: str, content: bytes) -> bytes:
    """What `python -m module` printed for this on its stdin; nothing when it died or took too long."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C in a terminal is for us
        env={name: os.environ[name] for name in INHERITED if name in os.environ},
    )
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            answer, _ = await process.communicate(content)
    except TimeoutError:
        log.warning("child.timed_out", module=module, size_bytes=len(content))
        return b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        log.warning("child.died", module=module, status=process.returncode, size_bytes=len(content))
        return b""
    return answer
