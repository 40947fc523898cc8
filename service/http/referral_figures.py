"""`GET /v1/referral/figures`: what asking for help brings and costs, as JSON or CSV."""

import csv
import io
from collections.abc import Sequence
from dataclasses import fields
from datetime import date, timedelta
from typing import Annotated, Any, Final, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from core.errors import DomainError, ErrorKind
from models.user import Role
from referral.comparing import Comparison, compare, share_of
from referral.figures import Counts, Figures, read_figures
from service.dependencies import App, Reading, require_role
from service.http.problems import documented
from service.http.schemas import Schema, example
from service.identity.tokens import Principal

router = APIRouter(tags=["referral"])

PATH: Final = "/v1/referral/figures"
CSV_TYPE: Final = "text/csv"
DEFAULT_DAYS: Final = 30
MOST_DAYS: Final = 366
RATES: Final = (
    "k_factor",
    "cost_per_qualified",
    "tap_rate",
    "qualified_rate",
    "reward_rate",
    "held_share",
    "denied_share",
)
COUNTS: Final = tuple(field.name for field in fields(Counts))
Colleague = Annotated[Principal, Depends(require_role(Role.OPERATOR, Role.FINANCE, Role.REVIEWER))]
COUNTS_EXAMPLE: Final = {
    "links": 120,
    "askers": 96,
    "views": 1450,
    "taps": 310,
    "new_taps": 190,
    "qualified": 236,
    "qualified_new": 128,
    "held": 14,
    "denied": 22,
    "revoked": 1,
    "rewards": 61,
    "reward_credits": 61,
    "first_works": 117,
    "buyers": 9,
    "k_factor": 1.33,
    "cost_per_qualified": 0.26,
    "tap_rate": 0.21,
    "qualified_rate": 0.76,
    "reward_rate": 0.51,
    "held_share": 0.045,
    "denied_share": 0.071,
}


class RangeError(DomainError):
    """The days are in the wrong order, or too many."""

    code = "invalid_request"
    kind = ErrorKind.UNPROCESSABLE


class CountsRead(Schema):
    """Counts of the links opened in a range, and ratios of them; null where they would divide by nothing."""

    links: int = Field(description="Links opened.")
    askers: int = Field(description="People who opened them.")
    views: int = Field(description="Times a person's browser showed a link's page.")
    taps: int = Field(description="Helps sent, whatever became of them.")
    new_taps: int = Field(description="Helps by people without an account before.")
    qualified: int = Field(description="Helps by people who proved real.")
    qualified_new: int = Field(description="New people among those, each once.")
    held: int = Field(description="Helps that waited or wait for a reviewer.")
    denied: int = Field(description="Helps that do not count.")
    revoked: int = Field(description="Helps that were taken back.")
    rewards: int = Field(description="Links that brought their reward and kept it.")
    reward_credits: int = Field(description="What that was, in credits.")
    first_works: int = Field(description="New people who finished a work after helping.")
    buyers: int = Field(description="New people who paid for something after helping.")
    k_factor: float | None = Field(description="qualified_new / askers")
    cost_per_qualified: float | None = Field(description="reward_credits / qualified, in credits")
    tap_rate: float | None = Field(description="taps / views")
    qualified_rate: float | None = Field(description="qualified / taps")
    reward_rate: float | None = Field(description="rewards / links")
    held_share: float | None = Field(description="held / taps")
    denied_share: float | None = Field(description="denied / taps")

    @classmethod
    def of(cls, counts: Counts, **more: Any) -> Self:
        return cls(**{name: getattr(counts, name) for name in (*COUNTS, *RATES)}, **more)


class DayRead(CountsRead):
    day: date


class ShareRead(Schema):
    share: float
    low: float = Field(description="The true share lies between these 19 times out of 20 (Wilson).")
    high: float


class VariantRead(CountsRead):
    variant: str = Field(description="`a` or `b`.")
    rewarded: ShareRead | None = Field(description="reward_rate with its uncertainty.")


class ComparisonRead(Schema):
    difference: float = Field(description="reward_rate of b less that of a.")
    p_value: float = Field(description="How often chance alone does as much (two-sided z-test).")


class ReasonRead(Schema):
    code: str
    state: str
    helps: int


