"""Set text: the reported ink is the drawn ink, it stays in its box, and columns stand as they should."""

import numpy as np
import pytest
import skia
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.contracts import Box
from generators.fonts.voices import open_voice
from generators.typesetting.atoms import Atom
from generators.typesetting.block import Align, Block, draw
from generators.typesetting.breaking import VERSE
from generators.typesetting.classes import Manner
from generators.typesetting.composing import compose
from generators.typesetting.fitting import Wish, fit
from generators.typesetting.paragraph import arrange

PAGE = 480
ROOM = Box(60, 60, 420, 420)
WORDS = st.text("花好月圆喆昇𠮷，。「」（）—…AgjfyÅ0179 xyz'🎂👨‍👩‍👧‍👦🇨🇳\nأبשלע하", min_size=1, max_size=50)


def put(text: str, wish: Wish, *, voice: str = "zh_text", box: Box = ROOM) -> Block:
    along = box.bottom - box.top if wish.is_vertical else box.right - box.left
    composition = compose(
        text,
        open_voice(voice),
        is_vertical=wish.is_vertical,
        is_latin_text=voice.startswith("en"),
        longest_em=along / wish.largest_px,
    )
    return fit(arrange(composition.atoms), box, wish)


def drawn_ink(block: Block) -> Box | None:
    """Bounding box of the pixels that drawing really touches."""
    page = np.full((PAGE, PAGE, 4), 255, np.uint8)
    canvas = skia.Surface(page, colorType=skia.kRGBA_8888_ColorType).getCanvas()
    draw(canvas, block, skia.Paint(AntiAlias=True, Color=skia.ColorBLACK))
    touched = (page[..., :3].min(axis=2) < 225).astype(np.uint8)
    if not touched.any():
        return None
    rows, columns = np.flatnonzero(touched.max(axis=1)), np.flatnonzero(touched.max(axis=0))
    return Box(float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))


class TestInk:
    @given(text=WORDS, is_vertical=st.booleans(), align=st.sampled_from(list(Align)))
    @settings(deadline=None, max_examples=120)
    def test_reported_ink_contains_what_is_drawn(self, text: str, is_vertical: bool, align: Align) -> None:
        block = put(text, Wish(60, 18, pitch=1.5, is_vertical=is_vertical, align=align))
        drawn, reported = drawn_ink(block), block.ink
        if drawn is None:
            return
        assert reported is not None
        assert reported.left - 1 <= drawn.left
        assert reported.top - 1 <= drawn.top
        assert drawn.right <= reported.right + 1
        assert drawn.bottom <= reported.bottom + 1

    @pytest.mark.parametrize("text", ["中秋快乐", "Gladly", "（好）", "2026年"])
    @pytest.mark.parametrize("is_vertical", [False, True])
    def test_reported_ink_is_tight(self, text: str, is_vertical: bool) -> None:
        block = put(text, Wish(70, 18, is_vertical=is_vertical))
        drawn, reported = drawn_ink(block), block.ink
        assert drawn is not None
        assert reported is not None
        for ours, theirs in (
            (reported.left, drawn.left),
            (reported.top, drawn.top),
            (reported.right, drawn.right),
            (reported.bottom, drawn.bottom),
        ):
            assert abs(ours - theirs) <= 2

    @given(text=WORDS, is_vertical=st.booleans(), size=st.integers(20, 140))
    @settings(deadline=None, max_examples=120)
    def test_ink_never_leaves_the_box(self, text: str, is_vertical: bool, size: int) -> None:
        block = put(text, Wish(size, 16, pitch=1.3, is_vertical=is_vertical, align=Align.CENTRE))
        ink = block.ink
        if ink is None:
            return
        assert ink.left >= ROOM.left - 0.02
        assert ink.top >= ROOM.top - 0.02
        assert ink.right <= ROOM.right + 0.02
        assert ink.bottom <= ROOM.bottom + 0.02

    def test_a_script_title_with_swashes_stays_inside(self) -> None:
        block = put("Congratulations", Wish(130, 20, align=Align.CENTRE, most_lines=1), voice="en_script")
        ink = block.ink
        assert ink is not None
        assert ink.left >= ROOM.left - 0.02
        assert ink.right <= ROOM.right + 0.02


