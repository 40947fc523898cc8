"""A template that does not fit is refused: in one request, and in one row of many."""

from pathlib import Path
from uuid import uuid4

import pytest

from generators.backends.studio.card.templates.shelf import read_template, trying
from generators.specs import CardSpec, LyricsSpec
from service.batches.table import SentRow
from service.flows.check_rows import check_rows
from service.flows.template_fitness import SpecTemplateError, require_template_fits

WISHES = {"occasion": "birthday", "sender": "知夏"}
DESIGNS = Path(__file__).parents[3] / "generators/backends/studio/card/templates/designs"


def card(**changes: object) -> CardSpec:
    return CardSpec.model_validate({**WISHES, "recipient": "林晚晴"} | changes)


class TestOne:
    def test_what_fits_passes(self) -> None:
        require_template_fits(card())
        require_template_fits(card(template="scroll"))
        require_template_fits(card(template="polaroids", photo_id=uuid4()))
        require_template_fits(card(photo_id=uuid4()))
        require_template_fits(LyricsSpec(theme="雨夜归家"))

    @pytest.mark.parametrize(
        ("limit", "why"),
        [
            ('languages = ["en"]', "not made for the language zh"),
            ('occasions = ["love"]', "not made for birthday"),
            ('styles = ["plum"]', "not made for the style ink"),
        ],
    )
    def test_every_limit_of_a_template_is_kept(self, tmp_path: Path, limit: str, why: str) -> None:
        text = (DESIGNS / "scroll.toml").read_text("utf-8").replace("order = 40", f"order = 40\n{limit}")
        (tmp_path / "scroll.toml").write_text(text, "utf-8")
        with trying(read_template(tmp_path / "scroll.toml")), pytest.raises(SpecTemplateError, match=why):
            require_template_fits(card(template="scroll"))


class TestRows:
    def test_only_the_row_that_does_not_fit_is_bad(self) -> None:
        names = ("scroll", "nowhere", "polaroids")
        rows = [
            SentRow(line, {"recipient": "予安", "template": name}) for line, name in enumerate(names, start=2)
        ]
        good, unknown, without_photo = check_rows(WISHES, rows)
        assert good.spec is not None
        assert good.spec["template"] == "scroll"
        for row, why in ((unknown, "no such template"), (without_photo, "needs a photo")):
            assert row.spec is None
            assert row.problems is not None
            assert (row.problems[0]["code"], row.problems[0]["loc"]) == ("invalid_spec", ["template"])
            assert why in row.problems[0]["msg"]
