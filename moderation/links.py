"""The address behind a QR code: nobody reads it before a phone opens it, so its host has to be plain."""

import re
import unicodedata
from typing import Final
from urllib.parse import urlsplit

import regex

from moderation.categories import Category
from moderation.errors import PromptRejectedError
from moderation.normal import fold
from moderation.prompts import find_category

MAX_URL_LENGTH: Final = 300
MAX_HOST_LENGTH: Final = 253

_CONTROL_OR_BLANK: Final = regex.compile(r"[\p{C}\p{Z}\\]")
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")  # as last label it makes the host an IPv4 address
# Scripts that may fill a label; Latin beyond ASCII is left out, for it is how ASCII names are imitated.
_ONE_SCRIPT: Final = regex.compile(
    "|".join(
        rf"[{script}0-9-]+"
        for script in (
            r"\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー",
            r"\p{Script=Han}\p{Script=Hangul}",
            r"\p{Script=Cyrillic}",
            r"\p{Script=Greek}",
            r"\p{Script=Arabic}\p{M}",
            r"\p{Script=Hebrew}\p{M}",
            r"\p{Script=Thai}\p{M}",
            r"\p{Script=Devanagari}\p{M}",
        )
    )
)
# Names that mean another machine on every network (RFC 6761, RFC 8375 and common private ones).
_PRIVATE_SUFFIXES: Final = frozenset(
    {"localhost", "local", "localdomain", "internal", "intranet", "lan", "home", "corp", "private", "arpa"}
    | {"invalid", "test", "example", "onion"}
)


def require_link_allowed(url: str) -> None:
    """Refuse an address that hides where it leads.

    Not allowed: other schemes than https, more than 300 characters, user names, IP addresses in any
    spelling, local names, labels that mix scripts or imitate ASCII, hosts that the lexicon refuses.
    Raises: PromptRejectedError: with category "link".
    """
    if len(url) > MAX_URL_LENGTH or _CONTROL_OR_BLANK.search(url) or not _has_plain_host(url):
        raise PromptRejectedError(category=Category.LINK)


def _has_plain_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # parsed on access only
    except ValueError:
        return False
    if parts.scheme != "https" or "@" in parts.netloc or "%" in parts.netloc:
        return False
    host = (parts.hostname or "").removesuffix(".")
    labels = host.split(".")
    return (
        len(host) <= MAX_HOST_LENGTH
        and len(labels) >= 2
        and _NUMBER.fullmatch(labels[-1]) is None
        and labels[-1] not in _PRIVATE_SUFFIXES
        and all(map(_is_plain_label, labels))
        and find_category([host]) is None
    )


def _is_plain_label(label: str) -> bool:
    """ASCII letters, digits and hyphens, or a name in one other script that does not imitate those."""
    if not label.startswith("xn--"):
        return _LABEL.fullmatch(label) is not None if label.isascii() else _is_plain_native(label)
    try:
        native = label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return False
    return not native.isascii() and _is_plain_native(native)


def _is_plain_native(label: str) -> bool:
    if unicodedata.normalize("NFKC", label).casefold() != label:
        return False  # browsers would open another name than the one that is written
    return _ONE_SCRIPT.fullmatch(label) is not None and not fold(label).isascii()
