"""Members who take their purchase back, and what the books and letters then say."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from billing.memberships.withdrawing import Withdrawal, list_withdrawals
from models.letter import Letter, LetterKind
from models.order import Order
from service.flows.change_membership import withdraw_membership
from service.texts import CONSENT_VERSION, CONSENTS
from tests.factories.members import Club, fee

OLD_CONSENT = next(iter(CONSENTS))


async def offers(club: Club, user_id: UUID) -> Sequence[Withdrawal]:
    async with club.sessions() as session:
        return await list_withdrawals(session, club.rules, user_id=user_id, now=club.clock())


async def offer(club: Club, user_id: UUID) -> Withdrawal:
    (only,) = await offers(club, user_id)
    return only


async def member(club: Club, *, consent: str | None = CONSENT_VERSION, spent: int = 0) -> tuple[UUID, Order]:
    """A new silver member: ten credits for 5.00."""
    user = await club.join()
    order = await club.subscribe(user, "silver", consent=consent)
    await club.settle()
    if spent:
        await club.spend(user, spent)
    return user, order


async def withdraw(
    club: Club, user_id: UUID, *, shown_minor: int | None = None, order_id: UUID | None = None
) -> None:
    """The only purchase that can be, or that one."""
    if order_id is None:
        order_id = (await offer(club, user_id)).order.id
    await withdraw_membership(club.member(user_id), order_id, now=club.clock(), shown_minor=shown_minor)


async def letters(club: Club) -> list[tuple[LetterKind, list[str], int, int]]:
    """About withdrawals, with what each says goes back and is kept."""
    kinds = (LetterKind.ORDER_WITHDRAWN, LetterKind.ORDER_RETURNED)
    async with club.sessions() as session:
        found = await session.scalars(select(Letter).where(Letter.kind.in_(kinds)).order_by(Letter.id))
        return [
            (one.kind, one.facts["terms"], one.facts["price_minor"], one.facts["kept_minor"]) for one in found
        ]


def books(kept_minor: int, *charged_minor: int, tax_minor: int = 0) -> dict[str, int]:
    """When all is at rest: nothing is owed, what was kept is revenue, and the bank has its fees."""
    charged = fee(*charged_minor)
    held = {"1110": kept_minor - charged, "2040": -tax_minor, "4020": tax_minor - kept_minor, "5010": charged}
    return {code: minor for code, minor in held.items() if minor}
