"""Statements about what is owed of membership terms."""

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.deferral import MembershipTerm
from models.ledger import AccountCode, LedgerAccount, LedgerEntry, LedgerTransaction

# What is left lies evenly over the days that are left. Of a term that is over nothing is left.
RELEASE = text("""
WITH before AS (
  SELECT term_key, least(deferred_minor, CAST(:amount AS bigint)) AS released
  FROM membership_terms WHERE term_key = :term_key FOR UPDATE
), changed AS (
  UPDATE membership_terms t
  SET deferred_minor = t.deferred_minor - b.released, spread_minor = t.deferred_minor - b.released,
      spread_from = t.served_until
  FROM before b WHERE t.term_key = b.term_key AND b.released > 0
)
SELECT released FROM before
""")

# A term that is over is opened for its last day again, so that recognition finds what is left in it.
OWE_AGAIN = text("""
UPDATE membership_terms
SET deferred_minor = deferred_minor + :amount, spread_minor = deferred_minor + :amount,
    served_until = least(served_until, ends_on - 1), spread_from = least(served_until, ends_on - 1)
WHERE term_key = :term_key AND CAST(:amount AS bigint) > 0
""")


async def lock_term(session: AsyncSession, term_key: str) -> None:
    """Raises: sqlalchemy.exc.NoResultFound: there is no such term."""
    statement = select(MembershipTerm.term_key).where(MembershipTerm.term_key == term_key).with_for_update()
    (await session.execute(statement)).one()


async def release(session: AsyncSession, term_key: str, amount_minor: int) -> int:
    """Take up to so much out of what is owed; what was taken."""
    row = await session.execute(RELEASE, {"term_key": term_key, "amount": amount_minor})
    return int(row.scalar_one())


async def owe_again(session: AsyncSession, term_key: str, amount_minor: int) -> None:
    await session.execute(OWE_AGAIN, {"term_key": term_key, "amount": amount_minor})


async def get_released_minor(session: AsyncSession, key: str) -> int:
    """What a posted transaction took out of what is owed to members, in minor units."""
    statement = (
        select(func.coalesce(func.sum(LedgerEntry.amount_minor), 0))
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .where(LedgerTransaction.business_key == key, LedgerAccount.code == AccountCode.DEFERRED_MEMBERSHIP)
    )
    return int((await session.execute(statement)).scalar_one())
