"""Identifiers: UUIDv7, so that rows created together lie together (RFC 9562 section 5.7)."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh time-ordered identifier."""
    return uuid7()
