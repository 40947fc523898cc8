"""Wire shapes of batches."""

from typing import Any
from uuid import UUID

from pydantic import Field

from models.batch import ArchiveState, BatchState
from service.http.schemas import Moment, Page, Schema, example

BATCH_EXAMPLE: dict[str, Any] = {
    "id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f",
    "kind": "card",
    "state": "quoted",
    "rows": {"total": 3, "good": 2, "bad": 1},
    "unit_price_credits": 1,
    "price_credits": 2,
    "counts": {"queued": 0, "running": 0, "succeeded": 0, "rejected": 0, "failed": 0, "cancelled": 0},
    "progress": 0.0,
    "eta_seconds": None,
    "created_at": "2026-11-24T08:00:00.000Z",
    "expires_at": "2026-11-25T08:00:00.000Z",
    "started_at": None,
    "finished_at": None,
    "archive": None,
}
PROBLEMS_EXAMPLE: list[dict[str, Any]] = [
    {
        "line": 3,
        "loc": ["recipient"],
        "msg": "String should have at least 1 character",
        "code": "invalid_spec",
    }
]


class RowTotals(Schema):
    total: int
    good: int
    bad: int


class RowProblem(Schema):
    line: int = Field(description="Of the file, its header being line 1; of a JSON list, counted from 1.")
    loc: list[str | int] = Field(description="The field; empty when it is about the whole row.")
    msg: str
    code: str


class JobCounts(Schema):
    queued: int = 0
    running: int = 0
    succeeded: int = 0
    rejected: int = 0
    failed: int = 0
    cancelled: int = 0


class ArchiveRead(Schema):
    state: ArchiveState
    size_bytes: int | None
    url: str | None = Field(description="A signed link that expires; ask for the batch again then.")


class BatchSummary(Schema):
    model_config = example(BATCH_EXAMPLE)

    id: UUID
    kind: str
    state: BatchState
    rows: RowTotals
    unit_price_credits: int
    price_credits: int = Field(
        description="For all good rows; held by the start, returned for what is not made."
    )
    counts: JobCounts = Field(description="Jobs by state, once started.")
    progress: float = Field(ge=0, le=1, description="The share of the good rows whose jobs have ended.")
    eta_seconds: int | None = Field(description="From measured durations; null when nobody can say.")
    created_at: Moment
    expires_at: Moment = Field(description="Until when the quote can be started.")
    started_at: Moment | None
    finished_at: Moment | None
    archive: ArchiveRead | None = Field(description="The ZIP of the cards, once the batch has ended.")


class BatchRead(BatchSummary):
    model_config = example({**BATCH_EXAMPLE, "problems": PROBLEMS_EXAMPLE})

    problems: list[RowProblem] = Field(description="Rows that cannot be made, at most three problems each.")


class BatchPage(Page):
    items: list[BatchSummary]


class RowWork(Schema):
    id: UUID
    kind: str
    url: str = Field(description="Where the work and the links to its files are.")


class RowRead(Schema):
    model_config = example(
        {
            "line": 2,
            "position": 1,
            "state": "succeeded",
            "recipient": "林晚晴",
            "generation_id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f",
            "work": {
                "id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e2f",
                "kind": "card",
                "url": "/v1/works/0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e2f",
            },
            "problem": None,
        }
    )

    line: int
    position: int = Field(description="Counts rows from 1; the number in the name of the row's file.")
    state: str = Field(description="`bad`, `quoted`, or the state of the row's job.")
    recipient: str | None = Field(description="Null for a bad row.")
    generation_id: UUID | None
    work: RowWork | None
    problem: dict[str, Any] | None = Field(description="Why it is bad, was rejected or failed.")


class RowPage(Page):
    items: list[RowRead]
