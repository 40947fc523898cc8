"""Which of our two languages a reader prefers."""

import functools
from typing import Final

LANGUAGES: Final = ("zh", "en")
DEFAULT: Final = "en"


@functools.lru_cache(maxsize=512)
def preferred_language(accept_language: str | None, otherwise: str = DEFAULT) -> str:
    """ "zh" or "en" from an Accept-Language header (RFC 9110 section 12.5.4), else `otherwise`."""
    best, best_quality = otherwise, 0.0
    for part in (accept_language or "")[:400].split(","):
        tag, _, parameters = part.strip().partition(";")
        language = tag.partition("-")[0].lower()
        quality = _quality(parameters)
        if language in LANGUAGES and quality > best_quality:
            best, best_quality = language, quality
    return best


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0
