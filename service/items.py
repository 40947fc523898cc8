"""What an ordered item is called. An item that the catalogue has no more is called by its id."""

from collections.abc import Callable
from typing import Final

from billing.catalog import Catalog

MEMBERSHIP: Final = {"zh": "{tier}会员", "en": "{tier} membership"}
ONE_MONTH: Final = {"zh": "{tier}会员 1 个月", "en": "{tier} membership, 1 month"}
MONTHS: Final = {"zh": "{tier}会员 {n} 个月", "en": "{tier} membership, {n} months"}
CERTIFICATION: Final = {"zh": "作品认证", "en": "Certification of a work"}


def item_name(catalog: Catalog, item: str, language: str) -> str:
    kind, _, name = item.partition(":")
    writer = _WRITERS.get(kind)
    return (None if writer is None else writer(catalog, name, language)) or item


def _pack(catalog: Catalog, name: str, language: str) -> str | None:
    pack = catalog.packs.get(name)
    return None if pack is None else pack.name[language]


def _membership(catalog: Catalog, name: str, language: str) -> str | None:
    tier = catalog.tiers.get(name)
    return None if tier is None else MEMBERSHIP[language].format(tier=tier.name[language])


def _months(catalog: Catalog, name: str, language: str) -> str | None:
    tier_name, _, count = name.partition(":")
    tier = catalog.tiers.get(tier_name)
    if tier is None:
        return None
    text = ONE_MONTH if count == "1" else MONTHS
    return text[language].format(tier=tier.name[language], n=count)


def _certification(catalog: Catalog, name: str, language: str) -> str | None:
    return CERTIFICATION[language]


_WRITERS: Final[dict[str, Callable[[Catalog, str, str], str | None]]] = {
    "pack": _pack,
    "membership": _membership,
    "months": _months,
    "certification": _certification,
}
