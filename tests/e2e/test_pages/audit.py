"""Checks of one page as it stands, written by hand: names, structure, contrast, sizes.

Source: WCAG 2.2, success criteria 1.1.1, 1.3.1, 1.4.3, 1.4.10, 2.4.6, 2.5.5, 4.1.2.
"""

import itertools
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Page

LEAST_CONTRAST: Final = 4.5
LEAST_CONTRAST_LARGE: Final = 3.0  # from 24 px, or 18.7 px and bold
LEAST_TARGET_PX: Final = 43.5  # 44, less the browser's rounding
AUDIT: Final = Path(__file__).with_suffix(".js").read_text("utf-8")


async def find_barriers(page: Page) -> list[str]:
    """What stands in somebody's way on this page; empty when nothing was found."""
    found: dict[str, Any] = await page.evaluate(AUDIT)
    assert found["contrasts"] and found["targets"], "the audit saw nothing"
    named = ("nameless", "pictures", "silent", "groups", "dangling")
    return [
        *(f"{kind}: {what}" for kind in named for what in found[kind]),
        *_find_structure(found),
        *(_describe(text) for text in found["contrasts"] if text["ratio"] < _least(text)),
        *(
            f"small: {target}"
            for target in found["targets"]
            if min(target["width"], target["height"]) < LEAST_TARGET_PX
        ),
    ]


def _least(text: dict[str, Any]) -> float:
    return LEAST_CONTRAST_LARGE if text["isLarge"] else LEAST_CONTRAST


def _describe(text: dict[str, Any]) -> str:
    return f"contrast {text['ratio']:.2f}: {text['what']}"


def _find_structure(found: dict[str, Any]) -> list[str]:
    headings: list[int] = found["headings"]
    barriers = [
        f"h{after} follows h{before}" for before, after in itertools.pairwise(headings) if after > before + 1
    ]
    if headings.count(1) != 1 or headings[0] != 1:
        barriers.append(f"headings: {headings}")
    if found["landmarks"] != [1, 1, 1]:
        barriers.append(f"landmarks: {found['landmarks']}")
    if not found["title"] or found["language"] not in ("zh-Hans", "en"):
        barriers.append("title or language is missing")
    if found["overflow"] > 0:
        barriers.append(f"wider than the screen by {found['overflow']} px")
    return barriers
