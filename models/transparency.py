"""The public log: entries as they were written, the head of the tree, and what witnesses have seen of it."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasCreatedAt
from models.columns import stored_enum

MAX_ENTRY_BYTES: Final = 65_535  # what a bundle of entries can hold


class LeafKind(StrEnum):
    CERTIFICATE = "certificate"
    EXPORT = "export"
    TRANSFER = "transfer"
    REVOCATION = "revocation"


class LogLeaf(HasCreatedAt, Base):
    """One entry. It is in the log from the commit that wrote it; its place follows within a second.

    Append-only by trigger: only `leaf_index` is set, once, by whoever moves the head.

    entry: the bytes that are hashed and published. subject_id: the certificate or export, which may forget
        its owner; the entry itself names nobody.
    """

    __tablename__ = "log_leaves"
    __table_args__ = (
        CheckConstraint("leaf_index >= 0", name="index_not_negative"),
        CheckConstraint(f"octet_length(entry) BETWEEN 1 AND {MAX_ENTRY_BYTES}", name="entry_fits_bundle"),
        CheckConstraint("octet_length(leaf_hash) = 32", name="hash_is_sha256"),
        Index("uq_log_leaves_leaf_index", "leaf_index", unique=True),
        Index("ix_log_leaves_pending", "id", postgresql_where="leaf_index IS NULL"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[LeafKind] = mapped_column(stored_enum(LeafKind, "leaf_kind"))
    subject_id: Mapped[UUID]
    entry: Mapped[bytes]
    leaf_hash: Mapped[bytes]
    leaf_index: Mapped[int | None] = mapped_column(BigInteger)


class LogHead(Base):
    """The one row that says how far the tree has grown. Moved by compare-and-set on its sizes.

    size, root, peaks: of all leaves that have a place; peaks are the roots of its perfect subtrees.
    published_*: of the tree whose tiles are stored, and whose checkpoint may be shown.
    edge: the open tiles above the leaves, of the published tree.
    checkpoint: the signed note of the published tree, with the witnesses' signatures as they come.
    """

    __tablename__ = "log_heads"
    __table_args__ = (
        CheckConstraint("id = 1", name="only_one"),
        CheckConstraint("published_size BETWEEN 0 AND size", name="published_within_size"),
        CheckConstraint("(checkpoint IS NULL) = (published_at IS NULL)", name="checkpoint_has_time"),
    )

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    origin: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[bytes]
    peaks: Mapped[bytes]
    published_size: Mapped[int] = mapped_column(BigInteger)
    published_root: Mapped[bytes]
    edge: Mapped[bytes]
    checkpoint: Mapped[str | None] = mapped_column(Text)
    published_at: Mapped[datetime | None]


class LogWitness(Base):
    """How much of the log a witness has signed; `name` is that of its key."""

    __tablename__ = "log_witnesses"
    __table_args__ = (CheckConstraint("seen_size >= 0", name="size_not_negative"),)

    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    seen_size: Mapped[int] = mapped_column(BigInteger)
    seen_at: Mapped[datetime | None]
    failure: Mapped[str | None] = mapped_column(String(300))
