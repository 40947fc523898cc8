"""The `studio` backend for lyrics: composes songs from an original line bank; no model, no network."""

from collections.abc import Sequence
from typing import Final

from generators.backends.studio.lyrics.song import CancelledError, compose
from generators.contracts import Brief, Failure, FailureReason, Identity, Progress, Result, Song
from generators.specs import Kind, LyricsSpec, Spec

_REVISION: Final = "1"  # of the bank and of the writing: raise it when a seed gives another song


class StudioLyricsBackend:
    """Implements contracts.Backend for Kind.LYRICS; deterministic by seed, a few ms a song."""

    identity: Identity = Identity("studio", "line-bank", _REVISION, is_model=False)
    kinds: frozenset[Kind] = frozenset({Kind.LYRICS})
    max_batch: int = 16

    def steps(self, spec: Spec) -> int:
        """One for the plan and one a section.

        Raises: TypeError for a spec of another kind.
        """
        return 1 + len(_lyrics(spec).sections)

    def generate(self, briefs: Sequence[Brief], progress: Progress) -> list[Result]:
        """One song or Failure(CANCELLED) a brief, in order."""
        return [self._one(index, brief, progress) for index, brief in enumerate(briefs)]

    def _one(self, index: int, brief: Brief, progress: Progress) -> Result:
        spec = brief.spec
        if not isinstance(spec, LyricsSpec):
            return Failure(FailureReason.INVALID, f"not a lyrics spec: {type(spec).__name__}")
        steps = self.steps(spec)
        done = 0

        def on_step() -> bool:
            nonlocal done
            done += 1
            return progress.step(index, done, steps)

        try:
            made = compose(spec, brief.seed, on_step)
        except CancelledError:
            return Failure(FailureReason.CANCELLED, f"stopped after {done} of {steps} steps")
        return Song(made.to_text(brief.label), made.title, made.rhyme)


def _lyrics(spec: Spec) -> LyricsSpec:
    if not isinstance(spec, LyricsSpec):
        raise TypeError(f"not a lyrics spec: {type(spec).__name__}")
    return spec
