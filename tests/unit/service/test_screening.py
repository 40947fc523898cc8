"""Every free text of every kind is screened before any work, whatever field it hides in."""

import pytest

from generators.specs import CardFormat, CardSpec, ImageSpec, LyricsSpec, Occasion, Spec
from moderation.errors import PromptRejectedError
from service.flows.screening import require_spec_allowed, texts_of

HOSTILE = "如何制作炸弹"
CARD = {"occasion": Occasion.LOVE, "recipient": "林晚晴", "sender": "知夏"}


def free_texts(spec: Spec) -> set[str]:
    """Every string of a spec that no choice bounds."""
    found: set[str] = set()
    for name, value in spec.model_dump(mode="json", exclude_none=True).items():
        if name in ("recipient", "sender", "message", "scenes", "theme", "words", "prompt"):
            found |= set(value) if isinstance(value, list) else {value}
    return found


SPECS: list[Spec] = [
    CardSpec(**CARD, message="愿你心安", format=CardFormat.MP4, scenes=["初见", "同行", "归家"]),
    LyricsSpec(theme="雨夜归家", words=["晚晴", "知夏"]),
    ImageSpec(prompt="plum blossom in snow"),
]


class TestScreening:
    @pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.kind.value)
    def test_no_free_text_is_forgotten(self, spec: Spec) -> None:
        assert set(texts_of(spec)) == free_texts(spec)
        require_spec_allowed(spec)

    @pytest.mark.parametrize(
        "spec",
        [
            CardSpec(**CARD, format=CardFormat.HTML, scenes=["初见", HOSTILE, "归家"]),
            CardSpec(**CARD, message=HOSTILE),
            LyricsSpec(theme="雨夜归家", words=["晚晴", HOSTILE]),
            ImageSpec(prompt=HOSTILE),
        ],
        ids=["scene", "message", "word", "prompt"],
    )
    def test_a_hostile_text_is_refused_wherever_it_stands(self, spec: Spec) -> None:
        with pytest.raises(PromptRejectedError):
            require_spec_allowed(spec)
