"""The words of the pages, in both languages, from `texts/*.toml`."""

import tomllib
from pathlib import Path
from typing import Final

from service.http.problems import TITLES

Texts = dict[str, dict[str, str]]
_FOLDER: Final = Path(__file__).with_name("texts")


def _load(name: str) -> Texts:
    loaded: Texts = tomllib.loads((_FOLDER / f"{name}.toml").read_text("utf-8"))
    return loaded


PAGE: Final = {
    **_load("page"),
    **_load("purchases"),
    **_load("memberships"),
    **_load("unlock"),
    **_load("verify"),
    **_load("certify"),
    **_load("console"),
}
# What scripts say, sent along with the page.
SCRIPT: Final = {
    **_load("script"),
    **_load("purchases_script"),
    **_load("memberships_script"),
    **_load("unlock_script"),
    **_load("verify_script"),
    **_load("certify_script"),
}
CONSOLE_SCRIPT: Final = _load("console_script")  # what the console's scripts say besides
ADVICE: Final = _load("advice")  # what to do about a refusal, by its code
GENERAL_ADVICE: Final = ADVICE["internal_error"]
# Jobs end with problems of their own, which no request is answered with.
PROBLEM_TITLES: Final = {**TITLES, **_load("endings")}


def in_language(texts: Texts, language: str) -> dict[str, str]:
    """Every text of a group in one language."""
    return {key: words[language] for key, words in texts.items()}
