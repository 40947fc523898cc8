"""`GET /v1/templates`: what a client can offer to choose from, in the reader's language."""

from fastapi import APIRouter
from pydantic import Field

from generators.backends.studio.card.templates.entry import Template
from generators.backends.studio.card.templates.shelf import load_templates
from generators.specs import CardFormat, Direction, Kind, Mood, Occasion, PictureFormat, Section, Style
from service.dependencies import ByAddress, Language
from service.http.problems import documented
from service.http.schemas import Schema, example
from service.texts import CHOICES

router = APIRouter(prefix="/v1/templates", tags=["generation"])


class Choice(Schema):
    id: str
    name: str


class CardFormatChoice(Choice):
    moves: bool = Field(description="A film, an animated picture or a page that opens, not a still one.")


class CardTemplate(Schema):
    id: str = Field(description="For `spec.template` of a card.")
    name: str
    takes_photo: bool
    needs_photo: bool = Field(description="Whether `spec.photo_id` is required.")
    languages: list[str]
    occasions: list[str]
    styles: list[str]


class TemplatesRead(Schema):
    model_config = example(
        {
            "kinds": [{"id": "card", "name": "Card"}],
            "occasions": [{"id": "mid_autumn", "name": "Mid-Autumn"}],
            "styles": [{"id": "ink", "name": "Ink mountains"}],
            "directions": [{"id": "vertical", "name": "Vertical"}],
            "moods": [{"id": "tender", "name": "Tender"}],
            "sections": [{"id": "verse", "name": "Verse"}],
            "rhymes": ["AABA", "AABB", "ABAB", "AAAA", "XAXA"],
            "formats": ["png", "jpeg", "webp"],
            "card_formats": [{"id": "mp4", "name": "Film", "moves": True}],
            "card_templates": [
                {
                    "id": "postcard",
                    "name": "Postcard",
                    "takes_photo": True,
                    "needs_photo": False,
                    "languages": ["en", "zh"],
                    "occasions": ["birthday"],
                    "styles": ["ink"],
                }
            ],
        }
    )

    kinds: list[Choice]
    occasions: list[Choice]
    styles: list[Choice]
    directions: list[Choice]
    moods: list[Choice]
    sections: list[Choice]
    rhymes: list[str]
    formats: list[str]
    card_formats: list[CardFormatChoice]
    card_templates: list[CardTemplate]


@router.get("", dependencies=[ByAddress], responses=documented(429))
async def get_templates(language: Language) -> TemplatesRead:
    """Kinds, occasions, styles and the rest, with names to show."""

    def named(group: str, ids: type[Kind | Occasion | Style | Direction | Mood | Section]) -> list[Choice]:
        return [Choice(id=value, name=CHOICES[group][value][language]) for value in ids]

    return TemplatesRead(
        kinds=named("kinds", Kind),
        occasions=named("occasions", Occasion),
        styles=named("styles", Style),
        directions=named("directions", Direction),
        moods=named("moods", Mood),
        sections=named("sections", Section),
        rhymes=["AABA", "AABB", "ABAB", "AAAA", "XAXA"],
        formats=[value.value for value in PictureFormat],
        card_formats=[
            CardFormatChoice(
                id=value, name=CHOICES["card_formats"][value][language], moves=value.still is None
            )
            for value in CardFormat
        ],
        card_templates=[_card_template(template, language) for template in load_templates().values()],
    )


def _card_template(template: Template, language: str) -> CardTemplate:
    return CardTemplate(
        id=template.id,
        name=template.names.of(language),
        takes_photo=template.takes_photo,
        needs_photo=template.needs_photo,
        languages=sorted(template.languages),
        occasions=[value for value in Occasion if value in template.occasions],
        styles=[value for value in Style if value in template.styles],
    )
