"""The `transformers` backend for lyrics: a model in this process, held to the scheme while it writes."""

from collections.abc import Sequence

from generators.backends.language.decoding.decoder import Row
from generators.backends.language.decoding.free import FreeSong
from generators.backends.language.decoding.loading import open_language_model
from generators.backends.language.decoding.verse import SongScript
from generators.backends.language.finishing import Showing, finish_song, lyrics_spec, not_lyrics
from generators.backends.language.prompts import ask_for_song
from generators.backends.language.settings import TransformersSettings
from generators.backends.studio.lyrics.weave import written_once
from generators.contracts import Brief, Failure, FailureReason, Progress, Result
from generators.specs import Kind, LyricsSpec, Spec


class TransformersLyrics:
    """Implements contracts.Backend for Kind.LYRICS; deterministic by seed on one device.

    Raises: BackendUnavailableError when the model does not load.
    """

    kinds: frozenset[Kind] = frozenset({Kind.LYRICS})

    def __init__(self, settings: TransformersSettings) -> None:
        self.model = open_language_model(settings)
        self._is_constrained = settings.constrained
        self.identity = self.model.identity
        self.max_batch = settings.max_batch

    def steps(self, spec: Spec) -> int:
        """One for the title and one a line that is written, a returning chorus not counted."""
        asked = lyrics_spec(spec)
        return 1 + len(written_once(asked.sections)) * len(asked.rhyme)

    def generate(self, briefs: Sequence[Brief], progress: Progress) -> list[Result]:
        """One song or Failure a brief, in order: CANCELLED, INTERNAL, INVALID for a spec of another kind."""
        begun = {
            index: self._begin(index, brief, progress)
            for index, brief in enumerate(briefs)
            if isinstance(brief.spec, LyricsSpec)
        }
        self.model.run([row for _, row in begun.values()])
        return [
            self._finish(brief, *begun[index]) if index in begun else not_lyrics(brief.spec)
            for index, brief in enumerate(briefs)
        ]

    def _begin(self, index: int, brief: Brief, progress: Progress) -> tuple[SongScript | FreeSong, Row]:
        spec, model, steps = lyrics_spec(brief.spec), self.model, self.steps(brief.spec)
        asked = ask_for_song(spec)
        prompt = model.tongue.prompt(asked.system, asked.user)
        room = model.room(prompt)
        show = Showing(index, spec, progress).add

        def on_step(step: int) -> bool:
            return progress.step(index, step, steps)

        song: SongScript | FreeSong
        if self._is_constrained:
            writing = model.writing(spec.language).extended([spec.theme], spec.language)
            song = SongScript(spec, brief.seed, writing, on_step, show)
        else:
            song = FreeSong(spec, model.tongue, room, on_step, show)
        return song, model.row(prompt, song, brief.seed, room)

    def _finish(self, brief: Brief, song: SongScript | FreeSong, row: Row) -> Result:
        if row.problem:
            return Failure(FailureReason.INTERNAL, row.problem)
        if song.is_cancelled:
            return Failure(FailureReason.CANCELLED, f"stopped after {len(row.tokens)} tokens")
        spec = lyrics_spec(brief.spec)
        missing = [i for i in written_once(spec.sections) if i not in song.sections]
        if missing:
            return Failure(FailureReason.INTERNAL, f"the model left out sections {missing}")
        usage = {"input_tokens": len(row.prompt), "output_tokens": len(row.tokens)}
        return finish_song(brief, song.title, song.sections, self.identity, usage)
