"""From the facts of a letter to its words, in its reader's language, time and way of writing money."""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime

from billing.catalog import Catalog
from billing.money import LOCALES, format_money
from models.letter import LetterKind
from service.identity.letters import Letter
from service.items import item_name
from service.texts import CONSENTS

TEXTS: Final[Mapping[str, Mapping[str, str]]] = tomllib.loads(
    Path(__file__).with_name("letters.toml").read_text("utf-8")
)

CLOCK: Final = "HH:mm (ZZZZ)"


def write(
    kind: LetterKind,
    facts: Mapping[str, Any],
    *,
    catalog: Catalog,
    language: str,
    timezone: str,
    base_url: str,
) -> Letter:
    """The letter as its reader gets it.

    Args:
        facts: as they were written down; `terms` names further paragraphs of letters.toml.
        timezone: IANA name, in which days are told.
        base_url: where our pages are, where the facts do not know better.
    """
    words = dict(_say(facts, catalog, language, ZoneInfo(timezone)))
    words["pages"] = str(facts.get("base_url") or base_url).rstrip("/")
    paragraphs = [f"{kind.value}_body", *facts.get("terms", ())]
    consent = facts.get("consent")
    body = [_fill(TEXTS[name][language], words) for name in paragraphs]
    if consent is not None:
        body.append(_fill(TEXTS["agreed"][language], {"text": CONSENTS[consent][language]}))
    body.append(TEXTS["closing"][language])
    return Letter(_fill(TEXTS[f"{kind.value}_subject"][language], words), "\n\n".join(body))


def _say(
    facts: Mapping[str, Any], catalog: Catalog, language: str, zone: ZoneInfo
) -> Iterator[tuple[str, str]]:
    """What a text may ask for: `at` and `until` as days, `price` and `kept` as money, names of item and tier.

    `moment` is `at` to the minute, with its zone; `full` is what a month of the tier costs.
    """
    for name in ("at", "until"):
        if facts.get(name) is not None:
            moment = datetime.fromisoformat(facts[name]).astimezone(zone)
            day = format_date(moment.date(), format="long", locale=LOCALES[language])
            yield name, day
            if name == "at":
                yield "moment", f"{day} {format_datetime(moment, CLOCK, zone, LOCALES[language])}"
    for name in ("price", "kept"):
        if f"{name}_minor" in facts:
            yield name, format_money(facts[f"{name}_minor"], facts["currency"], language)
    if "item" in facts:
        yield "item", item_name(catalog, facts["item"], language)
    if "order" in facts:
        yield "order", facts["order"]
    membership = catalog.memberships.get(facts.get("tier", ""))
    if membership is not None:
        yield "tier", catalog.tier(facts["tier"]).name[language]
        yield "full", format_money(membership.prices[facts["currency"]], facts["currency"], language)


def _fill(text: str, words: Mapping[str, str]) -> str:
    for name, word in words.items():
        text = text.replace(f"{{{name}}}", word)
    return text.strip()
