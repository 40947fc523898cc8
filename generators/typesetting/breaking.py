"""Where lines end: first fit to find a size, then the best set of breaks for that size."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from generators.typesetting.paragraph import Break, Paragraph

Lines = list[tuple[int, int]]  # start and end (exclusive) of each line, in atoms

_SLACK: Final = 1e-6
_LAST_SHARE: Final = 0.35  # how much a short last line matters beside another short line
_ENDS_SENTENCE: Final = frozenset("。！？；.!?;")
_ENDS_CLAUSE: Final = frozenset("，、：,:")
_CLOSERS: Final = frozenset("”’」』》）)")


@dataclass(frozen=True, slots=True)
class Taste:
    """Costs of a line, in units of a completely empty line.

    ragged: of blank at a line's end, squared. clause, inside: of ending a line behind a comma, or
    anywhere else. lonely: of a last line shorter than `lonely_em`. line: of every line.
    """

    ragged: float = 1.0
    clause: float = 0.0
    inside: float = 0.0
    lonely: float = 2.0
    lonely_em: float = 2.4
    line: float = 0.0


PROSE: Final = Taste()
VERSE: Final = Taste(ragged=0.4, clause=0.1, inside=0.35, lonely=3.0, line=0.02)


def first_fit(paragraph: Paragraph, measure: float) -> Lines | None:
    """Fill each line as far as it goes; None when some piece is longer than the measure."""
    lines: Lines = []
    start, last_break, count = 0, 0, len(paragraph.atoms)
    for index in range(1, count + 1):
        if index < count and paragraph.breaks[index] is Break.NEVER:
            continue
        if paragraph.width(start, index) > measure + _SLACK:
            if last_break == start or paragraph.width(last_break, index) > measure + _SLACK:
                return None
            lines.append((start, last_break))
            start = last_break
        last_break = index
        if index < count and paragraph.breaks[index] is Break.MUST:
            lines.append((start, index))
            start = index
    if count:
        lines.append((start, count))
    return lines


def best_fit(paragraph: Paragraph, measure: float, most_lines: int, taste: Taste) -> Lines | None:
    """The cheapest breaks in at most `most_lines` lines no longer than the measure.

    Total fit as by Knuth and Plass, for ragged lines: dynamic programming over the line ends. Should
    the cheapest take too many lines, first fit decides. Returns: None when even that does not fit.
    """
    count = len(paragraph.atoms)
    if not count:
        return []
    stops = [i for i in range(1, count) if paragraph.breaks[i] is not Break.NEVER] + [count]
    lines = _cheapest(paragraph, stops, measure, taste)
    if lines is None or len(lines) > most_lines:
        lines = first_fit(paragraph, measure)
    return lines if lines is not None and len(lines) <= most_lines else None


def _cheapest(paragraph: Paragraph, stops: Sequence[int], measure: float, taste: Taste) -> Lines | None:
    """Dynamic programming: for every possible line end the cheapest way to reach it.

    Written flat: this loop runs a few thousand times a card.
    """
    count, begins, closes = len(paragraph.atoms), paragraph.begins, paragraph.closes
    best: dict[int, tuple[float, int]] = {0: (0.0, 0)}  # cost of ending a line there, and its start
    starts = [0]
    for stop in stops:
        is_last = stop == count or paragraph.breaks[stop] is Break.MUST
        ragged, closing = taste.ragged * (_LAST_SHARE if is_last else 1.0), closes[stop - 1]
        cheapest: tuple[float, int] | None = None
        for start in reversed(starts):
            width = closing - begins[start]
            if width > measure + _SLACK:
                break
            blank = max(0.0, 1.0 - width / measure)
            cost = best[start][0] + ragged * blank * blank
            if is_last and width < taste.lonely_em:
                cost += taste.lonely
            if cheapest is None or cost < cheapest[0]:
                cheapest = (cost, start)
            if paragraph.breaks[start] is Break.MUST:
                break
        if cheapest is not None:
            best[stop] = (cheapest[0] + taste.line + _ending_cost(paragraph, stop, taste), cheapest[1])
            starts.append(stop)
    return _trace(best, count)


def _ending_cost(paragraph: Paragraph, stop: int, taste: Taste) -> float:
    if stop == len(paragraph.atoms) or paragraph.breaks[stop] is Break.MUST:
        return 0.0
    tail = paragraph.atoms[stop - 1].text[-1]
    if tail in _CLOSERS and stop > 1:
        tail = paragraph.atoms[stop - 2].text[-1]
    if tail in _ENDS_SENTENCE:
        return 0.0
    return taste.clause if tail in _ENDS_CLAUSE else taste.inside


def torn(paragraph: Paragraph, lines: Lines) -> int:
    """How many lines end inside a clause."""
    counting = Taste(clause=0.0, inside=1.0)
    return sum(_ending_cost(paragraph, end, counting) > 0 for _, end in lines)


def _trace(best: dict[int, tuple[float, int]], count: int) -> Lines | None:
    if count not in best:
        return None
    lines: Lines = []
    stop = count
    while stop:
        start = best[stop][1]
        lines.append((start, stop))
        stop = start
    return lines[::-1]
