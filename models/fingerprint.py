"""What certified pictures look like, to find a copy that lost its labels."""

from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasCreatedAt


class PictureFingerprint(HasCreatedAt, Base):
    """One per certificate; gone when its owner's data are erased.

    position: grows in the order of commits, because whoever adds one holds a lock from before it is drawn;
        so a reader who knows all up to a position misses none of them.
    coarse: the 64 bits as a signed integer. fine: 256 bits.
    """

    __tablename__ = "picture_fingerprints"
    __table_args__ = (
        UniqueConstraint("certificate_id"),
        CheckConstraint("octet_length(fine) = 32", name="fine_has_256_bits"),
    )

    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    certificate_id: Mapped[UUID] = mapped_column(ForeignKey("certificates.id", ondelete="CASCADE"))
    algorithm: Mapped[str] = mapped_column(String(32))
    coarse: Mapped[int] = mapped_column(BigInteger)
    fine: Mapped[bytes]
