"""The money ledger: accounts, transactions, entries, closed periods. All of it is append-only."""

from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasCreatedAt, HasId
from models.columns import stored_enum

CURRENCY_CHARS: Final = 3


class AccountCode(StrEnum):
    """The chart of accounts; `billing.ledger.chart` names them and says what each of them holds."""

    BANK = "1010"
    STRIPE_CLEARING = "1110"
    STORE_RECEIVABLE = "1120"
    DISPUTE_HOLD = "1310"
    DEFERRED_CREDITS = "2010"
    DEFERRED_MEMBERSHIP = "2020"
    CREATOR_PENDING = "2030"
    CREATOR_AVAILABLE = "2031"
    TAX_PAYABLE = "2040"
    PAYOUT_IN_TRANSIT = "2060"
    PACK_REVENUE = "4010"
    MEMBERSHIP_REVENUE = "4020"
    CERTIFICATION_REVENUE = "4030"
    PLATFORM_FEE = "4040"
    BREAKAGE = "4050"
    REFUNDS = "4900"
    PROCESSOR_FEES = "5010"
    STORE_COMMISSION = "5020"
    DISPUTE_LOSSES = "5030"
    EXCHANGE = "5050"


class LedgerAccount(HasCreatedAt, Base):
    """One account in one currency.

    subject: whose, where a code has one account for each: a creator's id, a tax jurisdiction; else ''.
        Never a name or an address.
    """

    __tablename__ = "ledger_accounts"
    __table_args__ = (
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_iso"),
        UniqueConstraint("code", "subject", "currency"),
        UniqueConstraint("id", "currency"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    code: Mapped[AccountCode] = mapped_column(stored_enum(AccountCode, "account_code"))
    subject: Mapped[str] = mapped_column(String(64), default="")
    currency: Mapped[str] = mapped_column(String(CURRENCY_CHARS))


class LedgerTransaction(HasId, HasCreatedAt, Base):
    """One business fact. The database wants its entries in the same commit, and none later.

    business_key: names the business object, such as `stripe:payment:pi_…`; a second one is refused.
    occurred_at: when it happened. posted_on: the day whose books it is in, in UTC; later than the former
        where that day was closed already.
    written_in: the database transaction that wrote it, so that entries of no other can join it.
    """

    __tablename__ = "ledger_transactions"
    __table_args__ = (
        Index("ix_ledger_transactions_posted_on", "posted_on", "id"),
        UniqueConstraint("business_key"),
    )

    business_key: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(32))
    memo: Mapped[str] = mapped_column(String(200), default="")
    occurred_at: Mapped[datetime]
    posted_on: Mapped[date]
    written_in: Mapped[int] = mapped_column(BigInteger, server_default=text("txid_current()"))


class LedgerEntry(Base):
    """One line: debit positive, credit negative, in minor units of the account's currency."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        CheckConstraint("amount_minor <> 0", name="amount_not_zero"),
        ForeignKeyConstraint(
            ["account_id", "currency"],
            ["ledger_accounts.id", "ledger_accounts.currency"],
            name="fk_ledger_entries_account_id_currency",
            ondelete="RESTRICT",
        ),
        Index("ix_ledger_entries_transaction_id", "transaction_id"),
        Index("ix_ledger_entries_account_id", "account_id", "transaction_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    transaction_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_transactions.id", ondelete="RESTRICT"))
    account_id: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(CURRENCY_CHARS))
    amount_minor: Mapped[int] = mapped_column(BigInteger)


class ClosedPeriod(Base):
    """Closes the books up to and including `last_day`: the database refuses what is posted on it or before.

    transactions: how many the books held then; the hourly proof counts them again.
    """

    __tablename__ = "ledger_closed_periods"

    last_day: Mapped[date] = mapped_column(primary_key=True)
    closed_at: Mapped[datetime]
    transactions: Mapped[int] = mapped_column(BigInteger)
