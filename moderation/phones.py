"""Phone numbers that reach a person, among groups of digits.

Numbers without a country are read as Chinese, or as American when grouped 3-3-4. Years, dates and love
numbers make digits that a mobile number could have too; how they are grouped tells them apart.
"""

import re
from collections.abc import Sequence
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberType

_MOBILE: Final = re.compile(r"(?:86)?1[3-9][0-9]{9}")
_COUNTRY: Final = frozenset({"86", "0086"})
# How people group eleven digits. Those that begin with four also fit years and love numbers in a row.
_MOBILE_GROUPS: Final = frozenset(
    {(11,), (13,), (3, 4, 4), (3, 8), (7, 4), (3, 3, 5), (5, 6), (6, 5), (4, 4, 3), (4, 3, 4)}
)
_YEAR_OR_LOVE: Final = re.compile(r"19\d\d|20\d\d|1314|3344|52[01]|999")
_LOVE_NUMBER: Final = re.compile(r"(?:520|521|1314|3344|9{2,}|8{2,}|6{2,})+")
_LANDLINE: Final = re.compile(r"0(?:10|2[0-9]|[3-9][0-9]{2}) ?[2-8](?:[0-9]{6,7}|[0-9]{2,3} [0-9]{4})")
_AMERICAN: Final = re.compile(r"(?:1 )?[2-9][0-9]{2} [2-9][0-9]{2} [0-9]{4}")
_REACHES_PERSON: Final = frozenset(
    {
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.PERSONAL_NUMBER,
        PhoneNumberType.VOIP,
    }
)


def is_love_number(digits: str) -> bool:
    """5201314 and its like: I love you for all my life, in digits."""
    return _LOVE_NUMBER.fullmatch(digits) is not None


def is_personal_phone(groups: Sequence[str], *, is_international: bool) -> bool:
    """Whether these groups of digits together are one number that rings at a person's.

    Args:
        groups: digits only, as they were separated.
        is_international: a plus sign stands before them.
    """
    digits = "".join(groups)
    if is_international or digits.startswith("00"):
        return _reaches_person("+" + digits.removeprefix("00"), None)
    if _MOBILE.fullmatch(digits):
        return _is_grouped_like_mobile(groups) and _reaches_person(digits[-11:], "CN")
    spaced = " ".join(groups)
    if _LANDLINE.fullmatch(spaced):
        return _reaches_person(digits, "CN")
    return _AMERICAN.fullmatch(spaced) is not None and _reaches_person(digits, "US")


def _is_grouped_like_mobile(groups: Sequence[str]) -> bool:
    national = groups[1:] if groups[0] in _COUNTRY else groups
    lengths = tuple(map(len, national))
    if is_love_number("".join(national)):
        return False
    if len(lengths) >= 6:
        return max(lengths) <= 2  # spelled out digit by digit, or in pairs
    if lengths in _MOBILE_GROUPS:
        return lengths[0] != 4 or not any(map(_YEAR_OR_LOVE.fullmatch, national))
    return False


def _reaches_person(number: str, region: str | None) -> bool:
    """A number in use that is not a company's service line (400, 800 and the like)."""
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(parsed) and phonenumbers.number_type(parsed) in _REACHES_PERSON
