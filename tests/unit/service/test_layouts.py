"""The layouts that the studio page offers, and their pictures."""

from pathlib import Path

import pytest
from PIL import Image

from benchmarks.template_previews import SIZE_PX, Preview, previews
from generators.backends.studio.card.templates.shelf import read_shelf
from generators.backends.studio.card.templates.trials import USUAL_NAMES
from service.pages.assets import FOLDER
from service.pages.layouts import Layout, layouts

PICTURES = FOLDER / "art/templates"


def by_id(language: str) -> dict[str, Layout]:
    return {layout.id: layout for layout in layouts(language)}


class TestPictures:
    @pytest.mark.parametrize("preview", previews(), ids=lambda preview: preview.path)
    def test_every_shipped_template_has_small_ones(self, preview: Preview) -> None:
        path = PICTURES / preview.path
        assert path.stat().st_size <= 12 * 1024
        with Image.open(path) as picture:
            assert (picture.format, picture.size) == ("WEBP", SIZE_PX)

    def test_no_picture_is_of_a_template_that_is_gone(self) -> None:
        found = {path.relative_to(PICTURES).as_posix() for path in PICTURES.rglob("*.webp")}
        assert found == {preview.path for preview in previews()}


class TestLayouts:
    @pytest.mark.parametrize("language", sorted(USUAL_NAMES))
    def test_each_template_is_offered_with_a_picture_in_the_readers_language(self, language: str) -> None:
        found = by_id(language)
        assert list(found) == ["", *read_shelf(None)]
        for layout in found.values():
            assert layout.picture is not None and f"/{language}/" in layout.picture, layout.id

    def test_what_takes_a_photo_is_shown_with_one(self) -> None:
        found = by_id("zh")
        assert found["postcard"].photo_picture == "art/templates/zh/postcard_photo.webp"
        assert found["polaroids"].picture == "art/templates/zh/polaroids_photo.webp"  # never without
        assert found["fan"].photo_picture is None and not found["fan"].takes_photo
        assert found[""].photo_picture == "art/templates/zh/keepsake_photo.webp"

    def test_an_operators_own_template_has_a_name_only(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shipped = Path("generators/backends/studio/card/templates/designs/fan.toml").read_text("utf-8")
        (tmp_path / "mine.toml").write_text(shipped.replace('id = "fan"', 'id = "mine"', 1), "utf-8")
        shelf = read_shelf(tmp_path)
        monkeypatch.setattr("service.pages.layouts.load_templates", lambda: shelf)
        mine = by_id("en")["mine"]
        assert (mine.name, mine.picture, mine.photo_picture) == ("Folding fan", None, None)
