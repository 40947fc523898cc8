"""What a template file may say. Everything is checked when it is read; docs/templates.md explains it.

Lengths across the page are fractions of its width, lengths down of its height; `_px` is pixels of the page,
which always is 1080 x 1440. Nothing here needs a font or an array, so that a web process may read it.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from generators.specs import Direction, Language, Occasion, Style, TemplateId

PAGE_PX: Final = (1080, 1440)
LABEL_PX: Final = (496, 78)  # the largest of our labels on its plate
CODE_PX: Final = 276  # the largest code: an address of 300 characters

Fraction = Annotated[float, Field(ge=0, le=1)]
HexColour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]
ColourName = Literal["paper", "ink", "accent", "seal"]
Shape = Literal["rectangle", "rounded", "oval", "arch", "fan", "stamp", "ticket"]
Align = Literal["start", "centre", "end"]
Role = Literal["title", "subtitle", "recipient", "message", "closing", "sender"]
ROLES: Final[tuple[Role, ...]] = ("title", "subtitle", "recipient", "message", "closing", "sender")
NEEDED: Final[Mapping[Language, tuple[Role, ...]]] = {
    Language.ZH: ("title", "recipient", "message", "sender"),
    Language.EN: ("title", "recipient", "message", "closing", "sender"),
}


def _ordered(area: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    left, top, right, bottom = area
    if left >= right or top >= bottom:
        raise ValueError("should be [left, top, right, bottom] with left < right and top < bottom")
    return area


Area = Annotated[tuple[Fraction, Fraction, Fraction, Fraction], AfterValidator(_ordered)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Names(_Entry):
    zh: Annotated[str, Field(min_length=1, max_length=20)]
    en: Annotated[str, Field(min_length=1, max_length=40)]

    def of(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


class OwnPalette(_Entry):
    """The colours of a template that does not take them from the painting."""

    paper: HexColour
    ink: HexColour
    accent: HexColour
    seal: HexColour


class Layer(_Entry):
    """One thing that lies under the words; layers are drawn in the order of the file.

    kind: sheet, a filled shape; line, its outline; window, the painting seen through the shape; photo, the
        user's photo in it; corners, four key-pattern corners; rule, a hairline with a lozenge.
    mat_px: a border of `colour` around a window or photo: left, top, right, bottom.
    otherwise: what a photo's place shows on a card without one.
    focus_y: what height of the picture stays in sight when something must go; None: the upper third of a
        photo, where faces are, and the middle of a painting.
    turn_degrees: clockwise, around the middle of the area.
    """

    kind: Literal["sheet", "line", "window", "photo", "corners", "rule"]
    area: Area
    shape: Shape = "rectangle"
    colour: ColourName | HexColour = "paper"
    opacity: Fraction = 1.0
    shadow: Fraction = 0.0
    turn_degrees: Annotated[float, Field(ge=-15, le=15)] = 0.0
    corner_px: Annotated[float, Field(ge=0, le=120)] = 24.0
    width_px: Annotated[float, Field(gt=0, le=24)] = 2.0
    mat_px: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    otherwise: Literal["painting", "nothing"] = "nothing"
    focus_y: Fraction | None = None
    language: Language | None = None


class TextArea(_Entry):
    """Where one text stands and how. Unset sizes and voices are those of its role.

    area_with_code: its place on a card that has a QR code.
    across: where the lines stand when they do not fill the area: rows from the top, columns from the right.
    voice: a voice of generators/fonts/catalogue.toml; None is the usual one for the role and language.
    colour: used where it is legible; None is ink, and for a title the occasion's choice.
    rules: hairlines between the columns of a vertical message.
    """

    area: Area
    area_with_code: Area | None = None
    direction: Direction = Direction.HORIZONTAL
    align: Align = "start"
    across: Align = "start"
    largest_px: Annotated[float, Field(ge=14, le=320)]
    smallest_px: Annotated[float, Field(ge=12, le=200)]
    most_lines: Annotated[int, Field(ge=0, le=40)] = 0
    pitch: Annotated[float, Field(ge=0.8, le=3)] = 1.4
    measure_em: Annotated[float, Field(ge=4, le=60)] = 60.0
    tracking: Annotated[float, Field(ge=0, le=1)] = 0.0
    voice: str | None = None
    colour: ColourName | HexColour | None = None
    rules: bool = False

    @model_validator(mode="after")
    def _sizes_ordered(self) -> Self:
        if self.smallest_px > self.largest_px:
            raise ValueError("smallest_px should be at most largest_px")
        return self


class Side(_Entry):
    """Where everything stands in one language. `seal` is a square in the middle of its area."""

    title: TextArea
    subtitle: TextArea | None = None
    recipient: TextArea
    message: TextArea
    closing: TextArea | None = None
    sender: TextArea
    seal: Area
    seal_with_code: Area | None = None

    def texts(self) -> dict[Role, TextArea]:
        """The areas by role, in the order in which a card is read."""
        found = {role: getattr(self, role) for role in ROLES}
        return {role: area for role, area in found.items() if area is not None}


class Texts(_Entry):
    """Texts that replace the occasion's own; unset ones stay. See card/occasions.toml."""

    title: tuple[Annotated[str, Field(min_length=1, max_length=40)], ...] | None = None
    subtitle: Annotated[str, Field(max_length=60)] | None = None
    to: Annotated[str, Field(min_length=1, max_length=30)] | None = None
    after: Annotated[str, Field(max_length=40)] | None = None


