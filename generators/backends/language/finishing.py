"""From a model's title and sections to a finished song, and to sections shown while it is being written."""

from collections.abc import Mapping, Sequence
from typing import Final

from generators.backends.studio.lyrics.plan import headings
from generators.backends.studio.lyrics.song import Composition, report_rhymes
from generators.backends.studio.lyrics.theme import singable_phrase
from generators.contracts import Brief, Failure, FailureReason, Identity, Progress, Song
from generators.specs import Language, LyricsSpec, Section, Spec

_UNTITLED: Final = {Language.ZH: "无题", Language.EN: "Untitled"}


def lyrics_spec(spec: Spec) -> LyricsSpec:
    """The spec, which is one of lyrics.

    Raises: TypeError for a spec of another kind.
    """
    if not isinstance(spec, LyricsSpec):
        raise TypeError(f"not a lyrics spec: {type(spec).__name__}")
    return spec


def not_lyrics(spec: Spec) -> Failure:
    """The answer to a spec of another kind."""
    return Failure(FailureReason.INVALID, f"not a lyrics spec: {type(spec).__name__}")


def source_of(section: int, sections: Sequence[Section]) -> int:
    """The section whose lines this one sings: a chorus that returns is the first one again."""
    return sections.index(Section.CHORUS) if sections[section] is Section.CHORUS else section


def finish_song(
    brief: Brief,
    title: str,
    written: Mapping[int, Sequence[str]],
    made_by: Identity,
    usage: Mapping[str, object],
) -> Song:
    """The song in the studio's format, with what the verifier hears in it.

    Args:
        written: the lines of each section that has its own, by index in the spec, one a scheme's letter.
    """
    spec = lyrics_spec(brief.spec)
    named = headings(spec.sections, spec.language)
    lines = [written[source_of(i, spec.sections)] for i in range(len(spec.sections))]
    title = title or singable_phrase(spec.theme) or _UNTITLED[spec.language]
    report = report_rhymes(spec, named, lines)
    text = Composition(title, named, lines, report).to_text(brief.label)
    return Song(text, title, report, made_by=made_by, usage=usage)


class Showing:
    """Shows the sections of one song in order, each once, as soon as all before it are shown."""

    def __init__(self, index: int, spec: LyricsSpec, progress: Progress) -> None:
        self._index, self._spec, self._progress = index, spec, progress
        self._named = headings(spec.sections, spec.language)
        self._ready: dict[int, Sequence[str]] = {}
        self._shown = 0

    def add(self, section: int, lines: Sequence[str]) -> None:
        """These lines will not change any more."""
        self._ready[section] = lines
        while self._shown < len(self._named):
            source = source_of(self._shown, self._spec.sections)
            if source not in self._ready:
                return
            self._progress.section(self._index, "\n".join((self._named[self._shown], *self._ready[source])))
            self._shown += 1
