"""Memberships as they are offered: what the first and the second month cost, and what a tier brings."""

from typing import Any, Final

from pydantic import Field

from billing.catalog import Membership, Tier
from service.http.offers import Money, money
from service.http.schemas import Schema, example
from service.items import item_name
from service.texts import CONSENT_VERSION, CONSENTS
from service.wiring import Services

MEMBERSHIP_EXAMPLE: Final[dict[str, Any]] = {
    "id": "membership:gold",
    "tier": "gold",
    "name": "Gold",
    "first_month": {"currency": "USD", "amount_minor": 149, "text": "$1.49"},
    "second_month": {"currency": "USD", "amount_minor": 399, "text": "$3.99"},
    "monthly_credits": 30,
    "in_flight": 40,
    "batch_rows": 250,
    "max_image_px": 3145728,
    "months": [
        {
            "id": "months:gold:3",
            "name": "Gold membership, 3 months",
            "months": 3,
            "price": {"currency": "USD", "amount_minor": 1099, "text": "$10.99"},
            "price_per_month": {"currency": "USD", "amount_minor": 367, "text": "$3.67"},
        }
    ],
}
CONSENT_EXAMPLE: Final = {"version": CONSENT_VERSION, "text": CONSENTS[CONSENT_VERSION]["en"]}
CERTIFICATION_EXAMPLE: Final[dict[str, Any]] = {
    "id": "certification",
    "credits": 1,
    "price": {"currency": "USD", "amount_minor": 99, "text": "$0.99"},
}


class MonthsRead(Schema):
    id: str = Field(description="What `POST /v1/checkouts` takes as `item`.")
    name: str
    months: int
    price: Money = Field(description="Paid once, in advance; it never renews.")
    price_per_month: Money = Field(description="Rounded up.")


class MembershipOffer(Schema):
    model_config = example(MEMBERSHIP_EXAMPLE)

    id: str = Field(description="What `POST /v1/checkouts` takes as `item`.")
    tier: str
    name: str
    first_month: Money = Field(description="Once per person; whoever had it pays `second_month` at once.")
    second_month: Money = Field(description="From the second month on, each month until cancelled.")
    monthly_credits: int
    in_flight: int
    batch_rows: int
    max_image_px: int
    months: list[MonthsRead] = Field(description="Paid in advance instead; fewest first.")


class CertificationRead(Schema):
    model_config = example(CERTIFICATION_EXAMPLE)

    id: str
    credits: int
    price: Money | None = Field(description="Instead of credits; null where nobody takes money.")


class ConsentRead(Schema):
    model_config = example(CONSENT_EXAMPLE)

    version: str = Field(description="What `POST /v1/checkouts` takes as `consent_version`.")
    text: str = Field(description="To be shown and agreed to, unticked, before a membership is ordered.")


def list_memberships(services: Services, language: str, currency: str | None = None) -> list[MembershipOffer]:
    """Memberships on sale, lowest tier first; none when nobody takes money here.

    Args:
        currency: one that we sell in; None proposes one by language.
    """
    if services.payments is None:
        return []
    catalog = services.catalog
    chosen = currency or catalog.sale.preferred[language]
    tiers = sorted(catalog.memberships, key=lambda name: catalog.tier(name).rank)
    return [
        _offer(services, name, catalog.tier(name), catalog.memberships[name], language, chosen)
        for name in tiers
    ]


def _offer(
    services: Services, name: str, tier: Tier, membership: Membership, language: str, currency: str
) -> MembershipOffer:
    return MembershipOffer(
        id=f"membership:{name}",
        tier=name,
        name=tier.name[language],
        first_month=money(membership.first[currency], currency, language),
        second_month=money(membership.prices[currency], currency, language),
        monthly_credits=tier.monthly_credits,
        in_flight=tier.in_flight,
        batch_rows=tier.batch_rows,
        max_image_px=tier.max_image_px,
        months=[
            MonthsRead(
                id=f"months:{name}:{count}",
                name=item_name(services.catalog, f"months:{name}:{count}", language),
                months=count,
                price=money(prices[currency], currency, language),
                price_per_month=money(-(-prices[currency] // count), currency, language),
            )
            for count, prices in sorted(membership.months.items())
        ],
    )


def offer_certification(services: Services, language: str, currency: str | None = None) -> CertificationRead:
    certification = services.catalog.certification
    chosen = currency or services.catalog.sale.preferred[language]
    is_sold = services.payments is not None
    return CertificationRead(
        id="certification",
        credits=certification.credits,
        price=money(certification.prices[chosen], chosen, language) if is_sold else None,
    )


def asked_consent(language: str) -> ConsentRead:
    """The text that is asked for now."""
    return ConsentRead(version=CONSENT_VERSION, text=CONSENTS[CONSENT_VERSION][language])
