"""Names of what can be chosen, and what buyers agree to, in both languages, for the API and the pages."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent

CHOICES: Final[dict[str, dict[str, dict[str, str]]]] = tomllib.loads(
    (FOLDER / "choices.toml").read_text("utf-8")
)
# By version, oldest first.
CONSENTS: Final[dict[str, dict[str, str]]] = tomllib.loads((FOLDER / "consents.toml").read_text("utf-8"))
CONSENT_VERSION: Final = list(CONSENTS)[-1]


def say_friends(words: Mapping[str, str], name: str, fresh: int, known: int) -> str:
    """How many friends it takes, if all are new or none is. name: of the text for many, and how the names of
    its forms begin.
    """
    form = "_mixed" if fresh != known else ""
    form += "_one" if fresh == 1 else ""
    return words[f"{name}{form}"].format(n=fresh, fresh=fresh, known=known)
