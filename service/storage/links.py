"""Signed links: whoever holds one may read one file until it expires. Stored nowhere, made at read."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from core.keys import Keys

PURPOSE: Final = "file-link"
# Links made within one step are the same text, so a client's cache recognises them.
STEP_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class LinkSigner:
    keys: Keys
    lifetime: timedelta

    def sign(self, area: str, file_id: UUID, *, now: datetime) -> str:
        """The path and query of a link that lives for at least `lifetime`; `area` is its first segment."""
        seconds = int((now + self.lifetime).timestamp())
        expires = seconds + -seconds % STEP_SECONDS
        return f"/{area}/{file_id}?expires={expires}&signature={self._signature(area, file_id, expires)}"

    def is_valid(self, area: str, file_id: UUID, *, expires: int, signature: str, now: datetime) -> bool:
        """Whether we signed exactly this, and its time is not over."""
        fresh = now.timestamp() < expires
        return fresh and hmac.compare_digest(self._signature(area, file_id, expires), signature)

    def _signature(self, area: str, file_id: UUID, expires: int) -> str:
        return self.keys.digest(PURPOSE, f"{area}:{file_id}:{expires}").hex()
