"""Ages under eighteen in a skeleton: asked only when something else in the text makes them matter."""

import re
from typing import Final

_DIGITS: Final = r"(?<![0-9])(?:[0-9]|1[0-7])"
_ENGLISH: Final = r" ?(?:y ?o|years? old|yrs? old|yr|year)(?![a-z])"
_CHINESE: Final = r"(?<![一二三四五六七八九十两百0-9])(?:[一二三四五六七八九两]|十[一二三四五六七]?)"
_UNDER_AGE: Final = re.compile(f"{_DIGITS}(?: ?岁|{_ENGLISH})|{_CHINESE}岁")


def names_minor(skeleton: str) -> bool:
    """Whether someone's age is given as 0 to 17, in digits or Chinese numerals."""
    return _UNDER_AGE.search(skeleton) is not None
