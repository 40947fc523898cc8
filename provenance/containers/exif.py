"""Labels in EXIF, where other producers put them: the user's comment, with the JSON in an object `AIGC`.

We never write EXIF. Source: TC260-PG-20259A annex B; Exif 2.32 sections 4.5.2, 4.6.5 (UserComment).
"""

from typing import Final, Literal

from provenance.containers.carried import LONGEST_BYTES, Carried

PLACE: Final = "exif:UserComment"
_EXIF_IFD: Final = 0x8769
_USER_COMMENT: Final = 0x9286
_ENTRY: Final = 12
_MOST: Final = 512  # entries of one directory
_ASCII: Final = b"ASCII\0\0\0"
_UNICODE: Final = b"UNICODE\0"

Order = Literal["little", "big"]


def read(content: bytes) -> list[Carried]:
    """The label in a TIFF structure, with or without the `Exif` marker before it; none where it is broken."""
    tiff = content.removeprefix(b"Exif\0\0")
    order: Order = "little" if tiff[:2] == b"II" else "big"
    if tiff[:4] not in (b"II*\0", b"MM\0*"):
        return []
    below = _find(tiff, _number(tiff, 4, order), _EXIF_IFD, order)
    comment = _find(tiff, _number(tiff, below + 8, order), _USER_COMMENT, order) if below else None
    if comment is None:
        return []
    count, place = _number(tiff, comment + 4, order), _number(tiff, comment + 8, order)
    texts = _readings(tiff[place : place + min(count, LONGEST_BYTES)])
    return [Carried(PLACE, text) for text in texts if "AIGC" in text][:1]


def _find(tiff: bytes, directory: int, tag: int, order: Order) -> int | None:
    """Where the entry of a tag begins; None without one."""
    count = min(int.from_bytes(tiff[directory : directory + 2], order), _MOST)
    for number in range(count):
        at = directory + 2 + number * _ENTRY
        if at + _ENTRY <= len(tiff) and int.from_bytes(tiff[at : at + 2], order) == tag:
            return at
    return None


def _number(tiff: bytes, at: int, order: Order) -> int:
    return int.from_bytes(tiff[at : at + 4], order)


def _readings(comment: bytes) -> list[str]:
    """What a comment may say: in which order its wide characters are, not even cameras agree."""
    if comment.startswith(_UNICODE):
        wide = comment[len(_UNICODE) :]
        return [wide.decode(order, "replace").strip("\0 ") for order in ("utf-16-le", "utf-16-be")]
    return [comment.removeprefix(_ASCII).removeprefix(bytes(8)).decode("utf-8", "replace").strip("\0 ")]
