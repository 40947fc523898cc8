"""A small proof of work: nothing to a phone, dear to a script that wants thousands.

Source: the idea of hashcash (https://www.hashcash.org/papers/hashcash.pdf), with SHA-256 and a server's salt.
"""

import hashlib
from itertools import count
from typing import Final

ALGORITHM: Final = "sha256"
MAX_BITS: Final = 32
PROOF_PATTERN: Final = "^[0-9A-Za-z]{1,32}$"
HASH_BITS: Final = 256


def is_solved(salt: str, proof: str, difficulty_bits: int) -> bool:
    """Whether SHA-256 over `salt.proof` (a full stop between) begins with so many zero bits."""
    digest = hashlib.sha256(f"{salt}.{proof}".encode()).digest()
    return int.from_bytes(digest) >> (HASH_BITS - difficulty_bits) == 0


def solve(salt: str, difficulty_bits: int) -> str:
    """A proof, by trying: 2 ** difficulty_bits attempts on average. For clients in Python and for tests."""
    return next(str(number) for number in count() if is_solved(salt, str(number), difficulty_bits))
