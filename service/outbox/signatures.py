"""Secrets of endpoints, and signatures made with them. Source: Standard Webhooks 1.0.0."""

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from core.keys import Keys

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32  # 24 to 64 are allowed
NONCE_BYTES: Final = 12
PURPOSE: Final = "webhook-secret"


class SecretUnreadableError(Exception):
    """Sealed under another HUAJIAN_AUTH__SECRET: the owner has to rotate it."""


def new_secret() -> bytes:
    return secrets.token_bytes(SECRET_BYTES)


def show(secret: bytes) -> str:
    """The secret as receivers' libraries take it."""
    return PREFIX + base64.b64encode(secret).decode()


def seal(keys: Keys, endpoint_id: UUID, secret: bytes) -> bytes:
    """For the database: ChaCha20-Poly1305 (RFC 8439), bound to the endpoint."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + ChaCha20Poly1305(keys.derive(PURPOSE)).encrypt(nonce, secret, endpoint_id.bytes)


def unseal(keys: Keys, endpoint_id: UUID, sealed: bytes) -> bytes:
    """Raises: SecretUnreadableError."""
    cipher = ChaCha20Poly1305(keys.derive(PURPOSE))
    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], endpoint_id.bytes)
    except InvalidTag as error:
        raise SecretUnreadableError from error


def sign(used: Sequence[bytes], message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """The headers of one attempt, with one signature for each secret that is in use."""
    timestamp = str(int(now.timestamp()))
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    signatures = [
        "v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode() for secret in used
    ]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signatures),
    }
