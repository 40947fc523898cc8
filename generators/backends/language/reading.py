"""Reads a song out of whatever a model answered, as it comes in, and tells its sections apart."""

from collections.abc import Sequence
from typing import Final

import regex

from generators.backends.studio.lyrics.weave import written_once
from generators.specs import LyricsSpec, Section

MAX_ANSWER_CHARS: Final = 65_536
_MAX_LINE_CHARS: Final = 120  # a longer line is talk, not a line
_KINDS: Final = {
    "主歌": Section.VERSE, "verse": Section.VERSE, "副歌": Section.CHORUS, "chorus": Section.CHORUS,
    "桥段": Section.BRIDGE, "桥": Section.BRIDGE, "bridge": Section.BRIDGE,
}  # fmt: skip
_HEADING: Final = regex.compile(
    r"[\s\[【(（#*_]*(?P<kind>主歌|副歌|桥段|桥|verse|chorus|bridge)[\s:：]*(?P<number>[一二三四五六七八1-8])?"
    r"[\s\]】)）:：*_]*",
    flags=regex.IGNORECASE,
)
_NUMERALS: Final = "一二三四五六七八"
_UNPRINTABLE: Final = regex.compile(
    r"[\p{C}\p{Zl}\p{Zp}--[\u200d]]", flags=regex.VERSION1
)  # but what joins emoji
_MARKS: Final = regex.compile(r"^[\s>*#_\-•]+|[\s*_]+$")
_TALK: Final = regex.compile(
    r"[:：]$|^(?:好的|当然|没问题|sure|of course|certainly|here(?: is|'s))\b", regex.IGNORECASE
)
_LABELS: Final = regex.compile(r"^(?:歌名|标题|题目|title)\s*[:：]\s*", flags=regex.IGNORECASE)
_WRAPPED: Final = regex.compile(r"^[\"“「『《](?P<inside>.*)[\"”」』》]$")
_ENDS: Final = regex.compile(r"[，。、；：,.;:]+$")
_THOUGHT: Final = ("<think>", "</think>")


class SongReader:
    """Takes an answer piece by piece; what a section holds is settled when the next one begins.

    wanted: the sections expected, by index in the spec. Anything else in the answer is passed over.
    """

    def __init__(self, spec: LyricsSpec, wanted: Sequence[int] | None = None) -> None:
        self.title = ""
        self.finished: dict[int, list[str]] = {}
        self._spec = spec
        self._wanted = list(written_once(spec.sections) if wanted is None else wanted)
        self._rest = ""  # of the line in hand
        self._seen = 0
        self._is_thinking: bool | None = None  # None until the answer's first characters tell
        self._section: int | None = None
        self._lines: list[str] = []

    @property
    def lines_in_hand(self) -> int:
        """Of the section that is being written."""
        return len(self._lines)

    def feed(self, piece: str) -> None:
        """Take the next characters of the answer; those beyond MAX_ANSWER_CHARS are not looked at."""
        piece = piece[: max(0, MAX_ANSWER_CHARS - self._seen)]
        self._seen += len(piece)
        self._rest += piece
        if not self._is_past_thought():
            return
        *lines, self._rest = self._rest.split("\n")
        for line in lines:
            self._take(line)

    def close(self, *, is_whole: bool) -> None:
        """The answer ended; when it was cut off, its last line and section do not count."""
        if is_whole and self._is_thinking is False:
            self._take(self._rest)
            self._finish_section()

    def _is_past_thought(self) -> bool:
        """Whether what is in hand is an answer: a thought aloud before it is dropped."""
        begin, end = _THOUGHT
        if self._is_thinking is None:
            text = self._rest.lstrip()
            if len(text) < len(begin) and begin.startswith(text):
                return False
            self._is_thinking = text.startswith(begin)
        if self._is_thinking:
            _, found, after = self._rest.partition(end)
            self._is_thinking = not found
            self._rest = after if found else self._rest[-len(end) :]
        return not self._is_thinking

    def _take(self, raw: str) -> None:
        raw = _UNPRINTABLE.sub("", raw)
        if heading := _HEADING.fullmatch(raw):
            self._finish_section()
            self._section = self._named(_KINDS[heading["kind"].lower()], heading["number"])
            return
        line = _MARKS.sub("", raw)
        if not line or len(line) > _MAX_LINE_CHARS or set(line) <= set("`-=—"):
            return
        if self._section is not None:
            self._lines.append(_ENDS.sub("", line))
        elif not self.title and not self.finished and not _TALK.search(line):
            self.title = read_title(line)

    def _named(self, kind: Section, number: str | None) -> int | None:
        """The section of that heading; None when it is not wanted, or was read before."""
        if number and kind is not Section.CHORUS:
            nth = (_NUMERALS.find(number) + 1 or int(number)) - 1
            same = [i for i, section in enumerate(self._spec.sections) if section is kind]
            named = same[nth : nth + 1]
        else:
            named = [i for i in self._wanted if self._spec.sections[i] is kind]
        return next((i for i in named if i in self._wanted and i not in self.finished), None)

    def _finish_section(self) -> None:
        if self._section is not None:
            self.finished[self._section] = self._lines
        self._section, self._lines = None, []


def read_title(line: str) -> str:
    """A title without what models put around one."""
    bare = _LABELS.sub("", _MARKS.sub("", line)).strip()
    if wrapped := _WRAPPED.match(bare):
        bare = wrapped["inside"].strip()
    return _ENDS.sub("", bare)[:60]
