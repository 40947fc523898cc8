"""Cut cleaned text into pieces that share one manner, each with the faces that will set it."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import regex

from generators.fonts.faces import Face
from generators.fonts.voices import Voice
from generators.typesetting.classes import Manner, manner_of

TOFU: Final = "〓"  # the geta mark: what Chinese printers set where a sort is missing
_CLUSTER: Final = regex.compile(r"\X")
_MARKED_LETTER: Final = regex.compile(r"LATIN (CAPITAL|SMALL) LETTER ([A-Z]) WITH .+")
_INNER_BREAK: Final = frozenset("-–—/")  # a word may be broken behind these
_WORDLIKE: Final = frozenset({Manner.WORD, Manner.RTL})
_SPACE_EM: Final = {" ": 0.25, "\u3000": 1.0}


@dataclass(frozen=True, slots=True)
class Cluster:
    """A grapheme cluster as it will be set, in a face that has it."""

    text: str
    face: Face


@dataclass(slots=True)
class Piece:
    """Consecutive clusters of one manner. The fields mean what they mean in `Atom`."""

    manner: Manner
    clusters: list[Cluster]
    space: float = 0.0
    newline: bool = False
    joined: bool = False

    @property
    def text(self) -> str:
        return "".join(cluster.text for cluster in self.clusters)


@dataclass(slots=True)
class Cutter:
    """Cuts one text; `replaced` collects the characters that no font has."""

    voice: Voice
    is_latin_text: bool
    replaced: list[str] = field(default_factory=list)

    def cut(self, text: str) -> list[Piece]:
        """Pieces in reading order. `text` is clean (see wording.clean)."""
        pieces: list[Piece] = []
        space, newline = 0.0, False
        for found in _CLUSTER.finditer(text):
            cluster = found[0]
            if cluster == "\n":
                newline = True
            elif cluster.isspace():
                space += _SPACE_EM.get(cluster, 0.25)
            else:
                piece = self._piece(cluster, space, newline)
                if not (pieces and _extends(pieces[-1], piece)):
                    pieces.append(piece)
                else:
                    pieces[-1].clusters.extend(piece.clusters)
                    pieces[-1].manner = _stronger(pieces[-1].manner, piece.manner)
                space, newline = 0.0, False
        return pieces

    def _piece(self, cluster: str, space: float, newline: bool) -> Piece:
        known, face = self._resolve(cluster)
        if face is self.voice.emoji:
            manner = Manner.EMOJI
        else:
            manner = manner_of(known, is_latin_text=self.is_latin_text)
        return Piece(manner, [Cluster(known, face)], space, newline)

    def _resolve(self, cluster: str) -> tuple[str, Face]:
        """What will be set for a cluster: itself, its bare letter, or the geta mark."""
        face = self.voice.face_for(cluster)
        if face is not None:
            return cluster, face
        self.replaced.append(cluster)
        for stand_in in (cluster[0], _bare_letter(cluster[0]), TOFU):
            face = self.voice.face_for(stand_in)
            if face is not None:
                return stand_in, face
        raise RuntimeError("no font at all has the geta mark: the wheel justmytype-intl-cjk is broken")


def _bare_letter(char: str) -> str:
    """The letter without its marks, by its Unicode name: Ł is L, ę is e; other characters stay."""
    found = _MARKED_LETTER.fullmatch(unicodedata.name(char, ""))
    if found is None:
        return char
    return found[2] if found[1] == "CAPITAL" else found[2].lower()


def _extends(last: Piece, new: Piece) -> bool:
    if new.space or new.newline:
        return False
    if new.manner is Manner.DASH:
        return last.manner is Manner.DASH and last.text == new.text  # —— and ……, at most two
    return last.manner in _WORDLIKE and new.manner in _WORDLIKE


def _stronger(first: Manner, second: Manner) -> Manner:
    return Manner.RTL if Manner.RTL in (first, second) else first


def break_words(piece: Piece) -> Iterator[Piece]:
    """A word cut behind its hyphens, dashes and slashes; other pieces as they are."""
    if piece.manner is not Manner.WORD:
        yield piece
        return
    start, joined = 0, piece.joined
    for index, cluster in enumerate(piece.clusters[:-1], start=1):
        is_inside = index > 1  # not behind a leading dash
        if cluster.text in _INNER_BREAK and is_inside and piece.clusters[index].text not in _INNER_BREAK:
            yield _part(piece, start, index, joined=joined)
            start, joined = index, True
    yield _part(piece, start, len(piece.clusters), joined=joined)


def halve(piece: Piece) -> tuple[Piece, Piece]:
    """Two halves of a word that is longer than a line."""
    middle = len(piece.clusters) // 2
    return _part(piece, 0, middle, joined=piece.joined), _part(
        piece, middle, len(piece.clusters), joined=True
    )


def _part(piece: Piece, start: int, end: int, *, joined: bool) -> Piece:
    first = start == 0
    return Piece(
        piece.manner,
        piece.clusters[start:end],
        piece.space if first else 0.0,
        piece.newline and first,
        joined,
    )
