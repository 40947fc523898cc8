"""The `transformers` writer of card words: a language model in this process, held to a card's length."""

from collections.abc import Sequence

from generators.backends.language.decoding.free import FreeScript
from generators.backends.language.decoding.loading import open_language_model
from generators.backends.language.decoding.prose import MessageScript
from generators.backends.language.messages import read_message
from generators.backends.language.prompts import ask_for_message
from generators.backends.language.settings import TransformersSettings
from generators.contracts import Failure, FailureReason
from generators.specs import CardSpec

_MOST_TOKENS = 400  # of a free answer: 200 characters in the costliest script


class TransformersWords:
    """Implements contracts.WordsWriter; deterministic by seed on one device.

    Raises: BackendUnavailableError when the model does not load.
    """

    def __init__(self, settings: TransformersSettings) -> None:
        self._model = open_language_model(settings)
        self._is_constrained = settings.constrained
        self._max_batch = settings.max_batch
        self.identity = self._model.identity

    def write(self, specs: Sequence[CardSpec], seeds: Sequence[int]) -> list[str | Failure]:
        """One message or Failure(INTERNAL) a spec, in order."""
        written: list[str | Failure] = []
        for start in range(0, len(specs), self._max_batch):
            part = slice(start, start + self._max_batch)
            written += self._write_batch(specs[part], seeds[part])
        return written

    def _write_batch(self, specs: Sequence[CardSpec], seeds: Sequence[int]) -> list[str | Failure]:
        model = self._model
        prompts = [model.tongue.prompt(asked.system, asked.user) for asked in map(ask_for_message, specs)]
        scripts = [self._script(spec) for spec in specs]
        rows = [
            model.row(prompt, script, seed, model.room(prompt))
            for prompt, script, seed in zip(prompts, scripts, seeds, strict=True)
        ]
        model.run(rows)
        return [
            Failure(FailureReason.INTERNAL, row.problem) if row.problem else _checked(script.text, spec)
            for row, script, spec in zip(rows, scripts, specs, strict=True)
        ]

    def _script(self, spec: CardSpec) -> MessageScript | FreeScript:
        if self._is_constrained:
            return MessageScript(spec.language, self._model.writing(spec.language))
        return FreeScript(self._model.tongue, _MOST_TOKENS, lambda text: True)


def _checked(answer: str, spec: CardSpec) -> str | Failure:
    return read_message(answer, spec) or Failure(FailureReason.INTERNAL, "the model wrote no message")
