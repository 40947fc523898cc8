"""What a page's scripts need to know; it is in the page for everybody to read."""

from billing.catalog import FREE
from service.pages import texts
from service.pages.forms import MAX_GRAPHEMES, kind_choices
from service.wiring import Services


def script_facts(services: Services, language: str) -> dict[str, object]:
    """The texts of scripts in one language, and a few numbers; nothing of a signed-in person."""
    return {
        "language": language,
        "texts": texts.in_language(texts.SCRIPT, language),
        "advice": texts.in_language(texts.ADVICE, language),
        "problems": texts.in_language(texts.PROBLEM_TITLES, language),
        "kinds": {kind.id: kind.name for kind in kind_choices(language)},
        "limits": MAX_GRAPHEMES,
        "photo_bytes": services.settings.limits.photo_bytes,
        "free_credits": services.catalog.tier(FREE).monthly_credits,
    }
