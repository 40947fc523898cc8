"""Links as owners and friends see them: rows to wire shapes, with addresses, texts and fresh page tokens."""

import tomllib
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from models.referral import LinkState, UnlockLink
from models.work import Work, WorkFile
from referral import channels, links
from referral.codes import code_of, find_hash
from referral.links import ShownLink, state_at
from referral.proof_of_work import ALGORITHM
from service.http.unlock_schemas import (
    Challenge,
    ChannelStandingRead,
    LinkRead,
    LinkView,
    Preview,
    ShareTexts,
    Weights,
)
from service.wiring import Services

PAGE: Final = "/u"
TEXTS: Final[dict[str, dict[str, str]]] = tomllib.loads(
    Path(__file__).with_name("unlock_texts.toml").read_text("utf-8")
)
MAX_BASE_CHARS: Final = 300


def base_url(services: Services, request: Request) -> str:
    """Where people reach us."""
    return (services.settings.public_url or str(request.base_url)).rstrip("/")[:MAX_BASE_CHARS]


async def read_link(services: Services, session: AsyncSession, link: UnlockLink, base: str) -> LinkRead:
    """An owner's link. `base`: where its page is."""
    pending, held = await links.count_waiting(session, link.id)
    code = code_of(services.keys, link.id)
    url = f"{base}{PAGE}/{code}"
    missing = max(0, link.goal - link.progress)
    return LinkRead(
        id=link.id,
        code=code,
        url=url,
        state=state_at(link.state, link.expires_at, services.clock()),
        channel=link.channel,
        asker_name=link.asker_name,
        work_id=link.work_id,
        goal=link.goal,
        progress=link.progress,
        missing=missing,
        pending_helps=pending,
        held_helps=held,
        reward_credits=link.reward_credits,
        weights=Weights(new=link.weight_new, existing=link.weight_existing),
        created_at=link.created_at,
        expires_at=link.expires_at,
        texts=ShareTexts(**{language: _say(language, link, missing, url) for language in TEXTS}),
        poster_url=f"{url}/poster.jpg",
        og_image_url=f"{url}/og.jpg",
    )


def _say(language: str, link: UnlockLink, missing: int, url: str) -> str:
    texts = TEXTS[language]
    if missing == 0:
        return texts["met"].format(url=url)
    text = texts["named" if link.asker_name else "plain"]
    return text.format(name=link.asker_name, missing=missing, url=url)


async def show_link(services: Services, session: AsyncSession, code: str, language: str) -> LinkView:
    """A link as anybody may see it, for the API and the page. Looking changes nothing.

    Raises: LinkNotFoundError.
    """
    desk, now = services.unlocking.desk, services.clock()
    link = await links.get_shown_link(session, services.keys, code, desk.programme.times, now=now)
    standing = await channels.find_channel(session, desk.programme, link.channel)
    state = link.state_at(now)
    view = LinkView(
        state=state,
        asker_name=link.asker_name,
        preview=await _preview(services, session, link),
        goal=link.goal,
        progress=link.progress,
        missing=link.missing,
        reward_credits=link.reward_credits,
        weights=Weights(new=link.weight_new, existing=link.weight_existing),
        expires_at=link.expires_at,
        channel=ChannelStandingRead(
            id=link.channel,
            is_on=standing.is_on,
            reason=None if standing.is_on else standing.reason(language),
        ),
        page_token=None,
        challenge=None,
    )
    if state is LinkState.OPEN and standing.is_on and desk.is_open:
        _invite(services, view, code, link)
    return view


def _invite(services: Services, view: LinkView, code: str, link: ShownLink) -> None:
    """Put a page token and its challenge in: a help can be given."""
    code_hash = find_hash(services.keys, code)
    if code_hash is None:
        raise RuntimeError("a link was found by what is no code")
    text, token = services.unlocking.desk.pages.issue(code_hash, now=link.seen_at)
    view.page_token = text
    view.challenge = Challenge(algorithm=ALGORITHM, salt=token.salt, difficulty_bits=token.difficulty_bits)


async def _preview(services: Services, session: AsyncSession, link: ShownLink) -> Preview | None:
    """The work that the owner chose to show, as long as it is there."""
    if link.work_id is None:
        return None
    statement = (
        select(Work.kind, Work.title, WorkFile.id, WorkFile.media_type)
        .outerjoin(WorkFile, (WorkFile.work_id == Work.id) & (WorkFile.role == "preview"))
        .where(Work.id == link.work_id, Work.owner_id == link.owner_id, Work.erased_at.is_(None))
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        return None
    kind, title, file_id, media_type = row
    is_picture = file_id is not None and media_type.startswith("image/")
    image_url = services.links.sign("files", file_id, now=services.clock()) if is_picture else None
    return Preview(kind=kind, title=title, image_url=image_url)
