"""Argon2id, off the event loop and a few at a time: each hash takes tens of milliseconds and megabytes."""

import asyncio
from typing import Final

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

AT_ONCE: Final = 2

# OWASP's second recommended setting for Argon2id: 19 MiB, 2 passes, 1 lane.
# Source: https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
_hasher = PasswordHash([Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)])
_slots = asyncio.Semaphore(AT_ONCE)
_nobody = _hasher.hash("nobody has this password")


async def hash_password(password: str) -> str:
    """The encoded hash, salt and parameters included."""
    async with _slots:
        return await asyncio.to_thread(_hasher.hash, password)


async def verify_password(password: str, password_hash: str | None) -> bool:
    """Whether they belong together; takes as long when there is no hash, so absence cannot be timed."""
    async with _slots:
        matches = await asyncio.to_thread(_hasher.verify, password, password_hash or _nobody)
    return matches and password_hash is not None
