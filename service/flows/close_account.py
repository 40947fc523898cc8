"""Close an account for good. The ledger keeps a bare id: the law asks for it (GDPR 17(3)(b), PIPL 47)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing import queries as credits
from referral import links
from referral.risk.assessor import Assessor
from service.identity import queries as identity
from service.outbox import endpoints
from service.works import exports


async def close_account(session: AsyncSession, risk: Assessor, user_id: UUID, *, now: datetime) -> None:
    """Close at once and erase who it was; the keeper erases jobs and works soon after (`erase_account`)."""
    if await identity.close_user(session, user_id):
        await links.lock_own(session, user_id)  # before the account, as those who count helps do
        (account,) = await credits.lock_accounts(session, [user_id])
        account.closed_at = now
        await risk.note_leaving(session, user_id, now=now)
        await identity.erase_identity(session, user_id)
        await links.erase_owner(session, user_id)
        await endpoints.erase(session, user_id)
        await exports.withdraw(session, user_id)
