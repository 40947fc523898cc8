"""Finders of what identifies a person: phone numbers, resident ids, bank cards, e-mail addresses.

They read the skeleton, where full-width, circled and other digits are plain digits and every separator is a
blank. Dates, prices, ages, love numbers and company numbers (USCC, 400 and 800 lines) pass.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Final

from stdnum import luhn
from stdnum.cn import ric
from stdnum.exceptions import InvalidComponent

from moderation import phones

MAX_DIGITS: Final = 19  # of the longest bank card
MIN_DIGITS: Final = 7  # of an international phone number

# Chinese numerals that stand for one digit each, as in a number read aloud.
_NUMERALS: Final = "〇零一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖"
_AS_DIGITS: Final = str.maketrans(_NUMERALS, "0012345678912123456789")
_DIGIT: Final = f"[0-9{_NUMERALS}]"
_DENSE_DIGITS: Final = re.compile(rf"{_DIGIT}(?:[ +]{{0,3}}{_DIGIT}){{{MIN_DIGITS - 1}}}")

_RUN: Final = re.compile(r"(?:\+ ?)?[0-9]+(?: {1,3}[0-9]+)*(?: ?x(?![a-z]))?")
_NUMERAL_RUN: Final = re.compile(rf"{_DIGIT}{{11,}}")

_RESIDENT_SHAPE: Final = (
    r"[1-8][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9x]"
)
_RESIDENT_ID: Final = re.compile(_RESIDENT_SHAPE)
# The shapes of everything here; whatever else a run of digits holds is dismissed at once.
_CANDIDATE: Final = re.compile(
    rf"(?:86)?1[3-9][0-9]{{9}}|0[0-9]{{6,14}}|1?[2-9][0-9]{{9}}|[2-6][0-9]{{12,18}}|{_RESIDENT_SHAPE}"
)
# Issuer prefixes and lengths: UnionPay, Visa, Mastercard (two ranges), American Express, JCB, Discover.
_CARD: Final = re.compile(
    r"62[0-9]{14,17}|4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})|5[1-5][0-9]{14}"
    r"|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)[0-9]{12}|3[47][0-9]{13}"
    r"|35(?:2[89]|[3-8]\d)[0-9]{12}|6(?:011|5\d\d)[0-9]{12}"
)
_EMAIL: Final = re.compile(
    r"[\w+%-]\s?(?:[@＠﹫]|[\[(（]?\s?\bat\b\s?[\])）]?)\s?"
    r"(?:[\w-]{1,63}(?:[.。．]|\s?[\[(（]?\s?\bdot\b\s?[\])）]?\s?)){1,4}[a-z]{2,24}(?![a-z])",
    re.IGNORECASE,
)


def is_likely(skeleton: str) -> bool:
    """The cheap question: seven digits close together, or an address. No means there is nothing to find."""
    return _DENSE_DIGITS.search(skeleton) is not None or _mentions_address(skeleton)


def has_personal_data(text: str, skeleton: str) -> bool:
    """Whether a text names a phone, resident id, bank card or mail address.

    Args:
        text: as given; mail addresses need their dots.
        skeleton: of the same text, as `moderation.normal` makes it.
    """
    if _mentions_address(skeleton) and _EMAIL.search(text):
        return True
    return any(_is_personal(groups, has_plus) for groups, has_plus in _numbers(skeleton))


def _mentions_address(skeleton: str) -> bool:
    return "@" in skeleton or (" dot " in skeleton and " at " in skeleton)


def _numbers(skeleton: str) -> Iterator[tuple[Sequence[str], bool]]:
    """Neighbouring groups of digits that could be one number, and whether a plus stands before them."""
    for run in _RUN.finditer(skeleton):
        yield from _windows(run[0].lstrip("+").replace(" x", "x").split(), has_plus=run[0][0] == "+")
    for run in _NUMERAL_RUN.finditer(skeleton):
        yield from _windows([run[0].translate(_AS_DIGITS)], has_plus=False)


def _windows(groups: Sequence[str], *, has_plus: bool) -> Iterator[tuple[Sequence[str], bool]]:
    joined, ends = "".join(groups), list(itertools.accumulate(map(len, groups)))
    for first, group in enumerate(groups):
        is_international = has_plus and first == 0
        start = ends[first] - len(group)
        for last in range(first, len(groups)):
            digits = joined[start : ends[last]]
            if len(digits) > MAX_DIGITS:
                break
            if is_international or _CANDIDATE.fullmatch(digits):
                yield groups[first : last + 1], is_international


def _is_personal(groups: Sequence[str], is_international: bool) -> bool:
    digits = "".join(groups)
    if _RESIDENT_ID.fullmatch(digits) and _is_resident_id(digits.upper()):
        return True
    if _CARD.fullmatch(digits) and _is_card(groups, digits):
        return True
    return phones.is_personal_phone(groups, is_international=is_international)


def _is_resident_id(number: str) -> bool:
    """GB 11643: eighteen characters with a birth date and a check character that fit.

    The place is not looked up: lists of districts and their years miss numbers that people really have.
    """
    try:
        ric.get_birth_date(number)
    except InvalidComponent:  # no such day
        return False
    return bool(ric.calc_check_digit(number) == number[-1])


def _is_card(groups: Sequence[str], digits: str) -> bool:
    """Digits like those of a card (ISO/IEC 7812) are one: whole, in groups of four or more, or one by one."""
    lengths = [len(group) for group in groups]
    is_grouped_like_card = len(groups) == 1 or max(lengths) == 1 or min(lengths[:-1]) >= 4
    return is_grouped_like_card and luhn.is_valid(digits) and not phones.is_love_number(digits)
