"""Codes of links: 90 bits that nobody can guess and that are stored nowhere.

A code is derived from the link's id under our key; the row has a keyed hash of it to be found by. So a copy
of the database opens no link, and the owner can still be shown the code again.
"""

from typing import Final
from uuid import UUID

from core.keys import Keys

# Crockford's base 32: no letter that is read as another. Source: https://www.crockford.com/base32.html
ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
CODE_CHARS: Final = 18
BITS_PER_CHAR: Final = 5
MAX_TYPED_CHARS: Final = 40
_LETTERS: Final = frozenset(ALPHABET)
_AS_READ: Final = str.maketrans({"o": "0", "i": "1", "l": "1", "-": None})


def code_of(keys: Keys, link_id: UUID) -> str:
    """The code of a link, the same whenever it is asked for."""
    number = int.from_bytes(keys.digest("unlock-code", str(link_id)))
    shifts = range(0, CODE_CHARS * BITS_PER_CHAR, BITS_PER_CHAR)
    return "".join(ALPHABET[number >> shift & 31] for shift in shifts)


def find_hash(keys: Keys, code: str) -> bytes | None:
    """What finds the link's row; None for what can be no code."""
    read = code[:MAX_TYPED_CHARS].lower().translate(_AS_READ)
    if len(read) != CODE_CHARS or not _LETTERS.issuperset(read):
        return None
    return hash_of(keys, read)


def hash_of(keys: Keys, code: str) -> bytes:
    return keys.digest("unlock-code-hash", code)
