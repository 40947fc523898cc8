"""Whatever the names and words: nothing on a card overlaps and nothing leaves the page."""

import contextlib
from itertools import combinations
from typing import Any, Final

import pytest
import regex
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from generators.backends.studio.card.making import Plan, plan_card
from generators.backends.studio.card.page import HEIGHT_PX, WIDTH_PX
from generators.contracts import Box, Brief
from generators.specs import CardSpec, Direction, Language, Occasion, Words, count_graphemes

CALMS: Final = {
    "wide and low": Box(86, 100, 994, 637),
    "narrow and high": Box(400, 115, 994, 1008),
    "a strip": Box(640, 115, 994, 900),
    "low on the page": Box(97, 497, 983, 1058),
    "the whole page": Box(0, 0, WIDTH_PX, HEIGHT_PX),
    "small": Box(300, 300, 700, 500),
}
NAMES: Final = [
    "明",
    "林晚晴",
    "欧阳娜娜",
    "喆昇堃翀旻玥祎犇垚赟𠮷",
    "春" * 20,
    "Bo",
    "Wolfeschlegelsteinha",
    "W" * 20,
    "Anna-Maria Schröder",
    "🎂",
    "👨‍👩‍👧‍👦" * 20,
    "محمد عبد الله الحسن",
    "小明 & Tom 🎉",
    "﷽﷽﷽",
]
CHINESE: Final = "今天的风都绕了路，赶来替你吹蜡烛。愿你想去的地方都能抵达，想见的人都肯赴约。"
ENGLISH: Final = (
    "May the road ahead be kind to you, and may every small lantern you meet remember your name. "
)
URL: Final = "https://huajian.example/c/" + "a1B2" * 60


def card(*names: str, **wishes: Any) -> dict[str, Box]:
    """Boxes of a card, by role; they are those of the picture (see test_card_drawing)."""
    return plan(*names, **wishes).boxes


def plan(
    recipient: str = "林晚晴",
    sender: str = "知夏",
    message: str | None = None,
    *,
    language: Language = Language.ZH,
    direction: Direction | None = None,
    calm: str = "wide and low",
    qr_url: str | None = None,
    occasion: Occasion = Occasion.BIRTHDAY,
    label: str | None = None,
) -> Plan:
    spec = CardSpec(
        occasion=occasion,
        recipient=recipient,
        sender=sender,
        message=message,
        language=language,
        direction=direction,
        qr_url=qr_url,
    )
    wording = "算法生成 · 花笺" if language is Language.ZH else "Made by algorithm · Huajian"
    return plan_card(Brief(spec, 7, label or wording), CALMS[calm])


def assert_tidy(boxes: dict[str, Box]) -> None:
    """No two boxes overlap, and none leaves the page."""
    for role, box in boxes.items():
        assert box.left >= 0, role
        assert box.top >= 0, role
        assert box.right <= WIDTH_PX, role
        assert box.bottom <= HEIGHT_PX, role
        assert box.left < box.right, role
        assert box.top < box.bottom, role
    for (first, one), (second, other) in combinations(boxes.items(), 2):
        assert not one.overlaps(other), f"{first} overlaps {second}: {one} {other}"


def cut(text: str, graphemes: int) -> str:
    return "".join(regex.findall(r"\X", text)[:graphemes])


def is_allowed(text: str) -> bool:
    with contextlib.suppress(ValidationError):
        return bool(TypeAdapter(Words).validate_python(text))
    return False


@st.composite
def writings(draw: st.DrawFn, longest: int) -> str:
    """Anything a client may send as a name or message."""
    alphabet = st.characters(exclude_categories=["Cc", "Cs", "Cn", "Zl", "Zp"])
    text = draw(st.text(alphabet, min_size=1, max_size=longest))
    text = cut(text.strip(), longest)
    return text if is_allowed(text) else "花"


