"""One song in the making with a server: sections are kept as they prove right, the others asked for again."""

from collections.abc import Callable, Sequence

from generators.backends.language.finishing import Showing
from generators.backends.language.prompts import LINE, ask_again, ask_for_song, section_names
from generators.backends.language.reading import SongReader
from generators.backends.language.remote.chat import Message
from generators.backends.language.remote.errors import UnwantedError
from generators.backends.language.remote.usage import Usage
from generators.backends.language.weaving import is_woven
from generators.backends.studio.lyrics.rhyme import check_scheme
from generators.backends.studio.lyrics.syllables import count_syllables
from generators.backends.studio.lyrics.weave import written_once
from generators.specs import LyricsSpec

_SLACK_SYLLABLES = 3  # a line may be longer or shorter than asked for by so many


class SongConversation:
    """Implements Conversation.

    accepted: sections that rhyme as asked; they do not change any more. The last one also has to bring
        those of the asker's words that no other has.
    on_step: called with the lines that are accepted or being written, and one; False stops the song.
    """

    def __init__(self, spec: LyricsSpec, on_step: Callable[[int], bool], showing: Showing) -> None:
        self.usage = Usage()
        self.title = ""
        self.accepted: dict[int, list[str]] = {}
        self._tries: dict[int, list[str]] = {}  # the best of each section that does not rhyme yet
        self._spec, self._on_step, self._showing = spec, on_step, showing
        self._asked = ask_for_song(spec)
        self._reader = SongReader(spec)
        self._judged: set[int] = set()  # sections of this answer
        self._step = 1
        self._is_wanted = True

    @property
    def missing(self) -> list[int]:
        return [i for i in written_once(self._spec.sections) if i not in self.accepted]

    def messages(self) -> Sequence[Message]:
        first = [
            {"role": "system", "content": self._asked.system},
            {"role": "user", "content": self._asked.user},
        ]
        written = self.accepted | self._tries
        if not written:
            return first
        return [
            *first,
            {"role": "assistant", "content": self._so_far(written)},
            {"role": "user", "content": ask_again(self._spec, self.missing)},
        ]

    def begin(self) -> None:
        self._reader = SongReader(self._spec, self.missing)
        self._judged = set()

    def take(self, piece: str) -> None:
        self._reader.feed(piece)
        self._judge()

    def end(self, *, is_whole: bool) -> None:
        """The answer is over: what stands in it counts."""
        self._reader.close(is_whole=is_whole)
        self._judge()

    def is_wanted(self) -> bool:
        lines = len(self._spec.rhyme)
        in_hand = min(self._reader.lines_in_hand, lines - 1) if self.missing else 0
        self._step = max(self._step, 1 + lines * len(self.accepted) + in_hand)
        self._is_wanted = self._is_wanted and self._on_step(self._step)
        return self._is_wanted

    def finish(self) -> dict[int, list[str]] | None:
        """All sections, those that never rhymed as well as they did; None when one was never written.

        Raises: UnwantedError.
        """
        if set(self.missing) - self._tries.keys():
            return None
        for section in self.missing:
            self.accepted[section] = self._tries[section]
            self._showing.add(section, self._tries[section])
        if not self.is_wanted():
            raise UnwantedError
        return self.accepted

    def _judge(self) -> None:
        """Accept what the reader finished and the verifier approves; keep the best of the rest."""
        if self._reader.title and not self.title:
            self.title = self._reader.title
        for section in sorted(self._reader.finished.keys() - self._judged):
            self._judged.add(section)
            lines = self._reader.finished[section]
            if not self._is_section(lines):
                continue
            if self._score(lines) == len(lines) and self._has_words(lines):
                self.accepted[section] = lines
                self._tries.pop(section, None)
                self._showing.add(section, lines)
            elif section not in self._tries or self._score(lines) > self._score(self._tries[section]):
                self._tries[section] = lines

    def _has_words(self, lines: Sequence[str]) -> bool:
        """Whether the asker's words are in the song, once these lines are all that was missing."""
        written = "\n".join((self.title, *lines, *(line for kept in self.accepted.values() for line in kept)))
        return len(self.missing) > 1 or is_woven(written, self._spec.words)

    def _score(self, lines: Sequence[str]) -> int:
        """How many lines keep the scheme."""
        rows = check_scheme(lines, self._spec.rhyme, self._spec.language)["lines"]
        assert isinstance(rows, list)  # noqa: S101 - the report is plain data
        return sum(bool(row["ok"]) for row in rows)

    def _is_section(self, lines: Sequence[str]) -> bool:
        """Whether this is as many lines as were asked for, singable, and no section told again."""
        return (
            len(lines) == len(self._spec.rhyme)
            and all(map(self._is_line, lines))
            and lines not in self.accepted.values()
        )

    def _is_line(self, line: str) -> bool:
        shortest, longest = LINE[self._spec.language]
        return shortest - _SLACK_SYLLABLES <= count_syllables(line) <= longest + 2 * _SLACK_SYLLABLES

    def _so_far(self, written: dict[int, list[str]]) -> str:
        blocks = ["\n".join((section_names(self._spec, [i])[0], *written[i])) for i in sorted(written)]
        return "\n\n".join(filter(None, (self.title, *blocks)))
