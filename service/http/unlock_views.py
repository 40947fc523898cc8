"""Links as owners and friends see them: rows to wire shapes, with addresses, texts and fresh page tokens."""

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from models.referral import LinkState, UnlockLink
from referral import links
from referral.codes import code_of
from referral.links import state_at
from referral.looks import ShownWork
from referral.proof_of_work import ALGORITHM
from referral.terms import people_for
from service.http.unlock_schemas import (
    Challenge,
    ChannelStandingRead,
    LinkRead,
    LinkView,
    Preview,
    ShareTexts,
    Weights,
)
from service.texts import say_friends
from service.unlocking.looks import Look
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
    friends = say_friends(texts, "friends", *people_for(missing, link.weight_new, link.weight_existing))
    text = texts["named" if link.asker_name else "plain"]
    return text.format(name=link.asker_name, friends=friends, url=url)


async def show_link(services: Services, code: str, language: str) -> LinkView:
    """A link as anybody may see it. Looking changes nothing.

    Raises: LinkNotFoundError, DatabaseAwayError.
    """
    desk, now = services.unlocking.desk, services.clock()
    look = await services.unlocking.looks.look(code, now=now)
    link = look.link
    state = link.state_at(now)
    view = LinkView(
        state=state,
        asker_name=link.asker_name,
        preview=_preview(services, link.work, now),
        goal=link.goal,
        progress=link.progress,
        missing=link.missing,
        reward_credits=link.reward_credits,
        weights=Weights(new=link.weight_new, existing=link.weight_existing),
        expires_at=link.expires_at,
        channel=ChannelStandingRead(
            id=link.channel,
            is_on=link.standing.is_on,
            reason=None if link.standing.is_on else link.standing.reason(language),
        ),
        page_token=None,
        challenge=None,
    )
    if state is LinkState.OPEN and link.standing.is_on and desk.is_open:
        _invite(services, view, look)
    return view


def _invite(services: Services, view: LinkView, look: Look) -> None:
    """Put a page token and its challenge in, of this look alone: a help can be given."""
    now = services.unlocking.looks.database_time(look)
    text, token = services.unlocking.desk.pages.issue(look.code_hash, now=now)
    view.page_token = text
    view.challenge = Challenge(algorithm=ALGORITHM, salt=token.salt, difficulty_bits=token.difficulty_bits)


def _preview(services: Services, work: ShownWork | None, now: datetime) -> Preview | None:
    """The work that the owner chose to show, as long as it is there."""
    if work is None:
        return None
    found = (
        file.id for file in work.files if file.role == "preview" and file.media_type.startswith("image/")
    )
    file_id = next(found, None)
    image_url = None if file_id is None else services.links.sign("files", file_id, now=now)
    return Preview(kind=work.kind, title=work.title, image_url=image_url)
