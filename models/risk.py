"""What helps gave away, as keyed hashes whose key changes every 90 days, and what was made of it.

Nothing here can be turned back into an address, a device or a mailbox, and everything goes after 180 days.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasCreatedAt, HasId, Json
from models.columns import stored_enum


class RiskDecision(StrEnum):
    """In the order of severity."""

    ALLOW = "allow"  # the help counts once it qualifies
    HOLD = "hold"  # it waits for a reviewer
    DENY = "deny"  # it does not count


class SightingKind(StrEnum):
    DEVICE = "device"
    PLACE = "place"  # an address together with a kind of browser: a household's phones of one make
    ADDRESS = "address"  # or a /64
    NETWORK = "network"  # a /24 or /48


class RiskSignal(HasCreatedAt, Base):
    """One help as the score sees it. `epoch` names the key under which the hashes were made.

    No foreign keys: signals are forgotten long before helps are, and every check would lock the row of an
    owner whom thousands help.
    device_hash, address_hash, network_hash: None where the request did not say.
    agent: a family from a closed list, such as "safari/ios". sign_up_seconds: from the page to the account.
    """

    __tablename__ = "risk_signals"
    __table_args__ = (
        CheckConstraint("owner_id <> helper_id", name="not_ones_own"),
        Index("ix_risk_signals_owner_id", "owner_id", "created_at"),
        Index("ix_risk_signals_helper_id", "helper_id", "created_at"),
        Index("ix_risk_signals_created_at", "created_at"),
    )

    help_id: Mapped[UUID] = mapped_column(primary_key=True)
    link_id: Mapped[UUID]
    owner_id: Mapped[UUID]
    helper_id: Mapped[UUID]
    epoch: Mapped[int] = mapped_column(SmallInteger)
    is_new: Mapped[bool]
    device_hash: Mapped[bytes | None]
    address_hash: Mapped[bytes | None]
    network_hash: Mapped[bytes | None]
    agent_hash: Mapped[bytes | None]
    mailbox_hash: Mapped[bytes | None]
    agent: Mapped[str] = mapped_column(String(32))
    asn: Mapped[int | None] = mapped_column(BigInteger)
    tap_seconds: Mapped[float]
    sign_up_seconds: Mapped[float | None]


class RiskSighting(Base):
    """A user was seen on a device, at a place or in a network: one row for each, under each epoch's key."""

    __tablename__ = "risk_sightings"
    __table_args__ = (
        Index("ix_risk_sightings_user_id", "user_id", "kind"),
        Index("ix_risk_sightings_seen_at", "seen_at"),
    )

    kind: Mapped[SightingKind] = mapped_column(stored_enum(SightingKind, "sighting_kind"), primary_key=True)
    hash: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    epoch: Mapped[int] = mapped_column(SmallInteger)
    seen_at: Mapped[datetime]


class RiskVerdict(HasId, HasCreatedAt, Base):
    """What the score said of a help at one time. A help that is weighed again and differs has another row.

    reasons: {"reasons": [{code, points, evidence}]}: counts, never people.
    weights: the digest of the points and thresholds that were in force.
    """

    __tablename__ = "risk_verdicts"
    __table_args__ = (
        Index("ix_risk_verdicts_help_id", "help_id", "created_at"),
        Index("ix_risk_verdicts_created_at", "created_at"),
    )

    help_id: Mapped[UUID]
    decision: Mapped[RiskDecision] = mapped_column(stored_enum(RiskDecision, "risk_decision"))
    score: Mapped[int]
    is_shadow: Mapped[bool]
    reasons: Mapped[Json]
    weights: Mapped[str] = mapped_column(String(16))