class TestTidy:
    @pytest.mark.parametrize("calm", CALMS)
    @pytest.mark.parametrize("direction", Direction)
    @pytest.mark.parametrize("name", NAMES)
    def test_any_name_as_recipient_and_sender(self, name: str, direction: Direction, calm: str) -> None:
        name = cut(name, 20)
        assert_tidy(card(name, name, CHINESE, direction=direction, calm=calm))

    @pytest.mark.parametrize("calm", CALMS)
    @pytest.mark.parametrize("language", Language)
    @pytest.mark.parametrize("length", [1, 20, 60, 120, 200])
    @pytest.mark.parametrize("qr_url", [None, URL])
    def test_any_length(self, length: int, language: Language, calm: str, qr_url: str | None) -> None:
        words = CHINESE if language is Language.ZH else ENGLISH
        message = cut(words * 6, length).strip()
        for direction in Direction:
            assert_tidy(
                card(message=message, language=language, direction=direction, calm=calm, qr_url=qr_url)
            )

    @pytest.mark.parametrize("calm", CALMS)
    @pytest.mark.parametrize(
        "message",
        [
            "Donaudampfschifffahrtsgesellschaftskapitän" * 4,
            "a " * 100,
            "\n".join("好" * 60),
            "🎂" * 200,
            "﷽" * 60,
            "好" + "！" * 199,
            "等你" + "…" * 60,
        ],
    )
    def test_unusual_messages(self, message: str, calm: str) -> None:
        message = cut(message, 200).strip()
        for language in Language:
            boxes = card("Grace", "Tom", message, language=language, calm=calm, qr_url=URL)
            assert_tidy(boxes)
            assert "message" in boxes

    @pytest.mark.parametrize("occasion", Occasion)
    @pytest.mark.parametrize("language", Language)
    def test_every_occasion(self, occasion: Occasion, language: Language) -> None:
        for calm in CALMS:
            for direction in Direction:
                assert_tidy(card(occasion=occasion, language=language, calm=calm, direction=direction))

    def test_a_label_too_wide_for_a_code_beside_it(self) -> None:
        label = "本卡片由算法自动生成 · 花笺"
        boxes = card(qr_url=URL, label=label)
        assert_tidy(boxes)
        assert boxes["qr"].bottom < boxes["label"].top

    @given(
        recipient=writings(20),
        sender=writings(20),
        message=writings(200),
        language=st.sampled_from(Language),
        direction=st.sampled_from(Direction),
        calm=st.sampled_from(sorted(CALMS)),
        has_code=st.booleans(),
    )
    @settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])
    def test_anything_a_client_may_send(
        self,
        recipient: str,
        sender: str,
        message: str,
        language: Language,
        direction: Direction,
        calm: str,
        has_code: bool,
    ) -> None:
        boxes = card(
            recipient,
            sender,
            message,
            language=language,
            direction=direction,
            calm=calm,
            qr_url=URL if has_code else None,
        )
        assert_tidy(boxes)


class TestCalm:
    @pytest.mark.parametrize("calm", ["wide and low", "narrow and high", "low on the page"])
    @pytest.mark.parametrize("language", Language)
    def test_usual_words_stay_on_the_calm_area(self, calm: str, language: Language) -> None:
        message = CHINESE[:38] if language is Language.ZH else ENGLISH
        area = CALMS[calm]
        boxes = card(message=message, language=language, calm=calm)
        for role in ("title", "recipient", "message"):
            assert boxes[role].left >= area.left - 1, role
            assert boxes[role].right <= area.right + 1, role
            assert boxes[role].top >= area.top - 1, role
            assert boxes[role].bottom <= area.bottom + 1, role

    def test_long_words_leave_it_rather_than_become_tiny(self) -> None:
        short = card(message=cut(CHINESE, 30))["message"]
        long = card(message=cut(CHINESE * 6, 120))["message"]
        assert short.bottom <= CALMS["wide and low"].bottom
        assert long.bottom > CALMS["wide and low"].bottom


class TestReadingOrder:
    def test_columns_go_from_title_at_the_right_to_the_seal_at_the_left(self) -> None:
        boxes = card(direction=Direction.VERTICAL)
        assert boxes["title"].left > boxes["recipient"].right
        assert boxes["recipient"].left > boxes["message"].right
        assert boxes["message"].left > boxes["sender"].right
        assert boxes["seal"].top > boxes["sender"].bottom

    def test_rows_go_from_title_at_the_top_to_the_name_below(self) -> None:
        boxes = card(direction=Direction.HORIZONTAL)
        assert boxes["title"].bottom < boxes["recipient"].top
        assert boxes["recipient"].bottom < boxes["message"].top
        assert boxes["message"].bottom < boxes["sender"].top
        assert boxes["seal"].left > boxes["sender"].right

    @pytest.mark.parametrize("calm", ["wide and low", "narrow and high", "low on the page"])
    def test_rows_share_one_axis(self, calm: str) -> None:
        boxes = card(message=ENGLISH, language=Language.EN, calm=calm)
        middles = [(boxes[role].left + boxes[role].right) / 2 for role in ("title", "recipient", "message")]
        assert max(middles) - min(middles) < 12
        signed = (boxes["sender"].left + boxes["seal"].right) / 2
        assert abs(signed - middles[0]) < 40


class TestSizes:
    @pytest.mark.parametrize("calm", CALMS)
    @pytest.mark.parametrize("language", Language)
    @pytest.mark.parametrize("qr_url", [None, "https://huajian.example/c/7Qx2"])
    def test_the_longest_message_keeps_a_readable_size(
        self, language: Language, calm: str, qr_url: str | None
    ) -> None:
        words = CHINESE if language is Language.ZH else ENGLISH
        message = cut(words * 6, 200).strip()
        assert count_graphemes(message) >= 195
        for direction in Direction:
            size = plan(message=message, language=language, calm=calm, qr_url=qr_url, direction=direction)
            assert size.finish.layout.blocks["message"].size_px >= 24

    @pytest.mark.parametrize("name", ["喆昇堃翀旻玥祎犇垚", "Alexandra & Benjamin"])
    def test_a_name_stays_on_one_line_when_it_can(self, name: str) -> None:
        for direction in Direction:
            blocks = plan(name, name, CHINESE, direction=direction).finish.layout.blocks
            assert len(blocks["recipient"].lines) == 1

    def test_no_name_is_larger_than_its_letter_by_much(self) -> None:
        blocks = plan(message=cut(CHINESE * 6, 110), direction=Direction.VERTICAL).finish.layout.blocks
        assert blocks["recipient"].size_px <= 1.2 * blocks["message"].size_px
