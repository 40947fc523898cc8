"""`/v1/credits` and `/v1/catalog`: what I have, what happened to it, what there is."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from billing import queries as credits
from billing.views import view_credits
from models.credit import CreditEntry, CreditHold, CreditLot, EntryKind
from service.dependencies import App, ByAddress, CurrentUser, Cursor, Language, Limit, Reading
from service.http.membership_offers import (
    CERTIFICATION_EXAMPLE,
    CONSENT_EXAMPLE,
    MEMBERSHIP_EXAMPLE,
    CertificationRead,
    ConsentRead,
    MembershipOffer,
    asked_consent,
    list_memberships,
    offer_certification,
)
from service.http.offers import PackRead, list_packs
from service.http.problems import documented
from service.http.schemas import Moment, Page, Schema, example
from service.identity.errors import UnauthenticatedError

router = APIRouter(tags=["credits"])
LIST = "credit-history"
Currency = Annotated[
    str | None, Query(pattern="^[A-Z]{3}$", description="Instead of the one that suits the language.")
]


class LotRead(Schema):
    id: UUID
    source: str
    quantity: int
    remaining: int
    expires_at: Moment | None
    is_frozen: bool


class CreditsRead(Schema):
    model_config = example(
        {
            "tier": "free",
            "available": 2,
            "held": 1,
            "debt": 0,
            "next_reset_at": "2026-12-01T00:00:00.000Z",
            "monthly_credits": 3,
            "lots": [
                {
                    "id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f",
                    "source": "monthly",
                    "quantity": 3,
                    "remaining": 2,
                    "expires_at": "2026-12-01T00:00:00.000Z",
                    "is_frozen": False,
                }
            ],
        }
    )

    tier: str
    available: int
    held: int = Field(description="Taken for works in the making; returned if they fail.")
    debt: int = Field(description="Filled first by what comes next.")
    next_reset_at: Moment
    monthly_credits: int = Field(description="What comes then.")
    lots: list[LotRead] = Field(description="In the order in which they are used.")


class HistoryEntry(Schema):
    id: int
    kind: EntryKind
    credits: int = Field(description="Positive came, negative went.")
    source: str
    purpose: str | None
    reference_id: UUID | None = Field(description="The generation, or whatever it was held for.")
    outcome: Literal["held", "settled", "released"] | None
    created_at: Moment


class HistoryPage(Page):
    items: list[HistoryEntry]


class TierRead(Schema):
    id: str
    name: str
    monthly_credits: int
    in_flight: int
    batch_rows: int = Field(description="Rows of batches queued or running at once.")
    max_image_px: int


class CatalogRead(Schema):
    model_config = example(
        {
            "tiers": [
                {
                    "id": "free",
                    "name": "Free",
                    "monthly_credits": 3,
                    "in_flight": 10,
                    "batch_rows": 20,
                    "max_image_px": 1572864,
                }
            ],
            "prices": {"card": 1, "lyrics": 1, "image": 1},
            "packs": [
                {
                    "id": "pack:small",
                    "name": "Small pack",
                    "credits": 10,
                    "expires_after_days": 365,
                    "price": {"currency": "USD", "amount_minor": 199, "text": "$1.99"},
                    "price_per_credit": {"currency": "USD", "amount_minor": 20, "text": "$0.20"},
                }
            ],
            "memberships": [MEMBERSHIP_EXAMPLE],
            "certification": CERTIFICATION_EXAMPLE,
            "consent": CONSENT_EXAMPLE,
            "currencies": ["CNY", "USD", "EUR"],
        }
    )

    tiers: list[TierRead]
    prices: dict[str, int] = Field(description="Credits for one finished work, by kind.")
    packs: list[PackRead] = Field(description="On sale, cheapest first; empty where nobody takes money.")
    memberships: list[MembershipOffer] = Field(
        description="On sale, lowest tier first; empty where nobody takes money."
    )
    certification: CertificationRead
    consent: ConsentRead
    currencies: list[str] = Field(description="What `currency` may ask for.")


@router.get("/v1/credits", responses=documented(401, 429))
async def get_credits(services: App, session: Reading, user: CurrentUser) -> CreditsRead:
    """My credits by lot, the month's lot included."""
    view = await view_credits(session, user.user_id, now=services.clock(), catalog=services.catalog)
    if view is None:
        raise UnauthenticatedError("This account is closed.")
    return CreditsRead.model_validate(view, from_attributes=True)


@router.get("/v1/credits/history", responses=documented(400, 401, 422, 429))
async def list_history(
    services: App, session: Reading, user: CurrentUser, cursor: Cursor = None, limit: Limit = 20
) -> HistoryPage:
    """Every movement of my credits, newest first."""
    before_id = int(services.cursors.open(LIST, cursor)) if cursor else None
    rows = await credits.list_entries(session, user.user_id, before_id=before_id, limit=limit)
    return HistoryPage(
        items=[_entry(entry, lot, hold) for entry, lot, hold in rows],
        next_cursor=services.cursors.seal(LIST, rows[-1][0].id) if len(rows) == limit else None,
    )


@router.get("/v1/catalog", dependencies=[ByAddress], responses=documented(422, 429))
async def get_catalog(services: App, language: Language, currency: Currency = None) -> CatalogRead:
    """Tiers, prices, packs and memberships, in the reader's language. Raises: UnsoldCurrencyError."""
    catalog = services.catalog
    if currency is not None:
        catalog.sale.require(currency)
    tiers = sorted(catalog.tiers.items(), key=lambda item: item[1].rank)
    return CatalogRead(
        tiers=[
            TierRead(
                id=name,
                name=tier.name[language],
                monthly_credits=tier.monthly_credits,
                in_flight=tier.in_flight,
                batch_rows=tier.batch_rows,
                max_image_px=tier.max_image_px,
            )
            for name, tier in tiers
        ],
        prices=catalog.prices,
        packs=list_packs(services, language, currency),
        memberships=list_memberships(services, language, currency),
        certification=offer_certification(services, language, currency),
        consent=asked_consent(language),
        currencies=list(catalog.sale.currencies),
    )


def _entry(entry: CreditEntry, lot: CreditLot, hold: CreditHold | None) -> HistoryEntry:
    return HistoryEntry(
        id=entry.id,
        kind=entry.kind,
        credits=entry.quantity,
        source=lot.source.value,
        purpose=hold.purpose if hold else None,
        reference_id=hold.id if hold else None,
        outcome=hold.state.value if hold else None,
        created_at=entry.created_at,
    )
