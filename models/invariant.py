"""What the hourly proof found, kept so that a breach is seen and its end is seen too."""

from sqlalchemy import BigInteger, Identity, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasCreatedAt, Json


class InvariantBreach(HasCreatedAt, Base):
    __tablename__ = "invariant_breaches"
    __table_args__ = (Index("ix_invariant_breaches_created_at", "created_at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    invariant: Mapped[str] = mapped_column(String(64))
    rows: Mapped[int]
    sample: Mapped[Json]
