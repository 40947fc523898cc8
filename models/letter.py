"""Messages to people, written beside what they tell of and sent by the keeper."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasCreatedAt, HasId, Json
from models.columns import stored_enum


class LetterKind(StrEnum):
    ORDER_CONFIRMED = "order_confirmed"  # what was bought, on which terms: for the buyer to keep
    ORDER_WITHDRAWN = "order_withdrawn"  # the buyer took a purchase back: what goes back, and what does not
    ORDER_RETURNED = "order_returned"  # we gave the money back ourselves, and why
    RENEWAL_DUE = "renewal_due"
    ENDING_DUE = "ending_due"  # months paid in advance are nearly used up
    PAYMENT_FAILED = "payment_failed"
    MEMBERSHIP_ENDED = "membership_ended"


class LetterState(StrEnum):
    WAITING = "waiting"  # to be sent, for the first time or again
    SENT = "sent"
    DROPPED = "dropped"  # nobody to send it to, or refused too often


class Letter(HasId, HasCreatedAt, Base):
    """One message to one user. No address and no name: those are read when it is sent.

    letter_key: names what it tells of, such as `renewal_due:<membership>:<moment>`, so that nothing is told
        twice.
    facts: what its text needs, such as an amount and a moment.
    due_at: of the next attempt, or the end of the one that is under way.
    """

    __tablename__ = "letters"
    __table_args__ = (
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_has_time"),
        CheckConstraint("attempts >= 0", name="attempts_not_negative"),
        Index("ix_letters_waiting", "due_at", postgresql_where="state = 'waiting'"),
        Index("ix_letters_user_id", "user_id", "id"),
        Index("ix_letters_created_at", "created_at"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[LetterKind] = mapped_column(stored_enum(LetterKind, "letter_kind"))
    letter_key: Mapped[str] = mapped_column(String(200), unique=True)
    facts: Mapped[Json]
    state: Mapped[LetterState] = mapped_column(
        stored_enum(LetterState, "letter_state"), default=LetterState.WAITING
    )
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
