"""What a template is tried with: the shortest and longest words, odd names, every title, code and photo."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from generators.backends.studio.card.templates.entry import Template
from generators.backends.studio.card.templates.sample import sample_photo
from generators.contracts import Brief
from generators.specs import CardSpec, Language, Occasion, Style

LABELS: Final = {Language.ZH: "算法生成", Language.EN: "Algorithm-generated"}
LONGEST_URL: Final = "https://example.com/" + "a1B2" * 70
TITLE_SEEDS: Final = 4  # enough to draw each of an occasion's titles
USUAL_NAMES: Final = {Language.ZH: ("林晚晴", "知夏"), Language.EN: ("Grace", "Thomas Lin")}
ODD_NAMES: Final = {
    "one character": ("晴", "I"),
    "20 characters": ("欧阳诸葛慕容上官司马令狐独孤南宫东方轩辕", "WWWWWWWWWW MMMMMMMMM"),
    "emoji only": ("🎉🌸👨‍👩‍👧‍👦🏮🐉🎂🥮🌕💐🎓🏠💼🎁🍀⭐🔥🎈🧧🎊🌈", "🎉"),
    "right to left": ("محمد عبد الله الرحمن", "שלום עליכם"),
}
_SENTENCES: Final = {
    Language.ZH: "愿你此去有清风相伴，归来有明月相迎；灯火可亲，山河无恙，所念之人都在身旁。",
    Language.EN: "May the road be kind to you, the evenings long and warm, and all whom you miss be near. ",
}
SHORTEST: Final = {Language.ZH: "安", Language.EN: "X"}
LONGEST_CHARS: Final = 200


@dataclass(frozen=True, slots=True)
class Trial:
    """One card to try, and what is odd about it."""

    name: str
    brief: Brief

    @property
    def spec(self) -> CardSpec:
        spec = self.brief.spec
        if not isinstance(spec, CardSpec):
            raise TypeError("a trial is of a card")
        return spec


def odd_trials(template: Template) -> Iterator[Trial]:
    """Names and messages at their shortest, longest and strangest, with and without code and photo."""
    for language in sorted(template.languages):
        extremes = itertools.product(_names(language), _messages(language), _extras(template))
        for (odd, name), (long, message), (extra, url, has_photo) in extremes:
            told = f"{language.value}, {odd}, {long}{extra}"
            yield _trial(
                template,
                told,
                language,
                has_photo=has_photo,
                recipient=name,
                sender=name,
                message=message,
                qr_url=url,
            )


def title_trials(template: Template) -> Iterator[Trial]:
    """Every title of every occasion."""
    for language in sorted(template.languages):
        for occasion, seed in itertools.product(_ordered(template), range(TITLE_SEEDS)):
            told = f"{language.value}, {occasion.value}, title {seed}"
            yield _trial(
                template, told, language, has_photo=template.needs_photo, seed=seed, occasion=occasion
            )


def style_trials(template: Template) -> Iterator[Trial]:
    """Every style the template allows, by day, by night and in grief, as far as its occasions go."""
    wanted = (Occasion.MID_AUTUMN, Occasion.BIRTHDAY, Occasion.CONDOLENCE)
    occasions = [one for one in wanted if one in template.occasions] or _ordered(template)[:1]
    for language in sorted(template.languages):
        for style, occasion in itertools.product(sorted(template.styles), occasions):
            has_photo = template.needs_photo or (template.takes_photo and style in (Style.INK, Style.SILK))
            told = f"{language.value}, {style.value}, {occasion.value}"
            yield _trial(template, told, language, has_photo=has_photo, style=style, occasion=occasion)


def _trial(
    template: Template, name: str, language: Language, *, has_photo: bool, seed: int = 7, **changes: object
) -> Trial:
    recipient, sender = USUAL_NAMES[language]
    usual = {
        "occasion": _ordered(template)[0],
        "style": sorted(template.styles)[0],
        "recipient": recipient,
        "sender": sender,
        "language": language,
        "template": template.id,
    }
    spec = CardSpec.model_validate(usual | changes)
    return Trial(name, Brief(spec, seed, LABELS[language], photo=sample_photo() if has_photo else None))


def _names(language: Language) -> Iterator[tuple[str, str]]:
    for odd, (first, second) in ODD_NAMES.items():
        chosen = first if language is Language.ZH or odd in ("emoji only", "right to left") else second
        yield odd, chosen


def _messages(language: Language) -> Iterator[tuple[str, str]]:
    sentence = _SENTENCES[language]
    whole = sentence * (LONGEST_CHARS // len(sentence) + 1)
    yield "shortest message", SHORTEST[language]
    yield "longest message", whole[:LONGEST_CHARS].strip()


def _extras(template: Template) -> Iterator[tuple[str, str | None, bool]]:
    if not template.needs_photo:
        yield "", None, False
    if template.takes_photo:
        yield ", photo", None, True
    yield ", code", LONGEST_URL, template.needs_photo


def _ordered(template: Template) -> list[Occasion]:
    return [occasion for occasion in Occasion if occasion in template.occasions]
