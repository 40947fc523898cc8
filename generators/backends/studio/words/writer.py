"""The original bank of greetings, as a writer beside those that run a model."""

from collections.abc import Sequence
from typing import Final

from generators.backends.studio.words.greetings import write_greeting
from generators.contracts import Failure, Identity
from generators.specs import CardSpec

REVISION: Final = "1"  # raised when the same seed would give other words


class BankWriter:
    """Implements contracts.WordsWriter; always there."""

    identity = Identity("studio", "greetings", REVISION, is_model=False)

    def write(self, specs: Sequence[CardSpec], seeds: Sequence[int]) -> list[str | Failure]:
        """One greeting per spec, the same for the same seed."""
        return [
            write_greeting(
                spec.occasion, spec.language, recipient=spec.recipient, sender=spec.sender, seed=seed
            )
            for spec, seed in zip(specs, seeds, strict=True)
        ]
