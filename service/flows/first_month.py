"""By which marks a person is known who asks for a cheaper first month, and what an item costs them."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing.memberships.joining import may_have_first_month
from billing.memberships.marks import Mark
from billing.memberships.rules import MembershipRules
from billing.orders.terms import Terms, terms_of
from service.identity import queries as identity


async def marks_of(session: AsyncSession, rules: MembershipRules, user_id: UUID) -> list[Mark]:
    """The account and its verified contacts; cards are known when they pay."""
    contacts = await identity.list_verified_contacts(session, user_id)
    return [
        rules.mark_account(user_id),
        *(rules.mark_contact(one.channel.value, one.canonical_address) for one in contacts),
    ]


async def find_terms(
    session: AsyncSession, rules: MembershipRules, *, user_id: UUID, item: str, currency: str
) -> Terms:
    """What the item costs this person now; a membership's first month less, if they never had one.

    It is decided when it is paid: who pays with a card that had its first month gets the money back.

    Raises: UnknownItemError, UnsoldCurrencyError.
    """
    is_first_month = await may_have_first_month(session, await marks_of(session, rules, user_id))
    return terms_of(rules.catalog, item, currency, is_first_month=is_first_month)
