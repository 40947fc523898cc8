"""Names of what can be chosen, and what buyers agree to, in both languages, for the API and the pages."""

import tomllib
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent

CHOICES: Final[dict[str, dict[str, dict[str, str]]]] = tomllib.loads(
    (FOLDER / "choices.toml").read_text("utf-8")
)
# By version, oldest first.
CONSENTS: Final[dict[str, dict[str, str]]] = tomllib.loads((FOLDER / "consents.toml").read_text("utf-8"))
CONSENT_VERSION: Final = list(CONSENTS)[-1]
