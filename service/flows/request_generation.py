"""Ask for a work: screen, price, fingerprint, then one durable admission."""

import hashlib
import secrets
from typing import Final
from uuid import UUID

from billing.catalog import Catalog
from generators.specs import MAX_SEED, CardSpec, ImageSpec, Spec
from service.flows.screening import require_spec_allowed
from service.flows.template_fitness import require_template_fits
from service.jobs.admission import Admission, Admitted
from service.jobs.group_commit import AdmissionWriter

SEED_BITS: Final = MAX_SEED.bit_length()


async def request_generation(
    admissions: AdmissionWriter, catalog: Catalog, *, owner_id: UUID, key: str, spec: Spec
) -> Admitted:
    """Queue one job with its credits held; a replay returns the first job.

    Raises: PromptRejectedError, InsufficientCreditsError, IdempotencyKeyReusedError, TooManyInFlightError,
        TierLimitError, AccountClosedError, WriterUnavailableError, SpecTemplateError, SpecPhotoError.
    """
    require_spec_allowed(spec)
    require_template_fits(spec)
    unseeded = spec.model_dump_json(exclude={"seed"})
    seed = spec.seed if spec.seed is not None else secrets.randbits(SEED_BITS)
    return await admissions.submit(
        Admission(
            owner_id=owner_id,
            key=key,
            request_hash=hashlib.sha256(f"{spec.kind.value}:{spec.seed}:{unseeded}".encode()).digest(),
            kind=spec.kind.value,
            spec_json=f'{unseeded[:-1]},"seed":{seed}}}',
            batch_key=batch_key(spec),
            price_credits=catalog.prices[spec.kind.value],
            image_px=spec.width_px * spec.height_px if isinstance(spec, ImageSpec) else 0,
            photo_id=spec.photo_id if isinstance(spec, CardSpec) else None,
        )
    )


def batch_key(spec: Spec) -> str:
    """Jobs of equal key may share one forward pass: same kind and, for pictures, same size."""
    if isinstance(spec, ImageSpec):
        return f"image:{spec.width_px}x{spec.height_px}"
    return spec.kind.value
