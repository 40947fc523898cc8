"""What tells one person from another, and whether it has had a cheaper first month."""

from dataclasses import dataclass

from models.membership import ClaimKind


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that tells a person from others, as a keyed hash."""

    kind: ClaimKind
    digest: bytes
