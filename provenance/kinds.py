"""Which kind of file some bytes are, by how they begin; names and announced types are not believed."""

from typing import Final

_STARTS: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
)
_PAGES: Final = (b"<!doctype html", b"<html")
_HEAD: Final = 512
_BLANKS: Final = b" \t\r\n"
_MARK: Final = b"\xef\xbb\xbf"
_BINARY: Final = bytes(set(range(32)) - set(_BLANKS) - {12})
_MOST_TEXT_BYTES: Final = 1 << 20  # of words; ours have a few thousand
PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})


def tell_kind(content: bytes) -> str | None:
    """The media type; None for everything that is not checked here. Parses nothing, and takes no time."""
    for start, media_type in _STARTS:
        if content.startswith(start):
            return media_type
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp":
        return "video/mp4"
    return _tell_text(content)


def _tell_text(content: bytes) -> str | None:
    head = content[:_HEAD].removeprefix(_MARK).lstrip(_BLANKS)
    if head[:16].lower().startswith(_PAGES):
        return "text/html"
    if not head or head.startswith(b"<") or len(content) > _MOST_TEXT_BYTES:
        return None  # an SVG and other markup may hold anything, and we make none of it
    if len(content.translate(None, _BINARY)) < len(content):
        return None
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "text/markdown" if head.startswith((b"---", b"#")) else "text/plain"
