"""The `openai` backend for lyrics: a server that speaks chat completions, its songs checked and repaired."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from generators.backends.language.finishing import Showing, finish_song, lyrics_spec, not_lyrics
from generators.backends.language.remote.asking import Asker
from generators.backends.language.remote.chat import Answer, ChatClient
from generators.backends.language.remote.errors import MalformedAnswerError, RefusedError, UnwantedError
from generators.backends.language.remote.song import SongConversation
from generators.backends.language.settings import OpenAiSettings
from generators.backends.studio.lyrics.weave import written_once
from generators.contracts import (
    BackendUnavailableError,
    Brief,
    Failure,
    FailureReason,
    Identity,
    Progress,
    Result,
)
from generators.specs import Kind, LyricsSpec, Spec


class OpenAiLyrics:
    """Implements contracts.Backend for Kind.LYRICS. The songs of a batch are asked for side by side."""

    kinds: frozenset[Kind] = frozenset({Kind.LYRICS})

    def __init__(self, settings: OpenAiSettings, asker: Asker | None = None) -> None:
        """asker: shared with who else asks the same server; None opens one of its own."""
        self._settings = settings
        self._asker = asker or Asker(ChatClient(settings), settings)
        self.identity = Identity("openai", settings.model, "unknown", is_model=True)
        self.max_batch = settings.max_concurrent

    def steps(self, spec: Spec) -> int:
        """One for asking and one a line that is written, a returning chorus not counted."""
        asked = lyrics_spec(spec)
        return 1 + len(written_once(asked.sections)) * len(asked.rhyme)

    def generate(self, briefs: Sequence[Brief], progress: Progress) -> list[Result]:
        """One song or Failure a brief, in order: CANCELLED, INTERNAL, or INVALID for what is refused.

        Raises: BackendUnavailableError when the server had none of the answers.
        """
        orderly = _OneAtATime(progress)
        with ThreadPoolExecutor(self._settings.max_concurrent) as pool:
            songs = [pool.submit(self._one, index, brief, orderly) for index, brief in enumerate(briefs)]
        results = [song.result() for song in songs]
        away = [result for result in results if isinstance(result, BackendUnavailableError)]
        if away and len(away) == len(results):
            raise away[0]
        return [
            Failure(FailureReason.INTERNAL, str(result))
            if isinstance(result, BackendUnavailableError)
            else result
            for result in results
        ]

    def close(self) -> None:
        """Give the connections back."""
        self._asker.close()

    def _one(self, index: int, brief: Brief, progress: Progress) -> Result | BackendUnavailableError:
        spec = brief.spec
        if not isinstance(spec, LyricsSpec):
            return not_lyrics(spec)
        steps = self.steps(spec)

        def on_step(step: int) -> bool:
            return progress.step(index, step, steps)

        showing = Showing(index, spec, progress)
        try:
            return self._write(brief, SongConversation(spec, on_step, showing))
        except UnwantedError:
            return Failure(FailureReason.CANCELLED, "stopped while the server wrote")
        except RefusedError as error:
            return Failure(FailureReason.INVALID, str(error))
        except MalformedAnswerError as error:
            return Failure(FailureReason.INTERNAL, f"no readable answer: {error}")
        except BackendUnavailableError as error:
            return error

    def _write(self, brief: Brief, song: SongConversation) -> Result:
        """Ask, and ask again for what does not rhyme, until it does or the repairs are spent."""
        for repair in range(self._settings.repairs + 1):
            answer = self._asker.ask(song, brief.seed + repair)
            song.end(is_whole=answer.is_whole)
            if not song.missing:
                break
        sections = song.finish()
        if sections is None:
            return Failure(FailureReason.INTERNAL, f"the server left out sections {song.missing}")
        usage = song.usage.to_json(self._settings.price)
        return finish_song(brief, song.title, sections, self._made_by(answer), usage)

    def _made_by(self, answer: Answer) -> Identity:
        """What the server says of itself, as far as it does."""
        return Identity(
            "openai", answer.model or self._settings.model, answer.fingerprint or "unknown", is_model=True
        )


class _OneAtATime:
    """A progress for several threads: the caller's is only ever called by one."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lock = threading.Lock()

    def step(self, index: int, step: int, steps: int) -> bool:
        with self._lock:
            return self._progress.step(index, step, steps)

    def section(self, index: int, text: str) -> None:
        with self._lock:
            self._progress.section(index, text)
