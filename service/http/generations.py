"""`/v1/generations`: read, follow and cancel jobs. Creating one is the hot path: `admission.py`."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from models.generation import Generation, JobState
from service.dependencies import App, CurrentUser, Cursor, Limit, Reading, Transaction
from service.flows.cancel_generation import cancel_generation
from service.http.problems import documented
from service.http.schemas import Moment, Page, Schema, WorkReference, example
from service.jobs import queries as jobs
from service.wiring import Services

router = APIRouter(prefix="/v1/generations", tags=["generation"])
LIST = "generations"


class GenerationRead(Schema):
    model_config = example(
        {
            "id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f",
            "kind": "card",
            "state": "running",
            "progress": 0.42,
            "queue_position": None,
            "eta_seconds": 2,
            "price_credits": 1,
            "batch_id": None,
            "spec": {"occasion": "mid_autumn", "recipient": "林晚晴", "sender": "知夏", "seed": 7},
            "created_at": "2026-11-24T08:00:00.000Z",
            "started_at": "2026-11-24T08:00:01.000Z",
            "finished_at": None,
            "work": None,
            "problem": None,
        }
    )

    id: UUID
    kind: str
    state: JobState
    progress: float = Field(ge=0, le=1)
    queue_position: int | None = Field(description="1 is next; null unless queued; counted to 1001.")
    eta_seconds: int | None = Field(description="From measured durations; null when nobody can say.")
    price_credits: int
    batch_id: UUID | None = Field(description="The batch whose row this is.")
    spec: dict[str, Any] = Field(description="What was asked for, seed included.")
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    work: WorkReference | None = Field(description="Once succeeded.")
    problem: dict[str, Any] | None = Field(description="Why it was rejected or failed.")


class GenerationPage(Page):
    items: list[GenerationRead]


@router.get("", responses=documented(400, 401, 422, 429))
async def list_generations(
    services: App, session: Reading, user: CurrentUser, cursor: Cursor = None, limit: Limit = 20
) -> GenerationPage:
    """My jobs, newest first."""
    before_id = UUID(services.cursors.open(LIST, cursor)) if cursor else None
    rows = await jobs.list_jobs(session, user.user_id, before_id=before_id, limit=limit)
    work_ids = await jobs.find_work_ids(session, [row.id for row in rows])
    return GenerationPage(
        items=[await _read(services, session, row, work_ids.get(row.id)) for row in rows],
        next_cursor=services.cursors.seal(LIST, str(rows[-1].id)) if len(rows) == limit else None,
    )


@router.get("/{generation_id}", responses=documented(401, 404, 422, 429))
async def get_generation(
    generation_id: UUID, services: App, session: Reading, user: CurrentUser
) -> GenerationRead:
    """One of my jobs: state, progress, place in the queue, and its work or problem in the end."""
    job = await jobs.get_job(session, generation_id, owner_id=user.user_id)
    return await _read_one(services, session, job)


@router.post("/{generation_id}/cancel", responses=documented(401, 404, 409, 422, 429, 503))
async def cancel(
    generation_id: UUID, services: App, session: Transaction, user: CurrentUser, response: Response
) -> GenerationRead:
    """Stop a job. Queued: at once. Running: within a second; it may have finished by then."""
    job = await cancel_generation(session, generation_id, owner_id=user.user_id, now=services.clock())
    read = await _read_one(services, session, job)
    await session.commit()
    if job.state is JobState.CANCELLED:
        await services.events.say_cancelled(job.id)
    response.status_code = 200 if job.state is JobState.CANCELLED else 202
    return read


async def _read_one(services: Services, session: AsyncSession, job: Generation) -> GenerationRead:
    work_ids = await jobs.find_work_ids(session, [job.id])
    return await _read(services, session, job, work_ids.get(job.id))


async def _read(
    services: Services, session: AsyncSession, job: Generation, work_id: UUID | None
) -> GenerationRead:
    ahead = await jobs.count_ahead(session, job) if job.state is JobState.QUEUED else None
    progress = 1.0 if job.state is JobState.SUCCEEDED else 0.0
    eta = None
    if job.state in (JobState.QUEUED, JobState.RUNNING):
        eta = await services.estimates.eta_seconds(job.kind, jobs_ahead=ahead or 0)
    if job.state is JobState.RUNNING:
        progress = await services.events.latest_progress(job.id)
    return GenerationRead(
        id=job.id,
        kind=job.kind,
        state=job.state,
        progress=progress,
        queue_position=None if ahead is None else ahead + 1,
        eta_seconds=eta,
        price_credits=job.price_credits,
        batch_id=job.batch_id,
        spec=job.spec,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        work=WorkReference(id=work_id, kind=job.kind) if work_id else None,
        problem=job.problem,
    )
