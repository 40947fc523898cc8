"""Opaque cursors: sealed, so that they can be neither read nor made by a client, and bound to their list."""

import json
import os
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from core import base64url
from core.errors import DomainError, ErrorKind
from core.keys import Keys

NONCE_BYTES: Final = 12
MAX_CHARS: Final = 512


class CursorError(DomainError):
    """Not a cursor of this list."""

    code = "invalid_cursor"
    kind = ErrorKind.INVALID


class Cursors:
    """ChaCha20-Poly1305 (RFC 8439); the list's name is authenticated with the position."""

    def __init__(self, keys: Keys) -> None:
        self._cipher = ChaCha20Poly1305(keys.derive("cursor"))

    def seal(self, list_name: str, position: object) -> str:
        """A cursor for the rows after `position`, a JSON value."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, json.dumps(position).encode(), list_name.encode())
        return base64url.encode(nonce + sealed)

    def open(self, list_name: str, cursor: str) -> Any:  # noqa: ANN401 - whatever was sealed
        """The position. Raises: CursorError for anything that `seal` did not make for this list."""
        try:
            raw = base64url.decode(cursor[:MAX_CHARS])
            opened = self._cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], list_name.encode())
            return json.loads(opened)
        except (ValueError, InvalidTag) as error:
            raise CursorError("This cursor does not belong to this list.") from error
