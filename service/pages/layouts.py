"""The looks that a card can be set in, with the small pictures from which one chooses."""

from dataclasses import dataclass
from typing import Final

from generators.backends.studio.card.templates.entry import Template
from generators.backends.studio.card.templates.shelf import FOR_PHOTOS, load_templates
from service.pages.assets import FOLDER

PLAIN: Final = "auto"  # the picture of a card without a template


@dataclass(frozen=True, slots=True)
class Layout:
    """One template to choose; without id and name it lets us choose.

    picture, photo_picture: below `static/`, without and with a photo; None where nobody made one, as for
        templates of the operator's own.
    occasions, styles, languages: what it is made for, with spaces between; "" for everything.
    """

    id: str
    name: str
    picture: str | None
    photo_picture: str | None
    occasions: str = ""
    styles: str = ""
    languages: str = ""
    takes_photo: bool = True
    needs_photo: bool = False


def layouts(language: str) -> list[Layout]:
    """Everything there is to choose from, our own choice first."""
    auto = Layout("", "", _picture(PLAIN, language), _picture(f"{FOR_PHOTOS}_photo", language))
    return [auto, *(_layout(template, language) for template in load_templates().values())]


def _layout(template: Template, language: str) -> Layout:
    with_photo = _picture(f"{template.id}_photo", language) if template.takes_photo else None
    return Layout(
        template.id,
        template.names.of(language),
        with_photo if template.needs_photo else _picture(template.id, language),
        None if template.needs_photo else with_photo,
        occasions=" ".join(sorted(template.occasions)),
        styles=" ".join(sorted(template.styles)),
        languages=" ".join(sorted(template.languages)),
        takes_photo=template.takes_photo,
        needs_photo=template.needs_photo,
    )


def _picture(name: str, language: str) -> str | None:
    """As it looks in the reader's language, else in the other one that it is made for."""
    paths = (f"art/templates/{tongue}/{name}.webp" for tongue in sorted(("zh", "en"), key=language.__ne__))
    return next((path for path in paths if (FOLDER / path).is_file()), None)
