"""`/v1/campaigns` and `/v1/referral/channels`: what operators offer for helps, and where."""

from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from models.campaign import Campaign, ShareChannel
from referral import campaigns, channels
from referral.campaigns import CampaignWish
from referral.terms import Terms
from service.dependencies import App, Cursor, Limit, Operator, Reading, Reviewer, Transaction
from service.http.campaign_schemas import (
    CampaignCreate,
    CampaignEdit,
    CampaignPage,
    CampaignRead,
    ChannelList,
    ChannelRead,
    ChannelSwitch,
)
from service.http.idempotency import KEY_PARAMETER, read_key
from service.http.problems import documented, refuse_input
from service.jobs.errors import IdempotencyKeyReusedError

PATH: Final = "/v1/campaigns"
CHANNELS: Final = "/v1/referral/channels"
LIST: Final = "campaigns"

router = APIRouter(tags=["referral"])


@router.post(
    PATH,
    status_code=201,
    responses=documented(400, 401, 403, 409, 413, 422, 429, 503),
    openapi_extra={"parameters": [KEY_PARAMETER]},
)
async def create_campaign(
    body: CampaignCreate,
    request: Request,
    response: Response,
    services: App,
    session: Transaction,
    operator: Operator,
) -> CampaignRead:
    """Draft a campaign; `PATCH` its `state` to start it. Operators only."""
    key, wish = read_key(request), _wish(body)
    campaign, is_new = await campaigns.draft_once(
        session, wish, operator_id=operator.user_id, key=key, now=services.clock()
    )
    if campaign.request_hash != wish.digest():
        raise IdempotencyKeyReusedError("This Idempotency-Key was used for a different request.")
    response.headers["Location"] = f"{PATH}/{campaign.id}"
    response.headers["Idempotency-Replayed"] = "false" if is_new else "true"
    return _read(campaign)


@router.get(PATH, responses=documented(400, 401, 403, 422, 429))
async def list_campaigns(
    services: App, session: Reading, operator: Reviewer, cursor: Cursor = None, limit: Limit = 20
) -> CampaignPage:
    """Campaigns, newest first. Operators and reviewers."""
    before_id = UUID(services.cursors.open(LIST, cursor)) if cursor else None
    found = await campaigns.list_campaigns(session, before_id=before_id, limit=limit)
    return CampaignPage(
        items=[_read(campaign) for campaign in found],
        next_cursor=services.cursors.seal(LIST, str(found[-1].id)) if len(found) == limit else None,
    )


@router.get(PATH + "/{campaign_id}", responses=documented(401, 403, 404, 422, 429))
async def get_campaign(campaign_id: UUID, session: Reading, operator: Reviewer) -> CampaignRead:
    """One campaign. Operators and reviewers."""
    return _read(await campaigns.get_campaign(session, campaign_id))


@router.patch(
    PATH + "/{campaign_id}",
    response_model=CampaignRead,
    responses=documented(400, 401, 403, 404, 409, 413, 422, 429, 503),
)
async def edit_campaign(
    campaign_id: UUID,
    body: CampaignEdit,
    request: Request,
    services: App,
    session: Transaction,
    operator: Operator,
) -> Any:  # noqa: ANN401
    """Change, start or stop a campaign. Links that exist keep their terms. Operators only."""
    now = services.clock()
    campaign = await campaigns.get_campaign(session, campaign_id, for_update=True)
    changes = body.model_dump(exclude_unset=True, exclude={"state"})
    if changes:
        try:
            whole = CampaignCreate.model_validate({**_fields(campaign), **changes})
        except ValidationError as error:
            return refuse_input(request, error.errors(include_url=False), code="invalid_request")
        campaign = await campaigns.edit_campaign(
            session, campaign_id, _wish(whole).values(), operator_id=operator.user_id, now=now
        )
    if body.state is not None:
        campaign = await campaigns.move_campaign(
            session, campaign_id, body.state, operator_id=operator.user_id, now=now
        )
    return _read(campaign)


@router.get(CHANNELS, responses=documented(401, 403, 429))
async def list_channels(services: App, session: Reading, operator: Reviewer) -> ChannelList:
    """Every channel, and why those that are off are off. Operators and reviewers."""
    found = await channels.list_channels(session, services.unlocking.desk.programme)
    return ChannelList(items=[ChannelRead.model_validate(standing) for standing in found])


@router.put(CHANNELS + "/{channel}", responses=documented(400, 401, 403, 413, 422, 429, 503))
async def switch_channel(
    channel: ShareChannel,
    body: ChannelSwitch,
    services: App,
    operator: Operator,
) -> ChannelRead:
    """Switch a channel on or off, from now on: for new links and for helps of links that exist."""
    async with services.sessions.begin() as session:
        await channels.switch_channel(
            session,
            channel,
            is_on=body.is_on,
            reason_zh=body.reason_zh,
            reason_en=body.reason_en,
            operator_id=operator.user_id,
            now=services.clock(),
        )
        standing = await channels.find_channel(session, services.unlocking.desk.programme, channel)
    services.unlocking.looks.forget_all()
    return ChannelRead.model_validate(standing)


def _wish(body: CampaignCreate) -> CampaignWish:
    return CampaignWish(**{name: getattr(body, name) for name in CampaignCreate.model_fields})


def _fields(campaign: Campaign) -> dict[str, Any]:
    return {name: getattr(campaign, name) for name in CampaignCreate.model_fields}


def _read(campaign: Campaign) -> CampaignRead:
    terms = {
        "terms_a": Terms.model_validate(campaign.terms_a),
        "terms_b": None if campaign.terms_b is None else Terms.model_validate(campaign.terms_b),
    }
    plain = {name: getattr(campaign, name) for name in CampaignRead.model_fields if name not in terms}
    return CampaignRead(**plain, **terms)
