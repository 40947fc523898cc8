"""The operator's own check of what a model made, named in the settings as "module:function"."""

import importlib
from collections.abc import Sequence
from typing import Protocol, cast

from generators.contracts import BackendUnavailableError, Pixels


class SafetyChecker(Protocol):
    """Looks at finished pictures before anybody else does."""

    def __call__(self, pictures: Sequence[Pixels], prompts: Sequence[str]) -> Sequence[bool]:
        """One answer per picture, in order: True refuses it. An error refuses all of them."""
        ...


def load_checker(hook: str) -> SafetyChecker:
    """Raises: BackendUnavailableError: a model must not run without the check it was configured with."""
    module, _, name = hook.partition(":")
    try:
        checker = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise BackendUnavailableError(f"the safety checker {hook!r} does not load: {error}") from error
    if not callable(checker):
        raise BackendUnavailableError(f"the safety checker {hook!r} is no function")
    return cast("SafetyChecker", checker)


def refusals(checker: SafetyChecker, pictures: Sequence[Pixels], prompts: Sequence[str]) -> list[bool]:
    """Raises: whatever the checker raises, and ValueError when it does not answer for every picture."""
    answers = [bool(answer) for answer in checker(pictures, prompts)]
    if len(answers) != len(pictures):
        raise ValueError(f"the safety checker gave {len(answers)} answers for {len(pictures)} pictures")
    return answers
