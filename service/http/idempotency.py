"""`Idempotency-Key`: how a client says that a request is a retry."""

from typing import Any, Final

from starlette.requests import Request

from core.errors import DomainError, ErrorKind

MAX_KEY_CHARS: Final = 255
# For the OpenAPI document: routes read the header themselves, so that its absence has a code of its own.
KEY_PARAMETER: Final[dict[str, Any]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": MAX_KEY_CHARS,
        "pattern": "^[ -~]+$",
    },
    "description": "New for each thing to make, the same for each retry of it.",
    "example": "7b0f8f0e-6c7d-4a56-9f0b-0d9d2f3b9f6e",
}


class KeyRequiredError(DomainError):
    """Without a key, a retry after a lost reply would be a second paid job."""

    code = "idempotency_key_required"
    kind = ErrorKind.INVALID


def read_key(request: Request) -> str:
    """The key, as a quoted structured-field string or bare. Source: draft-ietf-httpapi-idempotency-key-07."""
    key = request.headers.get("idempotency-key", "").strip().removeprefix('"').removesuffix('"')
    if not 0 < len(key) <= MAX_KEY_CHARS or not key.isascii() or not key.isprintable():
        raise KeyRequiredError("Send Idempotency-Key: 1 to 255 printable characters, new for each work.")
    return key
