"""The wording of the visible label. It claims a model only where one ran.

Source: GB 45438-2025 section 5: a text label names both artificial intelligence and generation. Art made
by rules is labelled as that (IPTC digital source type `algorithmicMedia`).
"""

from typing import Final

TRAINED: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
ALGORITHMIC: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"
COMPOSITE: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/composite"
COMPOSITE_TRAINED: Final = (
    "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
)

_WORDING: Final = {
    ("zh", True): "AI生成",
    ("zh", False): "算法生成",
    ("en", True): "AI-generated",
    ("en", False): "Algorithm-generated",
}


def visible_label(language: str, *, is_model: bool) -> str:
    """The label's words in "zh" or "en": short, because they stand large on the picture."""
    return _WORDING[language, is_model]


def source_type(*, is_model: bool, has_photo: bool = False) -> str:
    """The IPTC digital source type, as the full URI that the vocabulary asks for.

    has_photo: the user's own photo is part of the work, which nobody generated.
    """
    if has_photo:
        return COMPOSITE_TRAINED if is_model else COMPOSITE
    return TRAINED if is_model else ALGORITHMIC
