"""`/v1/unlock-links`: ask friends for help, look at a link, give a help."""

from typing import Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import ValidationError

from models.referral import HelpState, LinkState
from referral import helps, links
from referral.codes import find_hash
from referral.errors import LinkNotFoundError
from referral.links import LinkWish, state_at
from service.addresses import client_network
from service.dependencies import (
    App,
    CurrentUser,
    Cursor,
    Language,
    Limit,
    Reading,
    Transaction,
    authenticate,
    count_request,
    get_services,
    user_policy,
)
from service.flows.create_unlock_link import create_unlock_link
from service.flows.help_unlock import HelpRequest, help_unlock
from service.http import problems
from service.http.idempotency import KEY_PARAMETER, read_key
from service.http.lanes import read_json
from service.http.languages import preferred_language
from service.http.link_codes import Code, read_code
from service.http.problems import documented
from service.http.senders import sender_of
from service.http.unlock_schemas import (
    HelpCreate,
    HelpRead,
    LinkCreate,
    LinkPage,
    LinkRead,
    LinkView,
    ViewCreate,
)
from service.http.unlock_views import base_url, read_link, show_link
from service.limits.limiter import Policy
from service.unlocking.taps import HelpOutcome
from service.wiring import Services

PATH: Final = "/v1/unlock-links"
LINK: Final = PATH + "/{code}"
HELPS: Final = LINK + "/helps"
LIST: Final = "unlock-links"

router = APIRouter(tags=["referral"])


async def count_link(request: Request, services: App, user: CurrentUser) -> None:
    policy = Policy("unlock-links", services.settings.referral.links_per_user_hour, 3600)
    await count_request(request, services, str(user.user_id), policy)


def help_policy(services: Services) -> Policy:
    return Policy("helps", services.settings.referral.helps_per_user_minute, 60)


async def count_help(request: Request, services: App, user: CurrentUser) -> None:
    await count_request(request, services, str(user.user_id), help_policy(services))


async def count_look(request: Request, services: App) -> None:
    policy = Policy("unlock-views", services.settings.referral.views_per_address_minute, 60)
    await count_request(request, services, client_network(request), policy)


async def count_wrong_code(services: Services, request: Request) -> None:
    """Whoever tries codes is soon told to wait; whoever has one is not. Raises: RateLimitedError."""
    policy = Policy("unlock-codes", services.settings.referral.wrong_codes_per_address_hour, 3600)
    await count_request(request, services, client_network(request), policy)


@router.post(
    PATH,
    status_code=201,
    dependencies=[Depends(count_link)],
    responses=documented(400, 401, 403, 404, 409, 413, 422, 429, 503),
    openapi_extra={"parameters": [KEY_PARAMETER]},
)
async def create_link(
    body: LinkCreate,
    request: Request,
    response: Response,
    services: App,
    session: Transaction,
    user: CurrentUser,
    language: Language,
) -> LinkRead:
    """Ask friends for help: a link with everything that is needed to share it. The terms stay as they are.

    A few links a day and month can be open or rewarded; one that ends without a reward counts no longer.
    """
    link, is_replay = await create_unlock_link(
        session,
        services.unlocking.desk,
        LinkWish(body.channel, body.asker_name, body.work_id),
        owner_id=user.user_id,
        key=read_key(request),
        sender=sender_of(request),
        language=language,
        now=services.clock(),
    )
    read = await read_link(services, session, link, base_url(services, request))
    response.headers["Location"] = f"{PATH}/{read.code}"
    response.headers["Idempotency-Replayed"] = "true" if is_replay else "false"
    return read


