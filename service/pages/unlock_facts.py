"""What the page of a link shows: worded for one reader, and the same for everybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from models.work import Work, WorkFile
from provenance.labels import visible_label
from referral.links import ShownLink
from service.pages import texts
from service.wiring import Services
from service.works.errors import WorkNotFoundError
from service.works.queries import get_work

PICTURES: Final = ("image/jpeg", "image/png", "image/webp")
ROLES: Final = ("poster", "preview", "thumbnail")  # a film has a still of its own, which comes first
MOST_LINES: Final = 6  # of a song


@dataclass(frozen=True, slots=True)
class Shown:
    """A work as a link shows it: its picture, or its first lines; both None where nothing is shown."""

    work: Work | None
    file: WorkFile | None

    @property
    def is_model(self) -> bool:
        """Whether a trained model made it."""
        return self.work is not None and bool(self.work.provenance.get("ai"))


async def find_shown(session: AsyncSession, link: ShownLink) -> Shown:
    """The work that the owner put on the link, while it is there."""
    if link.work_id is None:
        return Shown(None, None)
    try:
        work = await get_work(session, link.work_id, owner_id=link.owner_id)
    except WorkNotFoundError:
        return Shown(None, None)
    return Shown(work, picture_of(work.files))


def picture_of(files: list[WorkFile]) -> WorkFile | None:
    """The still picture that shows a work best."""
    by_role = {file.role: file for file in files if file.media_type in PICTURES}
    return next((by_role[role] for role in ROLES if role in by_role), None)


def missing_text(link: ShownLink, language: str) -> str:
    """How many friends it still takes; the page's script says the same."""
    words = texts.in_language(texts.SCRIPT, language)
    fresh, known = -(-link.missing // link.weight_new), -(-link.missing // link.weight_existing)
    if fresh != known:
        return words["ask_missing_mixed"].format(fresh=fresh, known=known)
    return words["ask_missing_one"] if fresh == 1 else words["ask_missing"].format(n=fresh)


def page_facts(services: Services, link: ShownLink, shown: Shown, language: str) -> Mapping[str, Any]:
    """Everything that the template names besides its texts."""
    now = services.clock()
    return {
        "state": link.state_at(now).value,
        "asker_name": link.asker_name,
        "goal": link.goal,
        "progress": min(link.progress, link.goal),
        "missing": missing_text(link, language),
        "picture": _picture(services, shown, now),
        "words": _words(shown),
    }


def _picture(services: Services, shown: Shown, now: datetime) -> dict[str, Any] | None:
    if shown.file is None or shown.work is None:
        return None
    return {
        "url": services.links.sign("files", shown.file.id, now=now),
        "width_px": shown.file.width_px,
        "height_px": shown.file.height_px,
        "title": shown.work.title,
    }


def _words(shown: Shown) -> dict[str, Any] | None:
    """The first lines of a song, its title apart."""
    if shown.work is None or shown.work.kind != "lyrics" or not shown.work.text:
        return None
    label = visible_label("en" if shown.work.language == "en" else "zh", is_model=shown.is_model)
    lines = [line for line in shown.work.text.splitlines() if line.strip() and not line.startswith("[")]
    own = [line for line in lines if line != shown.work.title and not line.startswith(label)]
    return {
        "title": shown.work.title,
        "lines": own[:MOST_LINES],
        "label": label,
        "language_tag": "en" if shown.work.language == "en" else "zh-Hans",
    }


def address_of(services: Services, request: Request, code: str) -> str:
    """The link's own address: where the operator says that we are, else where we were asked."""
    base = services.settings.public_url or str(request.base_url)
    return f"{base.rstrip('/')}/u/{code}"
