"""What the page of a link shows: worded for one reader, and the same for everybody."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from fastapi import Request

from provenance.labels import visible_label
from referral.looks import ShownFile, ShownLink, ShownWork
from referral.terms import people_for
from service.pages import texts
from service.texts import say_friends
from service.wiring import Services

PICTURES: Final = ("image/jpeg", "image/png", "image/webp")
ROLES: Final = ("poster", "preview", "thumbnail")  # a film has a still of its own, which comes first
MOST_LINES: Final = 6  # of a song


def picture_of(work: ShownWork | None) -> ShownFile | None:
    """The still picture that shows a work best."""
    stills = _stills(work)
    return next((stills[role] for role in ROLES if role in stills), None)


def _stills(work: ShownWork | None) -> dict[str, ShownFile]:
    files = () if work is None else work.files
    return {file.role: file for file in files if file.media_type in PICTURES}


def missing_text(link: ShownLink, language: str) -> str:
    """How many friends it still takes; the page's script says the same."""
    words = texts.in_language(texts.SCRIPT, language)
    people = people_for(link.missing, link.weight_new, link.weight_existing)
    return say_friends(words, "ask_missing", *people)


def page_facts(services: Services, link: ShownLink, language: str) -> Mapping[str, Any]:
    """Everything that the template names besides its texts."""
    now = services.clock()
    return {
        "state": link.state_at(now).value,
        "asker_name": link.asker_name,
        "goal": link.goal,
        "progress": min(link.progress, link.goal),
        "missing": missing_text(link, language),
        "picture": _picture(services, link.work, now),
        "words": _words(link.work),
    }


def _picture(services: Services, work: ShownWork | None, now: datetime) -> dict[str, Any] | None:
    file = picture_of(work)
    if file is None or work is None:
        return None
    small = _stills(work).get("thumbnail", file)  # a hundredth of the bytes, and sharp at a phone's size
    return {
        "url": services.links.sign("files", file.id, now=now),
        "small_url": services.links.sign("files", small.id, now=now),
        "width_px": file.width_px,
        "height_px": file.height_px,
        "is_tall": (file.height_px or 0) > (file.width_px or 0),
        "title": work.title,
    }


def _words(work: ShownWork | None) -> dict[str, Any] | None:
    """The first lines of a song, its title apart."""
    if work is None or work.kind != "lyrics" or not work.text:
        return None
    label = visible_label("en" if work.language == "en" else "zh", is_model=work.is_model)
    lines = [line for line in work.text.splitlines() if line.strip() and not line.startswith("[")]
    own = [line for line in lines if line != work.title and not line.startswith(label)]
    return {
        "title": work.title,
        "lines": own[:MOST_LINES],
        "label": label,
        "language_tag": "en" if work.language == "en" else "zh-Hans",
    }


def base_of(services: Services, request: Request) -> str:
    """Our own address: where the operator says that we are, else where we were asked."""
    return (services.settings.public_url or str(request.base_url)).rstrip("/")
