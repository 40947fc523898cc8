"""What a client may ask for: one typed spec per kind, bounded here once for every entrance."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Final, Literal, Self
from uuid import UUID

import regex
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

MAX_SEED: Final = 2**53 - 1  # the largest integer every JSON client reads exactly
MAX_URL_BYTES: Final = 300  # templates keep room for a code of so many


class Kind(StrEnum):
    CARD = "card"
    LYRICS = "lyrics"
    IMAGE = "image"


class Language(StrEnum):
    ZH = "zh"
    EN = "en"


class Occasion(StrEnum):
    SPRING_FESTIVAL = "spring_festival"
    MID_AUTUMN = "mid_autumn"
    BIRTHDAY = "birthday"
    WEDDING = "wedding"
    NEW_BABY = "new_baby"
    GRADUATION = "graduation"
    THANK_YOU = "thank_you"
    LOVE = "love"
    CONDOLENCE = "condolence"
    GET_WELL = "get_well"
    NEW_HOME = "new_home"
    BUSINESS = "business"


class Style(StrEnum):
    """Families of procedural art; each is both a card background and an image style."""

    INK = "ink"  # ink mountains in mist
    SILK = "silk"  # flowing silk threads
    LANTERN = "lantern"  # paper-cut lanterns and clouds
    PLUM = "plum"  # plum blossom branches


class Direction(StrEnum):
    """How Chinese words run; English is always horizontal."""

    VERTICAL = "vertical"
    HORIZONTAL = "horizontal"


class PictureFormat(StrEnum):
    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"


class CardFormat(StrEnum):
    """A still picture, a card that moves, or a page that opens. Still ones are PictureFormat's."""

    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"
    MP4 = "mp4"
    ANIMATED_WEBP = "animated_webp"
    HTML = "html"

    @property
    def still(self) -> PictureFormat | None:
        """The picture format of a card that does not move."""
        return PictureFormat(self.value) if self in _STILL else None


_STILL: Final = frozenset({CardFormat.PNG, CardFormat.JPEG, CardFormat.WEBP})


class Mood(StrEnum):
    TENDER = "tender"
    JOYFUL = "joyful"
    NOSTALGIC = "nostalgic"
    HOPEFUL = "hopeful"
    MELANCHOLY = "melancholy"
    HEROIC = "heroic"
    PLAYFUL = "playful"
    SERENE = "serene"


class Section(StrEnum):
    VERSE = "verse"
    CHORUS = "chorus"
    BRIDGE = "bridge"


def count_graphemes(text: str) -> int:
    """User-perceived characters: an emoji family counts as one."""
    return len(regex.findall(r"\X", text))


_SHOWN: Final = regex.compile(r"[^\p{Default_Ignorable_Code_Point}\p{Z}\p{Cf}\s\u2800]")  # a blank of Braille


def _visible(text: str) -> str:
    """Refuse what would be a card without its words: zero-width marks, fillers and blanks alone."""
    if _SHOWN.search(text) is None:
        raise ValueError("should have at least 1 visible character")
    return text


def _printable(text: str) -> str:
    """Refuse what no font can show and no database can store: controls, lone surrogates, NUL."""
    if text.isprintable():  # most texts, at a hundredth of the cost
        return text
    if regex.search(r"[\p{Cc}\p{Cs}\p{Cn}--[\n\t]]", text, flags=regex.VERSION1):
        raise ValueError("contains control or unassigned characters")
    return text


def _within(graphemes: int) -> AfterValidator:
    def check(text: str) -> str:
        if len(text) > graphemes and count_graphemes(text) > graphemes:  # never fewer code points
            raise ValueError(f"should have at most {graphemes} characters")
        return text

    return AfterValidator(check)


def _short(url: str) -> str:
    if len(url.encode()) > MAX_URL_BYTES:
        raise ValueError(f"should have at most {MAX_URL_BYTES} bytes in UTF-8")
    return url


_Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1),
    AfterValidator(_printable),
    AfterValidator(_visible),
]
# max_length counts code points: a cheap outer bound before the grapheme count walks the string.
Name = Annotated[_Text, StringConstraints(max_length=160), _within(20)]
Words = Annotated[_Text, StringConstraints(max_length=1600), _within(200)]
Theme = Annotated[_Text, StringConstraints(max_length=480), _within(60)]
Prompt = Annotated[_Text, StringConstraints(max_length=2000), _within(500)]
Seed = Annotated[int, Field(ge=0, le=MAX_SEED)]
QrUrl = Annotated[
    str,
    StringConstraints(max_length=MAX_URL_BYTES, pattern=r"^https://[^\s\x00-\x20\"<>\\^`{|}]+$"),
    AfterValidator(_short),
]
TemplateId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
RhymeScheme = Annotated[str, StringConstraints(pattern=r"^[A-DX]{2,8}$")]


class SpecBase(BaseModel):
    """`seed` None asks for a fresh one; admission fills it in, so a stored spec always has one."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    seed: Seed | None = None


class CardSpec(SpecBase):
    """A greeting card of 1080 x 1440 px: background, words, seal, optional QR, visible label."""

    kind: Literal[Kind.CARD] = Field(default=Kind.CARD, exclude=True)
    occasion: Occasion
    recipient: Name
    sender: Name
    message: Words | None = Field(default=None, description="Own words; null has them written.")
    language: Language = Language.ZH
    style: Style = Style.INK
    direction: Direction | None = Field(default=None, description="Null lets the layout choose.")
    qr_url: QrUrl | None = None
    format: CardFormat = CardFormat.PNG
    scenes: Annotated[Sequence[Words], Field(min_length=3, max_length=3)] | None = Field(
        default=None, description="Three captions told before the card opens; mp4 and html only."
    )
    music: bool = Field(default=False, description="A music box, silent until tapped; html only.")
    template: TemplateId | None = Field(
        default=None, description="One of `card_templates`; it decides the direction. Null: the plain layout."
    )
    photo_id: UUID | None = Field(default=None, description="A photo sent to `/v1/photos`, to set in.")

    @model_validator(mode="after")
    def _only_what_the_format_can(self) -> Self:
        if self.scenes is not None and self.format not in (CardFormat.MP4, CardFormat.HTML):
            raise ValueError("scenes should only be given with the format mp4 or html")
        if self.music and self.format is not CardFormat.HTML:
            raise ValueError("music should only be asked for with the format html")
        return self


class LyricsSpec(SpecBase):
    """Words for a song, by section, in a rhyme scheme that is checked."""

    kind: Literal[Kind.LYRICS] = Field(default=Kind.LYRICS, exclude=True)
    theme: Theme
    mood: Mood = Mood.TENDER
    language: Language = Language.ZH
    sections: Annotated[Sequence[Section], Field(min_length=1, max_length=8)] = (
        Section.VERSE,
        Section.CHORUS,
        Section.VERSE,
        Section.CHORUS,
    )
    rhyme: RhymeScheme = Field(
        default="AABA", description="One letter a line of a section; equal letters rhyme, X is free."
    )
    words: Annotated[Sequence[Name], Field(max_length=5)] = Field(
        default=(), description="Names or words to weave in."
    )


class ImageSpec(SpecBase):
    """Text to image."""

    kind: Literal[Kind.IMAGE] = Field(default=Kind.IMAGE, exclude=True)
    prompt: Prompt
    width_px: Annotated[int, Field(ge=256, le=2048, multiple_of=8)] = 1024
    height_px: Annotated[int, Field(ge=256, le=2048, multiple_of=8)] = 1024
    style: Style | None = Field(default=None, description="Null lets the prompt decide.")
    format: PictureFormat = PictureFormat.PNG

    @model_validator(mode="after")
    def _bounded_area(self) -> Self:
        if self.width_px * self.height_px > 2048 * 1536:
            raise ValueError("width_px x height_px should be at most 3,145,728")
        return self


Spec = CardSpec | LyricsSpec | ImageSpec
SPECS: Final[dict[Kind, type[Spec]]] = {
    Kind.CARD: CardSpec,
    Kind.LYRICS: LyricsSpec,
    Kind.IMAGE: ImageSpec,
}
