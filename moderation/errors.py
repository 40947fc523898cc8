"""What screening can answer."""

from collections.abc import Mapping
from pathlib import Path

from core.errors import DomainError, ErrorKind
from moderation.categories import Category


class PromptRejectedError(DomainError):
    """The prompt may not be worked on. Says which category, never which words."""

    code = "prompt_rejected"
    kind = ErrorKind.FORBIDDEN

    def __init__(self, *, category: Category) -> None:
        super().__init__(f"The prompt was refused: {category.value}.")
        self.category = category

    def facts(self) -> Mapping[str, object]:
        return {"category": self.category.value}


class LexiconError(Exception):
    """A term file cannot be read as one; names the file and line for the operator, never the term."""

    def __init__(self, path: Path | str, line_number: int, reason: str) -> None:
        super().__init__(f"{path}:{line_number}: {reason}")
