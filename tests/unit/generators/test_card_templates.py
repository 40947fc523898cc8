"""Templates: files are read whole or refused by name, and whatever stands on a card, nothing collides."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from generators.backends.studio.art.paint import paint
from generators.backends.studio.art.painting import Painting
from generators.backends.studio.card.making import Plan, make_card, plan_card
from generators.backends.studio.card.page import HEIGHT_PX, WIDTH_PX
from generators.backends.studio.card.templates.checking import (
    check_template,
    count_trials,
    draw_trial,
    measure_layout,
)
from generators.backends.studio.card.templates.entry import Area, Template
from generators.backends.studio.card.templates.fitness import misfit
from generators.backends.studio.card.templates.photos import cover
from generators.backends.studio.card.templates.sample import sample_photo
from generators.backends.studio.card.templates.shapes import in_pixels
from generators.backends.studio.card.templates.shelf import (
    FOR_PHOTOS,
    TemplateError,
    load_templates,
    read_shelf,
    read_template,
    trying,
)
from generators.backends.studio.card.templates.trials import LABELS, odd_trials, style_trials, title_trials
from generators.contracts import Box, Brief, Pixels
from generators.specs import CardSpec, Language, Occasion, Style

CALM = Box(0, 0, WIDTH_PX, HEIGHT_PX)
DESIGNS = sorted(load_templates())
SHIPPED = Path(__file__).parents[3] / "generators/backends/studio/card/templates/designs"


def spec(**changes: object) -> CardSpec:
    usual: dict[str, object] = {"occasion": "birthday", "recipient": "林晚晴", "sender": "知夏"}
    return CardSpec.model_validate(usual | changes)


def plan(one: CardSpec, photo: Pixels | None = None) -> Plan:
    return plan_card(Brief(one, 7, LABELS[one.language], photo=photo), CALM)


def changed(name: str, **fields: object) -> Template:
    """A shipped template with other fields, not validated again."""
    return load_templates()[name].model_copy(update=fields)


@pytest.fixture(scope="module")
def painting() -> Painting:
    return paint(Style.PLUM, seed=7, width_px=WIDTH_PX, height_px=HEIGHT_PX)


class TestShipped:
    def test_there_are_several_for_both_languages(self) -> None:
        assert len(DESIGNS) >= 8
        for language in Language:
            assert sum(language in template.languages for template in load_templates().values()) >= 6

    @pytest.mark.parametrize("name", DESIGNS)
    def test_nothing_collides_overflows_or_shrinks_away(self, name: str) -> None:
        template = load_templates()[name]
        trials = [*odd_trials(template), *title_trials(template)]
        assert len(trials) > 90
        found = [one for t in trials for one in measure_layout(template, t, plan_card(t.brief, CALM))]
        assert found == []

    @pytest.mark.parametrize("name", DESIGNS)
    def test_every_word_can_be_read(self, name: str) -> None:
        template = load_templates()[name]
        for trial in style_trials(template):
            if trial.spec.style in (Style.INK, Style.PLUM):
                assert draw_trial(template, trial, None)[1] == []

    def test_the_one_for_photos_serves_everything(self) -> None:
        template = load_templates()[FOR_PHOTOS]
        assert template.takes_photo
        assert not template.needs_photo
        for occasion in Occasion:
            for style in Style:
                for language in Language:
                    one = spec(occasion=occasion, style=style, language=language)
                    assert misfit(template, one, has_photo=True) is None


class TestPhoto:
    def test_a_photo_without_a_template_gets_a_place(self, painting: Painting) -> None:
        photo = np.full((900, 700, 3), (10, 200, 40), np.uint8)
        brief = Brief(spec(), 7, LABELS[Language.ZH], photo=photo)
        picture = make_card(brief, painting)
        box = picture.boxes["photo"]
        seen = picture.pixels[int(box.top) + 300 : int(box.bottom), int(box.left) : int(box.right)]
        assert np.abs(seen.astype(int) - (10, 200, 40)).max() < 40
        without = make_card(replace(brief, photo=None), painting)
        assert "photo" not in without.boxes

    def test_two_cards_differ_by_their_photos_alone(self, painting: Painting) -> None:
        one = spec(template="postcard")
        first, second = (
            make_card(
                Brief(one, 7, LABELS[Language.ZH], photo=np.full((400, 400, 3), level, np.uint8)), painting
            )
            for level in (30, 220)
        )
        box = first.boxes["photo"]
        differs = np.any(first.pixels != second.pixels, axis=-1)
        rows, columns = np.nonzero(differs)
        assert rows.size
        assert box.left - 1 <= columns.min() <= columns.max() <= box.right
        assert box.top - 1 <= rows.min() <= rows.max() <= box.bottom

    def test_the_upper_third_stays_in_sight(self) -> None:
        tall = np.zeros((1000, 500, 3), np.uint8)
        tall[:, :, 0] = (np.arange(1000) // 4)[:, None]
        seen = cover(tall, 500, 250, focus_y=0.36)
        assert seen.shape == (250, 500, 3)
        assert seen[:, 0, 0].min() < 360 // 4 < seen[:, 0, 0].max()
        wide = cover(np.zeros((200, 900, 3), np.uint8), 300, 600, focus_y=0.36)
        assert wide.shape == (600, 300, 3)

    def test_a_template_that_needs_one_is_refused_without(self) -> None:
        with pytest.raises(ValueError, match="polaroids: it needs a photo"):
            plan(spec(template="polaroids"))
        with pytest.raises(ValueError, match="scroll: it has no place for a photo"):
            plan(spec(template="scroll"), sample_photo())
        with pytest.raises(ValueError, match="there is no such template"):
            plan(spec(template="gone"))


def move(area: Area, **edges: float) -> Area:
    left, top, right, bottom = area
    new = {"left": left, "top": top, "right": right, "bottom": bottom} | edges
    return new["left"], new["top"], new["right"], new["bottom"]


class TestChecking:
    def found(self, template: Template) -> set[str]:
        with trying(template):
            trials = [*odd_trials(template), *title_trials(template)]
            return {one.kind for t in trials for one in measure_layout(template, t, plan_card(t.brief, CALM))}

    def test_an_overlap_is_found(self) -> None:
        side = load_templates()["split"].zh
        assert side is not None
        broken = side.model_copy(update={"seal": side.message.area})
        assert self.found(changed("split", zh=broken)) == {"overlap"}

    def test_small_print_is_found(self) -> None:
        side = load_templates()["split"].zh
        assert side is not None
        message = side.message.model_copy(update={"area": move(side.message.area, bottom=0.4)})
        broken = side.model_copy(update={"message": message})
        assert "small" in self.found(changed("split", zh=broken))

    def test_what_leaves_the_page_is_found(self) -> None:
        side = load_templates()["split"].zh
        assert side is not None
        broken = side.model_copy(update={"seal": (0.95, 0.7, 1.0, 0.76)})
        assert "overflow" in self.found(changed("split", zh=broken))

    def test_words_like_their_paper_are_found(self) -> None:
        own = load_templates()["moonlight"]
        assert own.palette != "painting"
        palette = own.palette.model_copy(update={"ink": "#3a4560", "accent": "#3a4560"})
        broken = own.model_copy(update={"palette": palette})
        with trying(broken):
            _, found = draw_trial(broken, next(style_trials(broken)), None)
        assert {one.kind for one in found} == {"contrast"}

    def test_progress_is_told_as_often_as_promised(self) -> None:
        template = changed("scroll", languages=frozenset({Language.ZH}), styles=frozenset({Style.INK}))
        heard: list[str] = []
        with trying(template):
            assert check_template(template, on_trial=heard.append) == []
        assert len(heard) == count_trials(template, with_pictures=False)


class TestFiles:
    @pytest.fixture
    def copy(self, tmp_path: Path) -> Callable[..., Path]:
        def copying(name: str, old: str = "", new: str = "", *, called: str | None = None) -> Path:
            text = (SHIPPED / f"{name}.toml").read_text("utf-8")
            assert old in text
            path = tmp_path / f"{called or name}.toml"
            path.write_text(text.replace(old, new, 1), "utf-8")
            return path

        return copying

    @pytest.mark.parametrize(
        ("old", "new", "complaint"),
        [
            ('ground = "painting"', 'ground = "sand"', "ground: Input should be 'painting' or 'paper'"),
            ("order = 40", "order = 40\ncolor = 1", "color: Extra inputs are not permitted"),
            ("[0.69, 0.13, 0.8, 0.6]", "[0.8, 0.13, 0.69, 0.6]", "zh.title.area: should be"),
            ("[0.69, 0.13, 0.8, 0.6]", "[0.69, 0.13, 1.8, 0.6]", "zh.title.area.2: Input should be less"),
            ("largest_px = 116", "largest_px = 16", "zh.title: smallest_px should be at most largest_px"),
            ('id = "scroll"', 'id = "Scroll"', "id: String should match"),
            ('id = "scroll"', 'id = "other"', "id: should be 'scroll', as the file is called"),
            ("[en.closing]", "[en.closing2]", "en.closing2: Extra inputs"),
            ("[0.02, 0.795, 0.276, 0.987]", "[0.02, 0.9, 0.276, 0.987]", "code.area: 276 x 125 px; it needs"),
            ("[0.49, 0.916, 0.963, 0.9715]", "[0.49, 0.5, 0.963, 0.6]", "label.area: the label stands at"),
            ('colour = "accent"', 'colour = "pink"', "layers.0.colour"),
            ('id = "scroll"', 'id = "scroll', "Illegal character"),
            (
                'ground = "painting"',
                'ground = "painting"\nneeds_photo = true',
                "needs_photo: there is no layer",
            ),
            ('ground = "painting"', 'ground = "painting"\noccasions = []', "name at least one of each"),
        ],
    )
    def test_a_mistake_is_named_by_file_and_field(
        self, copy: Callable[..., Path], old: str, new: str, complaint: str
    ) -> None:
        path = copy("scroll", old, new)
        with pytest.raises(TemplateError) as caught:
            read_template(path)
        assert str(path) in str(caught.value)
        assert complaint in str(caught.value)

    def test_english_is_never_vertical(self, copy: Callable[..., Path]) -> None:
        path = copy("fan", "[en.title]", '[en.title]\ndirection = "vertical"')
        with pytest.raises(TemplateError, match=r"en\.title: English is always horizontal"):
            read_template(path)

    def test_a_file_of_ones_own_joins_the_shelf(self, copy: Callable[..., Path], tmp_path: Path) -> None:
        copy("scroll", 'id = "scroll"', 'id = "my_scroll"', called="my_scroll")
        shelf = read_shelf(tmp_path)
        assert set(shelf) == {*DESIGNS, "my_scroll"}
        assert list(shelf)[:2] == ["keepsake", "postcard"]

    def test_one_that_takes_a_shipped_name_is_refused(
        self, copy: Callable[..., Path], tmp_path: Path
    ) -> None:
        copy("scroll")
        with pytest.raises(TemplateError, match="there is a template 'scroll' already"):
            read_shelf(tmp_path)
        with pytest.raises(TemplateError, match="HUAJIAN_TEMPLATES_DIR: there is no folder"):
            read_shelf(tmp_path / "none")

    def test_a_file_too_large_is_not_read(self, tmp_path: Path) -> None:
        path = tmp_path / "large.toml"
        path.write_bytes(b"#" * 300_000)
        with pytest.raises(TemplateError, match="larger than 256 KiB"):
            read_template(path)


class TestTexts:
    def test_a_templates_own_texts_stand_in_for_the_occasions(self, tmp_path: Path) -> None:
        text = (SHIPPED / "scroll.toml").read_text("utf-8").replace('id = "scroll"', 'id = "my_scroll"')
        path = tmp_path / "my_scroll.toml"
        own = '[texts.birthday]\nzh = { title = ["福如东海"], after = "恭祝" }\n'
        path.write_text(text + own, "utf-8")
        with trying(read_template(path)):
            words = plan(spec(template="my_scroll")).words
            assert (words.title, words.sender, words.recipient) == ("福如东海", "知夏 恭祝", "致 林晚晴")
            assert plan(spec(template="my_scroll", occasion="thank_you")).words.title != "福如东海"


class TestPlaces:
    @pytest.mark.parametrize("name", DESIGNS)
    def test_words_stay_in_their_areas(self, name: str) -> None:
        template = load_templates()[name]
        for language, side in sides(template):
            one = spec(language=language, template=name)
            made = plan(one, sample_photo() if template.needs_photo else None)
            for role, area in side:
                ink = made.finish.layout.blocks[role].ink if role in made.finish.layout.blocks else None
                box = in_pixels(area)
                if ink is not None:
                    assert box.left - 1 <= ink.left <= ink.right <= box.right + 1, role
                    assert box.top - 1 <= ink.top <= ink.bottom <= box.bottom + 1, role

    def test_a_label_and_a_code_stand_where_the_template_says(self) -> None:
        made = plan(spec(template="split", qr_url="https://example.com/" + "a" * 270))
        code, area = made.boxes["qr"], in_pixels(load_templates()["split"].code.area)
        assert code.left >= area.left
        assert code.right <= area.right
        assert code.right - code.left >= 200


def sides(template: Template) -> Iterator[tuple[Language, list[tuple[str, Area]]]]:
    for language in sorted(template.languages):
        texts = template.side(language).texts()
        yield language, [(role, area.area) for role, area in texts.items()]
