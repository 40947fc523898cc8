"""What one admission asks and how a batch of them is decided. Pure: memory in, outcomes out."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from billing.accounts import Account
from billing.batches import CreditBatch
from billing.catalog import Catalog
from billing.errors import AccountClosedError
from core.errors import DomainError
from core.ids import new_id
from service.jobs import fairness
from service.jobs.errors import IdempotencyKeyReusedError, TierLimitError, TooManyInFlightError
from service.photos.admitting import OwnedPhoto
from service.photos.errors import SpecPhotoError

PURPOSE = "generation"


class Admission(NamedTuple):
    """A screened, validated request. `image_px` is width x height, 0 where the kind has no such limit."""

    owner_id: UUID
    key: str
    request_hash: bytes
    kind: str
    spec_json: str
    batch_key: str
    price_credits: int
    image_px: int = 0
    photo_id: UUID | None = None


class Admitted(NamedTuple):
    """The job as the reply shows it; `is_replay` when the key had been used for the same request."""

    id: UUID
    kind: str
    state: str
    price_credits: int
    created_at: datetime
    is_replay: bool


class NewJob(NamedTuple):
    id: UUID
    admission: Admission
    tier: str
    fair_time: datetime
    created_at: datetime


class EarlierJob(NamedTuple):
    """A job found by (owner, key)."""

    id: UUID
    kind: str
    state: str
    price_credits: int
    created_at: datetime
    request_hash: bytes


Outcome = Admitted | DomainError
Key = tuple[UUID, str]


def decide(
    requests: Sequence[Admission],
    batch: CreditBatch,
    earlier: dict[Key, EarlierJob],
    *,
    now: datetime,
    catalog: Catalog,
    photos: Collection[OwnedPhoto] = (),
) -> tuple[list[Outcome], list[NewJob]]:
    """Decide a batch in order of arrival, each request on its own merits.

    Args:
        batch: the locked accounts; changed in memory by what is admitted.
        earlier: jobs already known by key; new ones are added, so duplicates within the batch replay.
        photos: those that are their owner's and alive, of all that the requests name.
    Returns: one outcome per request, in order, and the jobs to insert.
    """
    outcomes: list[Outcome] = []
    jobs: list[NewJob] = []
    for request in requests:
        try:
            if first := _earlier(request, batch, earlier):
                outcomes.append(_admitted(first, is_replay=True))
                continue
            _require_photo(request, photos)
            job = _admit(request, batch, now, catalog)
        except DomainError as refusal:
            outcomes.append(refusal)
            continue
        jobs.append(job)
        outcomes.append(_admitted(_as_earlier(job), is_replay=False))
        earlier[request.owner_id, request.key] = _as_earlier(job)
    return outcomes, jobs


def _earlier(request: Admission, batch: CreditBatch, earlier: dict[Key, EarlierJob]) -> EarlierJob | None:
    """The job of the same request by an open account, when there is one."""
    account = batch.accounts.get(request.owner_id)
    if account is None:
        raise AccountClosedError("This account does not exist.")
    account.require_open()
    first = earlier.get((request.owner_id, request.key))
    if first is not None and first.request_hash != request.request_hash:
        raise IdempotencyKeyReusedError("This Idempotency-Key was used for a different request.")
    return first


def _require_photo(request: Admission, photos: Collection[OwnedPhoto]) -> None:
    if request.photo_id is not None and (request.owner_id, request.photo_id) not in photos:
        raise SpecPhotoError("There is no such photo.")


def _admit(request: Admission, batch: CreditBatch, now: datetime, catalog: Catalog) -> NewJob:
    account = batch.accounts[request.owner_id]
    if account.is_due(now):
        account.open_period(now, catalog)
        batch.touched.add(account.user_id)
    _require_within_tier(request, account, catalog)
    job_id = new_id()
    batch.hold(account, job_id, request.price_credits, PURPOSE)
    account.in_flight += 1
    weight = catalog.tier(account.tier).weight
    tag = fairness.start_tag(now, user_tag=account.fair_time, weight=weight)
    account.fair_time = fairness.next_user_tag(tag, price_credits=request.price_credits, weight=weight)
    return NewJob(job_id, request, account.tier, tag, now)


def _require_within_tier(request: Admission, account: Account, catalog: Catalog) -> None:
    tier = catalog.tier(account.tier)
    if request.image_px > tier.max_image_px:
        raise TierLimitError(limit="width_px x height_px", maximum=tier.max_image_px)
    if account.in_flight >= tier.in_flight:
        raise TooManyInFlightError(in_flight=account.in_flight, limit=tier.in_flight)


def _as_earlier(job: NewJob) -> EarlierJob:
    request = job.admission
    return EarlierJob(
        job.id, request.kind, "queued", request.price_credits, job.created_at, request.request_hash
    )


def _admitted(job: EarlierJob, *, is_replay: bool) -> Admitted:
    return Admitted(job.id, job.kind, job.state, job.price_credits, job.created_at, is_replay)
