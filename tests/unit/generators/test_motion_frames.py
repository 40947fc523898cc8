"""Frames of moving cards: label and code never change, words come in reading order, and all comes to rest."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest

from generators.backends.studio.art.paint import paint
from generators.backends.studio.art.painting import Painting
from generators.backends.studio.card.making import Plan, plan_card
from generators.backends.studio.card.page import HEIGHT_PX, WIDTH_PX
from generators.backends.studio.card.templates.shelf import load_templates
from generators.backends.studio.motion.ambient.choice import air_of
from generators.backends.studio.motion.frames import CardFrames
from generators.backends.studio.motion.reel import FILM_HEIGHT_PX, FILM_WIDTH_PX, Reel, drifted, filmed
from generators.backends.studio.motion.scenes import SCENE_SECONDS
from generators.backends.studio.motion.script import READING_ORDER, write_script
from generators.backends.studio.motion.stage import Stage, build_stage
from generators.contracts import Box, Brief, Pixels
from generators.specs import CardSpec, Language, Style

URL = "https://huajian.example/c/0199c3f2b7a07c4e"
LABELS = {Language.ZH: "算法生成", Language.EN: "Algorithm-generated"}
FEW = Reel(stride=6)  # of a film's frames every sixth, which is enough to see everything once
HOSTILE: Mapping[str, Mapping[str, Any]] = {
    "emoji only": {"recipient": "🎉🎂🥳", "sender": "👩‍👩‍👧‍👦", "message": "🎈" * 60},
    "right to left": {"recipient": "عبد الرحمن", "sender": "שלום", "message": "كل عام وأنتم بخير"},
    "long": {"recipient": "春" * 20, "sender": "Wolfgang Amadeus Moz", "message": "愿你平安喜乐，" * 28},
    "no font has it": {"recipient": "\U0001e900\U0001e922", "sender": "𒀀𒀁", "message": "𒀀" * 30},
}


def brief(*, seed: int = 7, **changes: Any) -> Brief:
    usual: dict[str, object] = {
        "occasion": "mid_autumn",
        "recipient": "林晚晴",
        "sender": "知夏",
        "qr_url": URL,
        "format": "mp4",
    }
    spec = CardSpec.model_validate(usual | changes)
    return Brief(spec, seed, LABELS[spec.language])


@cache
def painting(style: Style) -> Painting:
    return paint(style, seed=7, width_px=WIDTH_PX, height_px=HEIGHT_PX)


def staged(one: Brief) -> tuple[Plan, Stage]:
    assert isinstance(one.spec, CardSpec)
    ground = painting(one.spec.style)
    plan = plan_card(one, ground.calm)
    return plan, build_stage(ground, plan.finish)


def frames(one: Brief, reel: Reel = FEW) -> Iterator[Pixels]:
    assert isinstance(one.spec, CardSpec)
    plan, stage = staged(one)
    yield from CardFrames(stage, plan.finish, air_of(one.spec.style, stage, one.seed), reel)


def part(frame: Pixels, box: Box) -> Pixels:
    return frame[int(box.top) : int(box.bottom), int(box.left) : int(box.right)].copy()


class TestLabelAndCode:
    @pytest.mark.parametrize("style", Style)
    @pytest.mark.parametrize("language", Language)
    def test_not_one_of_their_pixels_changes_on_any_frame(self, style: Style, language: Language) -> None:
        one = brief(style=style, language=language)
        _, stage = staged(one)
        label, code = (part(stage.ground, box) for box in stage.kept)
        assert label.size
        assert code.size
        everywhere = []
        for frame in frames(one, Reel()):
            assert np.array_equal(part(frame, stage.kept[0]), label)
            assert np.array_equal(part(frame, stage.kept[1]), code)
            everywhere.append(frame[::16, ::16].copy())
        moved = np.any([np.any(a != b) for a, b in pairwise(everywhere)])
        assert moved  # and yet something moves

    @pytest.mark.parametrize("style", Style)
    def test_what_flies_is_kept_off_by_more_than_its_mask(self, style: Style) -> None:
        """With the mask gone, as by a fault in it, label and code are still untouched."""
        one = brief(style=style)
        plan, stage = staged(one)
        bare = Stage(
            stage.ground,
            stage.palette,
            stage.paints,
            np.full_like(stage.open, 255),
            stage.bare,
            stage.kept,
        )
        for frame in CardFrames(bare, plan.finish, air_of(style, bare, one.seed), FEW):
            for box in stage.kept:
                assert np.array_equal(part(frame, box), part(stage.ground, box))

    @pytest.mark.parametrize("name", load_templates())
    def test_templates_keep_them_too_even_where_the_seal_comes_down_beside_them(self, name: str) -> None:
        template = load_templates()[name]
        one = brief(
            template=name,
            style=min(template.styles),
            occasion=min(template.occasions),
            language=max(template.languages),
        )
        if template.takes_photo:
            one = replace(one, photo=np.full((400, 300, 3), 128, np.uint8))
        _, stage = staged(one)
        for frame in frames(one, Reel(stride=2)):
            for box in stage.kept:
                assert np.array_equal(part(frame, box), part(stage.ground, box))

    @pytest.mark.parametrize("language", Language)
    def test_the_label_is_five_percent_of_the_shortest_side(self, language: Language) -> None:
        plan, _ = staged(brief(language=language))
        ink = plan.finish.foot.label.ink
        assert ink is not None
        assert filmed(ink).bottom - filmed(ink).top >= 0.05 * min(FILM_WIDTH_PX, FILM_HEIGHT_PX)

    @pytest.mark.parametrize("url", [URL, "https://huajian.example/" + "ab7" * 90])
    def test_the_code_is_read_from_a_frame(self, url: str) -> None:
        _, stage = staged(brief(qr_url=url))
        seen = part(stage.ground, stage.kept[1])[..., :3].copy()
        assert cv2.QRCodeDetector().detectAndDecode(seen)[0] == url


class TestWords:
    @pytest.mark.parametrize("language", Language)
    def test_they_come_in_reading_order_and_the_seal_last(self, language: Language) -> None:
        plan, _ = staged(brief(language=language))
        script = write_script(plan.finish)
        begins = [cue.begins for cue in script.cues]
        assert begins == sorted(begins)
        roles = list(dict.fromkeys(cue.role for cue in script.cues))
        assert roles == [role for role in READING_ORDER if role in plan.finish.layout.blocks]
        assert script.seal_begins > begins[-1]

    def test_a_column_is_read_downwards_and_the_next_one_is_left_of_it(self) -> None:
        plan, _ = staged(brief(message="早点回家，路上小心，记得带伞，别忘了吃饭。"))
        block = plan.finish.layout.blocks["message"]
        lines = [span.line for span in block.spans]
        assert lines == sorted(lines)
        starts = [(block.glyphs[s.start].x, block.glyphs[s.start].y) for s in block.spans]
        for (line, (x, y)), (next_line, (next_x, next_y)) in pairwise(zip(lines, starts, strict=True)):
            assert next_y > y if next_line == line else next_x < x

    @pytest.mark.parametrize("style", Style)
    @pytest.mark.parametrize("case", HOSTILE)
    def test_all_are_there_in_the_end_and_none_at_first(self, style: Style, case: str) -> None:
        one = brief(style=style, **HOSTILE[case])
        plan, stage = staged(one)
        shown = [frame[..., :3].copy() for frame in frames(one)]
        for role, block in plan.finish.layout.blocks.items():
            if block.ink is None:
                continue
            box = filmed(block.ink)
            blank = part(stage.ground, box)[..., :3]
            assert np.array_equal(part(shown[0], box), blank), role
            assert not np.array_equal(part(shown[-1], box), blank), role

    def test_nothing_drifts_over_words(self) -> None:
        for style in Style:
            plan, stage = staged(brief(style=style))
            for block in plan.finish.layout.blocks.values():
                for line in block.lines:
                    assert not part(stage.open, filmed(line)).any()
                    assert not part(stage.bare, filmed(line)).any()

    def test_the_last_moment_is_at_rest(self) -> None:
        assert drifted(3.0) == pytest.approx(drifted(2.999), abs=1e-5)
        assert drifted(1.0) == 1.0
        one = brief(style=Style.PLUM)
        last = [frame.copy() for frame in frames(one, Reel())][-2:]
        assert np.mean(last[0] != last[1]) < 0.01


class TestSeeds:
    @pytest.mark.parametrize("style", Style)
    def test_the_same_seed_moves_the_same_way_and_another_differently(self, style: Style) -> None:
        plan, stage = staged(brief(style=style))

        def middle(seed: int) -> Pixels:
            moving = CardFrames(stage, plan.finish, air_of(style, stage, seed), FEW)
            return [frame.copy() for frame in moving][6]

        assert np.array_equal(middle(7), middle(7))
        assert not np.array_equal(middle(7), middle(8))


def test_a_scene_lasts_whole_frames() -> None:
    assert (SCENE_SECONDS * Reel().frames_per_second).is_integer()
