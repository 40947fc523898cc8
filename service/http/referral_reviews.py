"""`/v1/referral/reviews` and `/helps/{id}/revoke`: people look at what the risk score held, and take back."""

from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from models.referral import Help, HelpState, UnlockLink
from referral import reviews
from referral.risk import queries as risk
from service.dependencies import App, Cursor, Language, Limit, Operator, Reading, Reviewer
from service.flows.review_help import Ruling, review_help
from service.flows.revoke_help import revoke_help
from service.http.campaign_schemas import (
    HelpDecided,
    HelpRevoke,
    ReviewDecision,
    ReviewPage,
    ReviewRead,
    ReviewReason,
)
from service.http.problems import documented
from service.wiring import Services

PATH: Final = "/v1/referral/reviews"
HELPS: Final = "/v1/referral/helps"
LIST: Final = "referral-reviews"
State = Annotated[
    Literal[HelpState.HELD, HelpState.DENIED, HelpState.REVOKED],
    Query(description="`held` waits for a decision."),
]

router = APIRouter(tags=["referral"])


@router.get(PATH, responses=documented(400, 401, 403, 422, 429))
async def list_reviews(
    services: App,
    session: Reading,
    reviewer: Reviewer,
    language: Language,
    state: State = HelpState.HELD,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> ReviewPage:
    """Helps that wait for a decision, newest first, with the reasons of the risk score. Reviewers only."""
    list_name = f"{LIST}:{state.value}"
    before_id = UUID(services.cursors.open(list_name, cursor)) if cursor else None
    found = await reviews.list_helps(session, state, before_id=before_id, limit=limit)
    ids = [help_.id for help_, _ in found]
    reasons = await services.risk.explain(session, ids, language)
    verdicts = await risk.list_verdicts(session, ids)
    scores = {help_id: verdict.score for help_id, verdict in verdicts.items()}
    items = [_read(help_, link, scores.get(help_.id), reasons.get(help_.id, [])) for help_, link in found]
    last = services.cursors.seal(list_name, str(ids[-1])) if len(found) == limit else None
    return ReviewPage(items=items, next_cursor=last)


@router.post(PATH + "/{help_id}/decision", responses=documented(400, 401, 403, 404, 409, 413, 422, 429, 503))
async def decide(help_id: UUID, body: ReviewDecision, services: App, reviewer: Reviewer) -> HelpDecided:
    """Let a held or denied help in, or deny a held one. The same word again changes nothing."""
    ruling = Ruling(body.decision == "allow", reviewer.user_id, body.note)
    async with services.sessions.begin() as session:
        found, link = await review_help(
            session, services.unlocking.desk, help_id, ruling, now=services.clock()
        )
    return await _decided(services, found, link)


@router.post(HELPS + "/{help_id}/revoke", responses=documented(400, 401, 403, 404, 409, 413, 422, 429, 503))
async def revoke(help_id: UUID, body: HelpRevoke, services: App, operator: Operator) -> HelpDecided:
    """Take a help back; a reward that is then not earned goes too. Again changes nothing. Operators only."""
    async with services.sessions.begin() as session:
        found, link = await revoke_help(
            session, help_id, operator_id=operator.user_id, note=body.note, now=services.clock()
        )
    return await _decided(services, found, link)


async def _decided(services: Services, found: Help, link: UnlockLink) -> HelpDecided:
    services.unlocking.news.announce([link.id])
    standing = await services.unlocking.tallier.count(link.id)
    return HelpDecided(
        help_id=found.id, state=found.state, link_state=standing.state, progress=standing.progress
    )


def _read(found: Help, link: UnlockLink, score: int | None, reasons: list[dict[str, object]]) -> ReviewRead:
    return ReviewRead(
        help_id=found.id,
        state=found.state,
        reason=found.reason,
        link_id=link.id,
        owner_id=link.owner_id,
        helper_id=found.helper_id,
        is_new=found.is_new,
        weight=found.weight,
        goal=link.goal,
        progress=link.progress,
        link_expires_at=link.expires_at,
        score=score,
        reasons=[ReviewReason.model_validate(reason) for reason in reasons],
        created_at=found.created_at,
    )
