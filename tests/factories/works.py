"""Finished works by our own backends, made in this process, with hold and job as a worker leaves them."""

import functools
import json
from typing import Any
from uuid import UUID

from billing import holds
from core.ids import new_id
from generators.backends.studio.card.backend import StudioCardBackend
from generators.backends.studio.image import StudioImageBackend
from generators.backends.studio.lyrics.backend import StudioLyricsBackend
from generators.contracts import Backend, Unwatched
from generators.specs import Kind
from models.generation import Generation, JobState
from models.work import Work, WorkFile
from service.jobs.products import Order, Product
from service.wiring import Services
from service.workers.production import Producer
from service.workers.routes import Routes
from tests.factories.credits import give

IMAGE: dict[str, Any] = {"prompt": "plum blossom in snow", "width_px": 256, "height_px": 320, "seed": 7}
LYRICS: dict[str, Any] = {"theme": "雨夜归家", "language": "zh", "sections": ["verse", "chorus"], "seed": 7}
_BACKENDS: dict[Kind, type[Backend]] = {
    Kind.IMAGE: StudioImageBackend,
    Kind.LYRICS: StudioLyricsBackend,
    Kind.CARD: StudioCardBackend,
}


async def finish_work(
    services: Services, owner_id: UUID, kind: Kind = Kind.IMAGE, spec: dict[str, Any] | None = None
) -> UUID:
    """A work of that spec in the owner's hands; its credit was given and spent."""
    asked = spec or (LYRICS if kind is Kind.LYRICS else IMAGE)
    product = _produce(kind, json.dumps(asked))
    job_id, work_id, now = new_id(), new_id(), services.clock()
    files = []
    for made in product.files:
        key = f"works/{job_id}/1/{made.role}.{made.extension}"
        digest = await services.store.put(key, made.content, media_type=made.media_type)
        files.append(
            WorkFile(
                work_id=work_id,
                role=made.role,
                media_type=made.media_type,
                width_px=made.width_px,
                height_px=made.height_px,
                size_bytes=len(made.content),
                sha256=digest,
                object_key=key,
            )
        )
    async with services.sessions.begin() as session:
        await give(session, owner_id, 1, now=now)
        await holds.hold(
            session,
            user_id=owner_id,
            hold_id=job_id,
            amount_credits=1,
            purpose="generation",
            now=now,
            catalog=services.catalog,
        )
        await holds.settle(session, job_id, now=now)
        session.add(
            Generation(
                id=job_id,
                owner_id=owner_id,
                idempotency_key=str(job_id),
                request_hash=job_id.bytes,
                kind=kind.value,
                spec=asked,
                tier="free",
                batch_key=kind.value,
                price_credits=1,
                state=JobState.SUCCEEDED,
                fair_time=now,
                attempts=1,
                finished_at=now,
            )
        )
        await session.flush()
        session.add(
            Work(
                id=work_id,
                owner_id=owner_id,
                generation_id=job_id,
                kind=kind.value,
                title=product.title,
                text=product.text,
                language=product.language,
                provenance=dict(product.provenance),
                details=dict(product.details),
            )
        )
        await session.flush()
        session.add_all(files)
    return work_id


@functools.lru_cache(maxsize=16)
def _produce(kind: Kind, spec: str) -> Product:
    producer = Producer(Routes({kind: [_BACKENDS[kind]()]}))
    order = Order(kind, json.loads(spec))
    made = producer.finish(order, producer.generate([order], Unwatched())[0])
    assert isinstance(made, Product), made
    return made