class FiguresRead(Schema):
    model_config = example(
        {
            "from": "2026-11-01",
            "to": "2026-11-30",
            "campaign_id": None,
            "total": COUNTS_EXAMPLE,
            "days": [{"day": "2026-11-01", **COUNTS_EXAMPLE}],
            "variants": [
                {"variant": "a", "rewarded": {"share": 0.51, "low": 0.42, "high": 0.6}, **COUNTS_EXAMPLE}
            ],
            "comparison": {"difference": 0.04, "p_value": 0.48},
            "reasons": [{"code": "device_shared", "state": "denied", "helps": 12}],
        }
    )

    first: date = Field(serialization_alias="from")
    last: date = Field(serialization_alias="to")
    campaign_id: UUID | None
    total: CountsRead
    days: Sequence[DayRead]
    variants: Sequence[VariantRead]
    comparison: ComparisonRead | None = Field(description="Null unless both variants had links.")
    reasons: Sequence[ReasonRead] = Field(description="Why helps are held or do not count, most first.")


@router.get(
    PATH,
    response_model=FiguresRead,
    responses={
        200: {"content": {CSV_TYPE: {"schema": {"type": "string"}, "example": ",".join(("day", *COUNTS))}}},
        **documented(401, 403, 422, 429),
    },
)
async def get_figures(
    request: Request,
    services: App,
    _: Colleague,
    session: Reading,
    first: Annotated[date | None, Query(alias="from", description="UTC, included; a month ago.")] = None,
    last: Annotated[date | None, Query(alias="to", description="UTC, included; today.")] = None,
    campaign: Annotated[UUID | None, Query(description="Of one campaign alone.")] = None,
) -> FiguresRead | Response:
    """Figures of the links opened in these days. `Accept: text/csv` gives a row for each day."""
    until = last or services.clock().date()
    if not date.min + timedelta(days=MOST_DAYS) <= until < date.max:
        raise RangeError("Ask for days that have others beside them.")
    since = first or until - timedelta(days=DEFAULT_DAYS - 1)
    if not timedelta() <= until - since < timedelta(days=MOST_DAYS):
        raise RangeError(f"Ask for 1 to {MOST_DAYS} days, the first one first.")
    figures = await read_figures(session, first=since, last=until, campaign_id=campaign)
    if wants_csv(request.headers.get("accept", "")):
        return Response(
            to_csv(figures),
            media_type=f"{CSV_TYPE}; charset=utf-8",
            headers={"content-disposition": f'attachment; filename="referral-{since}-{until}.csv"'},
        )
    return to_read(figures, since, until, campaign)


def wants_csv(accept: str) -> bool:
    """Whether CSV is named, and JSON not before it."""
    kinds = [part.partition(";")[0].strip() for part in accept.split(",")]
    return CSV_TYPE in kinds and "application/json" not in kinds[: kinds.index(CSV_TYPE)]


def to_read(figures: Figures, first: date, last: date, campaign_id: UUID | None) -> FiguresRead:
    compared = _compare(figures)
    return FiguresRead(
        first=first,
        last=last,
        campaign_id=campaign_id,
        total=CountsRead.of(figures.total),
        days=[DayRead.of(counts, day=day) for day, counts in figures.days.items()],
        variants=[_variant(name, counts) for name, counts in figures.variants.items()],
        comparison=ComparisonRead.model_validate(compared) if compared else None,
        reasons=[ReasonRead.model_validate(reason) for reason in figures.reasons],
    )


def _variant(name: str, counts: Counts) -> VariantRead:
    share = share_of(counts.rewards, counts.links)
    return VariantRead.of(
        counts, variant=name, rewarded=ShareRead.model_validate(share) if share is not None else None
    )


def _compare(figures: Figures) -> Comparison | None:
    a, b = (figures.variants.get(name, Counts()) for name in ("a", "b"))
    return compare((a.rewards, a.links), (b.rewards, b.links))


def to_csv(figures: Figures) -> str:
    """A row for each day, with CRLF line ends (RFC 4180); ratios are empty where there are none."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(("day", *COUNTS, *RATES))
    for day, counts in figures.days.items():
        rates = (getattr(counts, name) for name in RATES)
        writer.writerow(
            (
                day.isoformat(),
                *(getattr(counts, name) for name in COUNTS),
                *("" if rate is None else f"{rate:.4f}" for rate in rates),
            )
        )
    return buffer.getvalue()