class TestFit:
    def test_short_text_takes_the_largest_size(self) -> None:
        assert put("好", Wish(90, 20)).size_px == 90

    def test_long_text_shrinks_until_it_fits(self) -> None:
        block = put("花好月圆人长久" * 20, Wish(90, 8, pitch=1.5))
        assert 8 <= block.size_px < 40

    def test_the_next_size_up_would_not_fit(self) -> None:
        text = "花好月圆人长久" * 6
        size = put(text, Wish(90, 8, pitch=1.5)).size_px
        along, lines = 360 / (size + 1), int((360 / (size + 1) - 1) / 1.5) + 1
        assert int(along) * lines < len(text)

    @pytest.mark.parametrize("text", ["王国\n王国", "（王国\n（王国"])
    @pytest.mark.parametrize("is_vertical", [False, True])
    def test_lines_begin_flush_even_with_a_bracket(self, text: str, is_vertical: bool) -> None:
        block = put(text, Wish(60, 20, pitch=2.0, is_vertical=is_vertical))
        for line in block.lines:
            begin = line.top - ROOM.top if is_vertical else line.left - ROOM.left
            assert 0 <= begin < 60 * 0.25

    @pytest.mark.parametrize("is_vertical", [False, True])
    def test_centred_lines_have_the_same_middle(self, is_vertical: bool) -> None:
        block = put("王\n王王王", Wish(60, 20, pitch=2.0, is_vertical=is_vertical, align=Align.CENTRE))
        for line in block.lines:
            middle = (line.top + line.bottom if is_vertical else line.left + line.right) / 2
            assert middle == pytest.approx(240, abs=3)

    @pytest.mark.parametrize("is_vertical", [False, True])
    @pytest.mark.parametrize("mark", list("！…—（·％ᄀ"))
    def test_nothing_is_left_out_where_no_line_may_end(self, mark: str, is_vertical: bool) -> None:
        """Messages that trail off, or shout: they were set as nothing at all, and the card was sold."""
        text = "愿你平安" + mark * 60
        block = put(text, Wish(46, 24, pitch=1.5, measure_em=17.0, is_vertical=is_vertical))
        atoms = compose(text, open_voice("zh_text"), is_vertical=is_vertical).atoms
        assert len(block.glyphs) == sum(len(atom.form.glyphs) for atom in atoms)
        assert block.size_px > 5

    def test_no_line_begins_with_what_clings_to_a_word(self) -> None:
        paragraph = arrange(compose("（Wonderful）！！！！！！！！！！", open_voice("zh_text")).atoms)
        loose = paragraph.loosened(3.0)
        assert loose.breaks[:3] == paragraph.breaks[:3]
        assert loose.longest < paragraph.longest

    def test_patience_gives_up_size_for_whole_clauses(self) -> None:
        text = "人这一生，能遇见几个肯伸手的人呢。我会把这份善意接着传下去，像传一束火。"
        impatient = put(text, Wish(46, 16, pitch=1.6, taste=VERSE))
        patient = put(text, Wish(46, 16, pitch=1.6, taste=VERSE, patience=0.6))
        assert patient.size_px < impatient.size_px


class TestColumns:
    def atoms(self, text: str) -> dict[str, Atom]:
        return {atom.text: atom for atom in compose(text, open_voice("zh_text"), is_vertical=True).atoms}

    def test_columns_run_from_right_to_left(self) -> None:
        block = put("春\n夏\n秋", Wish(60, 20, is_vertical=True))
        assert block.lines[0].left > block.lines[1].left > block.lines[2].left

    def test_dashes_and_words_are_turned(self) -> None:
        atoms = self.atoms("在London——过年")
        assert all(glyph.turned for glyph in atoms["London"].form.glyphs)
        dash = atoms["——"].form
        assert dash.ink is not None
        left, top, right, bottom = dash.ink
        assert bottom - top > 5 * (right - left)

    def test_brackets_stand_across_the_column(self) -> None:
        for mark, atom in self.atoms("（家）").items():
            if mark in "（）":
                assert atom.form.ink is not None
                left, top, right, bottom = atom.form.ink
                assert right - left > bottom - top

    def test_stops_stand_in_the_upper_right(self) -> None:
        ink = self.atoms("好。")["。"].form.ink
        assert ink is not None
        assert ink[0] > 0
        assert ink[3] < 0.5

    def test_two_digits_stand_side_by_side_and_four_are_turned(self) -> None:
        atoms = self.atoms("12月2026年")
        assert atoms["12"].advance == 1.0
        assert not any(glyph.turned for glyph in atoms["12"].form.glyphs)
        assert all(glyph.turned for glyph in atoms["2026"].form.glyphs)

    def test_emoji_stand_upright_on_the_axis(self) -> None:
        composition = compose("🎂", open_voice("zh_text"), is_vertical=True)
        form = composition.atoms[0].form
        assert form.ink is not None
        assert form.ink[0] + form.ink[2] == pytest.approx(0.0, abs=0.12)


class TestRightToLeft:
    def test_words_stand_in_right_to_left_order(self) -> None:
        composition = compose("محمد علي", open_voice("zh_text"))
        first, second = composition.atoms
        assert first.manner is second.manner is Manner.RTL
        block = fit(arrange(composition.atoms), ROOM, Wish(40, 20))
        # the second word's glyphs are drawn first, from the left edge
        assert block.glyphs[0].id == second.form.glyphs[0].id
        assert block.glyphs[-1].id == first.form.glyphs[-1].id