@router.get(PATH, responses=documented(400, 401, 422, 429))
async def list_links(
    request: Request,
    services: App,
    session: Reading,
    user: CurrentUser,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> LinkPage:
    """My links, newest first."""
    before_id = UUID(services.cursors.open(LIST, cursor)) if cursor else None
    found = await links.list_links(session, user.user_id, before_id=before_id, limit=limit)
    base = base_url(services, request)
    return LinkPage(
        items=[await read_link(services, session, link, base) for link in found],
        next_cursor=services.cursors.seal(LIST, str(found[-1].id)) if len(found) == limit else None,
    )


async def answer_look(request: Request) -> Response:
    """The lane of `get_link`, which the framework only describes."""
    services = get_services(request)
    await count_look(request, services)
    code = read_code(request)
    language = preferred_language(request.headers.get("accept-language"))
    view = await get_link(code, request, services, language)
    return Response(view.model_dump_json(), media_type="application/json")


@router.get(LINK, dependencies=[Depends(count_look)], responses=documented(404, 422, 429))
async def get_link(code: Code, request: Request, services: App, language: Language) -> LinkView:
    """A link as anybody may see it: who asks, for how much, and what a help needs. Looking changes nothing.

    The answer is the same for a code that never was and for one that is long over or withdrawn.
    """
    try:
        return await show_link(services, code, language)
    except LinkNotFoundError:
        await count_wrong_code(services, request)
        raise


@router.post(
    PATH + "/{code}/views",
    status_code=204,
    dependencies=[Depends(count_look)],
    responses=documented(400, 404, 413, 422, 429, 503),
)
async def count_view(code: Code, body: ViewCreate, services: App) -> Response:
    """Say that a person has the page before their eyes: counted once for each page token."""
    desk = services.unlocking.desk
    code_hash = find_hash(services.keys, code)
    if code_hash is None:
        raise LinkNotFoundError("There is no such link.")
    token = desk.pages.open(code_hash, body.page_token)
    remembered_ms = int(desk.pages.lifetime.total_seconds() * 1000)
    await services.unlocking.views.count(code_hash, token.nonce, remembered_ms=remembered_ms)
    return Response(status_code=204)


async def answer_help(request: Request) -> Response:
    """The lane of `create_help`, which the framework only describes."""
    services = get_services(request)
    user = authenticate(services, request)
    policies = user_policy(services), help_policy(services)
    await count_request(request, services, str(user.user_id), *policies)
    code = read_code(request)
    try:
        body = HelpCreate.model_validate_json(await read_json(request))
    except ValidationError as error:
        found = [{**each, "loc": ("body", *each["loc"])} for each in error.errors(include_url=False)]
        return problems.refuse_input(request, found, code="invalid_request")
    language = preferred_language(request.headers.get("accept-language"))
    response = Response(status_code=201)
    read = await create_help(code, body, request, response, services, user, language)
    return Response(read.model_dump_json(), response.status_code, media_type="application/json")


@router.post(
    HELPS,
    status_code=201,
    dependencies=[Depends(count_help)],
    responses={
        200: {"model": HelpRead, "description": "The same person's help from before, as it stands."},
        **documented(400, 401, 403, 404, 409, 413, 415, 422, 429, 503),
    },
)
async def create_help(
    code: Code,
    body: HelpCreate,
    request: Request,
    response: Response,
    services: App,
    user: CurrentUser,
    language: Language,
) -> HelpRead:
    """Help once. A new person counts more; it counts when they prove real: a verified contact or a work.

    Needs the page token of `GET /v1/unlock-links/{code}` and a proof of work over its challenge. Accounts
    that were not made on a device send `Huajian-Device`. Again says how the first help stands.
    """
    outcome = await help_unlock(
        services.unlocking.desk,
        services.unlocking.helps,
        HelpRequest(
            code=code,
            helper_id=user.user_id,
            page_token=body.page_token,
            proof=body.proof,
            sender=sender_of(request),
            language=language,
        ),
    )
    if outcome.is_replay:
        response.status_code = 200
    return await _read_help(services, outcome)


async def _read_help(services: Services, outcome: HelpOutcome) -> HelpRead:
    """How the help stands; one that qualified is counted first if it is not yet, and may bring the reward."""
    progress, is_known = outcome.progress, not outcome.is_replay
    if is_known and outcome.state is HelpState.QUALIFIED and not outcome.is_counted:
        counted = await services.unlocking.tallier.count(outcome.link_id)
        progress, is_known = counted.progress, counted.only_counted
    if is_known:
        return HelpRead(
            state=outcome.state,
            weight=outcome.weight,
            goal=outcome.goal,
            progress=progress,
            missing=max(0, outcome.goal - progress),
            link_state=LinkState.OPEN,
        )
    async with services.sessions() as session:
        standing = await helps.get_standing(session, outcome.help_id)
    return HelpRead(
        state=standing.state,
        weight=standing.weight,
        goal=standing.goal,
        progress=standing.progress,
        missing=max(0, standing.goal - standing.progress),
        link_state=state_at(standing.link_state, standing.expires_at, services.clock()),
    )
