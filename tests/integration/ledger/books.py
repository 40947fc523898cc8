"""What the tests read in the books."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from billing.invariants import INVARIANTS, Breach, find_breaches
from billing.ledger.invariants import LEDGER_INVARIANTS

BALANCES = text("""
SELECT trim(a.code || ' ' || a.subject) AS name, sum(e.amount_minor)::bigint AS balance
FROM ledger_accounts a JOIN ledger_entries e ON e.account_id = a.id
WHERE a.currency = :currency GROUP BY 1 HAVING sum(e.amount_minor) <> 0 ORDER BY 1
""")


async def balances(session: AsyncSession, currency: str = "CNY") -> dict[str, int]:
    """Minor units by account, debits positive; accounts at nothing are left out."""
    rows = await session.execute(BALANCES, {"currency": currency})
    return {row.name: row.balance for row in rows}


async def breaches(session: AsyncSession) -> list[Breach]:
    """Every broken promise of credits and of money; deferred constraints are checked too."""
    await session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    await session.execute(text("SET CONSTRAINTS ALL DEFERRED"))
    return await find_breaches(session, {**INVARIANTS, **LEDGER_INVARIANTS})