class OccasionTexts(_Entry):
    zh: Texts = Texts()
    en: Texts = Texts()


class Foot(_Entry):
    """A place that must take whatever comes: the label, or a code of any length."""

    area: Area
    align: Align = "end"


class Template(_Entry):
    """A card's looks. `id` is the file's name without `.toml`."""

    id: TemplateId
    order: Annotated[int, Field(ge=0, le=9999)] = 1000
    names: Names
    page: Annotated[tuple[int, int], Field(description="Always [1080, 1440].")] = PAGE_PX
    ground: Literal["painting", "paper"]
    palette: Literal["painting"] | OwnPalette = "painting"
    needs_photo: bool = False
    languages: frozenset[Language] = frozenset(Language)
    occasions: frozenset[Occasion] = frozenset(Occasion)
    styles: frozenset[Style] = frozenset(Style)
    layers: tuple[Layer, ...] = ()
    zh: Side | None = None
    en: Side | None = None
    label: Foot
    code: Foot
    texts: dict[Occasion, OccasionTexts] = Field(default_factory=dict)

    @property
    def takes_photo(self) -> bool:
        return any(layer.kind == "photo" for layer in self.layers)

    def side(self, language: Language) -> Side:
        """Raises: ValueError when the template is not made for that language."""
        side = self.zh if language is Language.ZH else self.en
        if side is None or language not in self.languages:
            raise ValueError(f"template {self.id} is not made for {language.value}")
        return side

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        for problem in (*_page_problems(self), *_side_problems(self), *_foot_problems(self)):
            raise ValueError(problem)
        return self


def _page_problems(template: Template) -> list[str]:
    found = []
    if template.page != PAGE_PX:
        found.append(f"page: a card is always {PAGE_PX[0]} x {PAGE_PX[1]} pixels")
    if not (template.languages and template.occasions and template.styles):
        found.append("languages, occasions and styles: name at least one of each, or leave them out")
    if template.needs_photo and not template.takes_photo:
        found.append("needs_photo: there is no layer of kind photo to set it in")
    return found


def _side_problems(template: Template) -> list[str]:
    found = []
    for language in sorted(template.languages):
        side = template.zh if language is Language.ZH else template.en
        if side is None:
            found.append(f"{language.value}: the areas for this language are missing")
            continue
        texts = side.texts()
        missing = [role for role in NEEDED[language] if role not in texts]
        if missing:
            found.append(f"{language.value}: areas are missing for {', '.join(missing)}")
        columns = [role for role, area in texts.items() if area.direction is Direction.VERTICAL]
        if columns and language is Language.EN:
            found.append(f"en.{columns[0]}: English is always horizontal")
    return found


def _foot_problems(template: Template) -> list[str]:
    width, height = PAGE_PX
    found = []
    for name, foot, needed in (
        ("label", template.label, LABEL_PX),
        ("code", template.code, (CODE_PX, CODE_PX)),
    ):
        left, top, right, bottom = foot.area
        wide, high = (right - left) * width, (bottom - top) * height
        if wide < needed[0] - 0.5 or high < needed[1] - 0.5:
            found.append(f"{name}.area: {wide:.0f} x {high:.0f} px; it needs {needed[0]} x {needed[1]} px")
    if not (template.label.area[1] <= 0.1 or template.label.area[3] >= 0.9):
        found.append("label.area: the label stands at the top or the bottom edge (GB 45438-2025 section 5.2)")
    return found


def is_hex(colour: str) -> bool:
    return re.fullmatch(r"#[0-9a-f]{6}", colour) is not None
