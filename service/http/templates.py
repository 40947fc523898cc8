"""`GET /v1/templates`: what a client can offer to choose from, in the reader's language."""

from fastapi import APIRouter

from generators.specs import Direction, Kind, Mood, Occasion, PictureFormat, Section, Style
from service.dependencies import ByAddress, Language
from service.http.problems import documented
from service.http.schemas import Schema, example
from service.texts import CHOICES

router = APIRouter(prefix="/v1/templates", tags=["generation"])


class Choice(Schema):
    id: str
    name: str


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
    )
