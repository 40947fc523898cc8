"""Answers the model writes as it likes; what they are worth is found out afterwards."""

from collections.abc import Callable, Sequence

from generators.backends.language.decoding.script import Tokens
from generators.backends.language.decoding.tongue import Tongue
from generators.backends.language.reading import SongReader
from generators.specs import LyricsSpec


class FreeScript:
    """Implements Script without holding anything.

    most_tokens: the answer is taken as it is then.
    on_line: called with the answer so far at the end of each of its lines; False stops it.
    """

    def __init__(self, tongue: Tongue, most_tokens: int, on_line: Callable[[str], bool]) -> None:
        self.is_done = False
        self.is_cancelled = False
        self._tongue, self._most, self._on_line = tongue, most_tokens, on_line
        self._tokens: list[int] = []

    @property
    def text(self) -> str:
        return self._tongue.read(self._tokens)

    def next_tokens(self) -> Tokens:
        return self._tongue.writable

    def feed(self, token: int) -> None:
        is_end = token in self._tongue.ends
        if not is_end:
            self._tokens.append(token)
        self.is_done = is_end or len(self._tokens) >= self._most
        is_line = self.is_done or "\n" in self._tongue.vocabulary.get(token, "")
        if is_line and not self._on_line(self.text):
            self.is_cancelled = self.is_done = True


class FreeSong(FreeScript):
    """A song without constraints: the sections that have at least the lines asked for are taken.

    on_step, on_section: as for SongScript.
    """

    def __init__(
        self,
        spec: LyricsSpec,
        tongue: Tongue,
        most_tokens: int,
        on_step: Callable[[int], bool],
        on_section: Callable[[int, Sequence[str]], None],
    ) -> None:
        super().__init__(tongue, most_tokens, self._read)
        self.sections: dict[int, list[str]] = {}
        self._spec, self._on_step, self._on_section = spec, on_step, on_section
        self._reader = SongReader(spec)
        self._seen = 0  # characters of the answer

    @property
    def title(self) -> str:
        return self._reader.title

    def _read(self, answer: str) -> bool:
        self._reader.feed(answer[self._seen :])
        self._seen = len(answer)
        if self.is_done:
            self._reader.close(is_whole=True)
        for section, lines in self._reader.finished.items():
            if section not in self.sections and len(lines) >= len(self._spec.rhyme):
                self.sections[section] = lines[: len(self._spec.rhyme)]
                self._on_section(section, self.sections[section])
        return self._tell()

    def _tell(self) -> bool:
        """Report the lines of finished sections, and the title as one."""
        return self._on_step(1 + sum(map(len, self.sections.values())))
