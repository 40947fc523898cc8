"""How photos refuse."""

from collections.abc import Mapping
from typing import Final

from core.errors import DomainError, ErrorKind

PHOTO_FIELD: Final = ("card", "spec", "photo_id")


class PhotoTooLargeError(DomainError):
    """More pixels than are worth decoding; nothing was decoded."""

    code = "photo_too_large"
    kind = ErrorKind.UNPROCESSABLE

    def __init__(self, *, most_px: int) -> None:
        super().__init__(f"A photo may have at most {most_px:,} pixels.")
        self.most_px = most_px

    def facts(self) -> Mapping[str, object]:
        return {"most_px": self.most_px}


class PhotoUnreadableError(DomainError):
    """Not a whole picture of a kind that we read."""

    code = "photo_unreadable"
    kind = ErrorKind.UNPROCESSABLE


class PhotoTooSmallError(DomainError):
    """Too few pixels, or too narrow, to look well on a card."""

    code = "photo_too_small"
    kind = ErrorKind.UNPROCESSABLE

    def __init__(self, *, least_px: int) -> None:
        super().__init__(f"Both sides of a photo need at least {least_px} pixels on the card.")
        self.least_px = least_px

    def facts(self) -> Mapping[str, object]:
        return {"least_px": self.least_px}


class PhotoRejectedError(DomainError):
    """The operator's classifier refused what it shows; nothing was kept."""

    code = "photo_rejected"
    kind = ErrorKind.FORBIDDEN

    def __init__(self, category: str) -> None:
        super().__init__("This photo may not be used.")
        self.category = category

    def facts(self) -> Mapping[str, object]:
        return {"category": self.category}


class TooManyPhotosError(DomainError):
    """Delete one to keep another."""

    code = "too_many_photos"
    kind = ErrorKind.CONFLICT

    def __init__(self, *, most: int) -> None:
        super().__init__(f"At most {most} photos are kept for a user.")
        self.most = most

    def facts(self) -> Mapping[str, object]:
        return {"limit": self.most}


class PhotoNotFoundError(DomainError):
    """No such photo, or it is somebody else's: the answer is the same."""

    code = "photo_not_found"
    kind = ErrorKind.NOT_FOUND


class PhotoUnsettledError(DomainError):
    """An earlier try with this key stopped half-way and is being cleared away."""

    code = "unavailable"
    kind = ErrorKind.UNAVAILABLE


class SpecPhotoError(DomainError):
    """A spec names a photo that is not there for its owner."""

    code = "invalid_spec"
    kind = ErrorKind.UNPROCESSABLE

    def facts(self) -> Mapping[str, object]:
        return {"errors": [{"loc": list(PHOTO_FIELD), "msg": str(self)}]}
