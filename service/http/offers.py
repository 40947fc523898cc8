"""What can be bought, priced for one reader: in the catalogue, and as the way out of having no credits."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import Field

from billing.money import format_money
from service.http.languages import preferred_language
from service.http.schemas import Schema
from service.http.unlock_offers import offer_unlock
from service.wiring import Services


class Money(Schema):
    currency: str = Field(description="ISO 4217.")
    amount_minor: int = Field(description="In minor units, tax included.")
    text: str = Field(description="As the reader writes it.")


class PackRead(Schema):
    id: str = Field(description="What `POST /v1/checkouts` takes as `item`.")
    name: str
    credits: int
    expires_after_days: int
    price: Money
    price_per_credit: Money = Field(description="Rounded up.")


def list_packs(services: Services, language: str, currency: str | None = None) -> list[PackRead]:
    """Packs on sale, cheapest first; none when nobody takes money here.

    Args:
        currency: one that we sell in; None proposes one by language.
    """
    if services.payments is None:
        return []
    chosen = currency or services.catalog.sale.preferred[language]
    packs = services.catalog.packs.items()
    return [
        PackRead(
            id=f"pack:{name}",
            name=pack.name[language],
            credits=pack.credits,
            expires_after_days=pack.days,
            price=money(pack.prices[chosen], chosen, language),
            price_per_credit=money(-(-pack.prices[chosen] // pack.credits), chosen, language),
        )
        for name, pack in sorted(packs, key=lambda item: item[1].prices[chosen])
    ]


def money(amount_minor: int, currency: str, language: str) -> Money:
    return Money(
        currency=currency, amount_minor=amount_minor, text=format_money(amount_minor, currency, language)
    )


async def ways_out(services: Services, accept_language: str | None, owner_id: UUID) -> Mapping[str, Any]:
    """What a 402 offers besides waiting: packs, and asking friends."""
    language = preferred_language(accept_language)
    packs = list_packs(services, language)
    unlock = await offer_unlock(services, owner_id, language)
    return {"packs": [pack.model_dump() for pack in packs], "unlock": unlock.model_dump(mode="json")}
