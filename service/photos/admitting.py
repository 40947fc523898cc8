"""On the hot path of admissions, and only for specs with a photo: is it there, and may it stay long enough?

Hand-written SQL, because it runs in the admission's own raw transaction (see `service/jobs/group_commit.py`).
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg

LIFETIME: Final = timedelta(days=7)  # from the upload, and again from every use

OwnedPhoto = tuple[UUID, UUID]  # owner, photo

USE_PHOTOS: Final = """
UPDATE photos p
SET expires_at = CASE WHEN p.expires_at IS NULL THEN NULL ELSE greatest(p.expires_at, $4) END
FROM (SELECT DISTINCT * FROM unnest($1::uuid[], $2::uuid[]) AS w(owner_id, id)) AS wanted
WHERE p.owner_id = wanted.owner_id AND p.id = wanted.id
  AND p.stored_at IS NOT NULL AND (p.expires_at IS NULL OR p.expires_at > $3)
RETURNING p.owner_id, p.id
"""


async def use_photos(
    connection: asyncpg.Connection, wanted: Collection[OwnedPhoto], *, now: datetime
) -> frozenset[OwnedPhoto]:
    """Those of the wanted photos that are their owner's and alive; their week begins again.

    The caller holds the locks of the owners' accounts, so that no two admissions lock the same photos in
    different orders.
    """
    owners, photos = [owner for owner, _ in wanted], [photo for _, photo in wanted]
    rows = await connection.fetch(USE_PHOTOS, owners, photos, now, now + LIFETIME)
    return frozenset((owner_id, photo_id) for owner_id, photo_id in rows)
