"""One secret, many keys: every use of it gets its own, so that none can stand in for another."""

import hashlib
import os
import secrets
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.settings import Environment, Settings

MIN_SECRET_BYTES: Final = 32
BLOCK_BYTES: Final = 64  # of SHA-256


class SecretMissingError(Exception):
    """Production needs HUAJIAN_AUTH__SECRET; the process must not start without."""


class Mac:
    """HMAC-SHA256 (RFC 2104) under one key, whose two blocks are hashed once and for all messages.

    A third of what `hmac.digest` takes for a short text, and a help needs a dozen.
    """

    def __init__(self, key: bytes) -> None:
        """key: at most 64 bytes, the block of SHA-256. Raises: ValueError: it is longer."""
        if len(key) > BLOCK_BYTES:
            raise ValueError(f"A key has at most {BLOCK_BYTES} bytes.")
        block = key.ljust(BLOCK_BYTES, b"\x00")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    def digest(self, message: bytes) -> bytes:
        """The 32 bytes that nobody can make without the key."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.digest()


class Keys:
    """Keys derived with HKDF-SHA256 (RFC 5869), one per purpose."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < MIN_SECRET_BYTES:
            raise SecretMissingError(f"The secret needs at least {MIN_SECRET_BYTES} bytes.")
        self._secret = secret
        self._derived: dict[str, bytes] = {}
        self._macs: dict[str, Mac] = {}

    def derive(self, purpose: str) -> bytes:
        """The 32-byte key of one purpose."""
        if purpose not in self._derived:
            kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"huajian:{purpose}".encode())
            self._derived[purpose] = kdf.derive(self._secret)
        return self._derived[purpose]

    def mac(self, purpose: str) -> Mac:
        """What signs, or hashes, for one purpose."""
        mac = self._macs.get(purpose)
        if mac is None:
            mac = self._macs[purpose] = Mac(self.derive(purpose))
        return mac

    def digest(self, purpose: str, *parts: str) -> bytes:
        """A keyed hash of text, for looking things up without keeping them."""
        return self.mac(purpose).digest("\x00".join(parts).encode())


def load_keys(settings: Settings) -> Keys:
    """The configured secret; in development one is made once and kept in the data folder, mode 0600.

    Raises: SecretMissingError.
    """
    if settings.auth.secret is not None:
        return Keys(settings.auth.secret.get_secret_value().encode())
    if settings.environment is Environment.PRODUCTION:
        raise SecretMissingError(
            "Set HUAJIAN_AUTH__SECRET to at least 32 random characters, the same for every process."
        )
    return Keys(_development_secret(settings.data_dir / "development-secret"))


def _development_secret(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_hex(32).encode())
    return path.read_bytes()
