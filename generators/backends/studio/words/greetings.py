"""Card words from an original bank: an opening, a middle and a closing that always go together."""

import functools
import itertools
import random
import tomllib
from collections.abc import Iterable, Sequence
from importlib import resources
from typing import Final

import regex

from generators.specs import Language, Occasion

Parts = tuple[str, str, str]  # opening, middle, closing

LENGTHS: Final = {Language.ZH: (20, 90), Language.EN: (60, 200)}  # characters, both ends included
NAMED_SHARE: Final = 0.25  # of the cards whose names allow it; the card shows To and From anyway
_GLUE: Final = {Language.ZH: "", Language.EN: " "}

_ELDERS: Final = regex.compile(
    r"(老师|先生|女士|教授|医生|护士长|师傅|师父|经理|总|校长|主任|院长|领导|爷爷|奶奶|外公|外婆|姥姥|姥爷"
    r"|叔叔|伯伯|伯父|伯母|阿姨|大爷|大妈|前辈|长辈)$"
)
_COMPANY: Final = regex.compile(
    r"(公司|集团|工作室|事务所|银行|学院|大学|医院|团队|商会|协会|\b(Inc|Ltd|LLC|GmbH|Group|Studio|Company|Co)\.?)$"
)
# Two to four Han characters, or one to three capitalised Latin words: what reads well after a comma.
_NAME: Final = {
    Language.ZH: regex.compile(r"\p{Han}{2,4}|\p{Lu}[\p{Ll}]{1,9}"),
    Language.EN: regex.compile(r"\p{Lu}[\p{Latin}'’-]{1,13}( \p{Lu}[\p{Latin}'’.-]{0,13}){0,2}|\p{Han}{2,4}"),
}
# Words too common to count as an image used twice.
_COMMON: Final = frozenset(
    regex.findall(
        r"\w+",
        """
        一个 一天 一点 一样 一份 一声 每个 每一 自己 我们 你们 他们 今天 日子 什么 那些 这份 可以 都有
        都会 愿你 愿您 有人 没有 慢慢 好好 愿这 可爱
        may your with that this there have from will what when more some they them every always into
        """,
    )
)


def write_greeting(occasion: Occasion, language: Language, *, recipient: str, sender: str, seed: int) -> str:
    """Words for one card, the same for the same arguments.

    A name is used in about a quarter of the cards, and only a name that reads well there.

    Returns: 20-90 Chinese or 60-200 English characters.
    """
    # A string seed hashes the same in every process, unlike a tuple with a string in it.
    dice = random.Random(f"{occasion}/{language}/{seed}")
    bank = _bank(language)[occasion]
    opening, middle, closing = dice.choice(combinations(occasion, language))
    closings = [*_named(bank, language, recipient, sender), *_company(bank, sender, recipient)]
    if closings and dice.random() < NAMED_SHARE:
        closing = dice.choice(closings)
    text = _GLUE[language].join((opening, middle, closing))
    you = "您" if _ELDERS.search(recipient) or occasion is Occasion.CONDOLENCE else "你"
    return text.format(you=you, recipient=recipient, sender=sender)


@functools.cache
def combinations(occasion: Occasion, language: Language) -> Sequence[Parts]:
    """Every nameless greeting of an occasion: of a fitting length, and no image told twice."""
    bank = _bank(language)[occasion]
    shortest, longest = LENGTHS[language]
    together = itertools.product(bank["opening"], bank["middle"], bank["closing"])
    glue = _GLUE[language]
    return [
        parts
        for parts in together
        if shortest <= len(_plain(glue.join(parts))) <= longest and not _repeats(parts, language)
    ]


def _named(bank: dict[str, list[str]], language: Language, recipient: str, sender: str) -> Iterable[str]:
    """Closings that call the recipient by name; none for a name that would read awkwardly."""
    if recipient == sender or not _NAME[language].fullmatch(recipient):
        return ()
    return bank["named"]


def _company(bank: dict[str, list[str]], sender: str, recipient: str) -> Iterable[str]:
    """Closings in the name of a sender that is plainly an organisation of a printable length."""
    if sender == recipient or len(sender) > 20 or not _COMPANY.search(sender):
        return ()
    return bank.get("company", ())


def _repeats(parts: Parts, language: Language) -> bool:
    seen: set[str] = set()
    for part in parts:
        images = set(_images(_plain(part), language)) - _COMMON
        if images & seen:
            return True
        seen |= images
    return False


def _images(part: str, language: Language) -> Iterable[str]:
    """What a reader would notice twice: pairs of Han characters, or English words of four letters."""
    if language is Language.EN:
        return (found[0] for found in regex.finditer(r"[a-z]{4,}", part.lower()))
    return (found[0] for found in regex.finditer(r"\p{Han}{2}", part, overlapped=True))


def _plain(text: str) -> str:
    return text.replace("{you}", "你")


@functools.cache
def _bank(language: Language) -> dict[str, dict[str, list[str]]]:
    path = resources.files("generators.backends.studio.words") / f"greetings_{language}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))
