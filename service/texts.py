"""Names of what can be chosen, in both languages, for the API and the pages alike."""

import tomllib
from pathlib import Path
from typing import Final

CHOICES: Final[dict[str, dict[str, dict[str, str]]]] = tomllib.loads(
    Path(__file__).with_name("choices.toml").read_text("utf-8")
)
