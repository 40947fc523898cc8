"""Keyed hashes for telling whether two requests share something, under a key that changes every 90 days."""

from datetime import UTC, datetime, timedelta
from typing import Final

from core.keys import Keys

EPOCH: Final = timedelta(days=90)
START: Final = datetime(1970, 1, 1, tzinfo=UTC)
HASH_BYTES: Final = 16

Hashes = tuple[bytes, bytes]


def epoch_of(moment: datetime) -> int:
    """The number of the key that is in force: whole spans of 90 days since 1970."""
    return (moment - START) // EPOCH


class Pseudonyms:
    """What one can compare and nobody can read back without the key."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def hashes(self, epoch: int, kind: str, *parts: str) -> Hashes:
        """Under the key of the epoch, which is kept, and under the one before, which is only compared."""
        return self.hash_of(epoch, kind, *parts), self.hash_of(epoch - 1, kind, *parts)

    def device(self, epoch: int, device_hash: bytes) -> Hashes:
        """Of a device, from the hash that `devices` keeps."""
        return self.hashes(epoch, "device", device_hash.hex())

    def stored_device(self, device_id: str) -> bytes:
        """The hash that `devices` keeps of what a client calls its device."""
        return self._keys.digest("device", device_id)

    def hash_of(self, epoch: int, kind: str, *parts: str) -> bytes:
        """Under one epoch's key."""
        return self._keys.digest(f"risk-signals:{epoch}", kind, *parts)[:HASH_BYTES]
