"""Which font sets which character: a voice's own fonts first, then every other font there is."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import regex

from generators.fonts.catalogue import VoiceEntry, load_catalogue
from generators.fonts.faces import Face, open_face
from generators.fonts.store import default_folder, face_index, font_path, read_receipt

EMOJI: Final = regex.compile(r"\p{Emoji_Presentation}|\ufe0f|\p{Regional_Indicator}")
_PICTOGRAPH: Final = regex.compile(r"\p{Extended_Pictographic}")
_LATIN: Final = regex.compile(r"[\p{Latin}\p{Greek}\p{Cyrillic}\x21-\x7e]")
_HAN: Final = regex.compile(r"[\p{Han}]")
# Shape the cluster but need no glyph of their own.
_INVISIBLE: Final = regex.compile(r"[\ufe00-\ufe0f\u200c\u200d\U000e0020-\U000e007f]")
_REMEMBERED: Final = 8192


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """An ordered choice of faces. Shared by a process; `_chosen` only remembers answers."""

    han: tuple[Face, ...]
    latin: tuple[Face, ...]
    rest: tuple[Face, ...]
    emoji: Face | None
    latin_first: bool
    whole: bool
    _chosen: dict[str, Face | None] = field(default_factory=dict)

    def face_for(self, cluster: str) -> Face | None:
        """The first face that has the whole grapheme cluster; None when no font has it."""
        if cluster not in self._chosen:
            if len(self._chosen) >= _REMEMBERED:
                self._chosen.clear()
            self._chosen[cluster] = self._find(cluster)
        return self._chosen[cluster]

    def for_text(self, text: str) -> "Voice":
        """The voice to set `text` in; a `whole` voice skips fonts that miss one of its Han characters.

        One odd glyph in a brush title looks like a mistake; another hand throughout does not.
        """
        if not self.whole:
            return self
        needed = "".join(_HAN.findall(text))
        fitting = tuple(face for face in self.han if face.covers(needed))
        if fitting == self.han:
            return self
        return replace(self, han=fitting, _chosen={})

    def _find(self, cluster: str) -> Face | None:
        visible = _INVISIBLE.sub("", cluster)
        if self.emoji is not None and wants_colour(cluster) and self.emoji.covers(visible):
            return self.emoji
        return next((face for face in self._in_order(cluster) if face.covers(visible)), None)

    def _in_order(self, cluster: str) -> Iterator[Face]:
        if self.latin_first or _LATIN.match(cluster):
            yield from self.latin
            yield from self.han
        else:
            yield from self.han
            yield from self.latin
        yield from self.rest
        if self.emoji is not None:
            yield self.emoji


def wants_colour(cluster: str) -> bool:
    """Whether Unicode asks for the colour form of this cluster (❤️ yes, ❤ no)."""
    if "\ufe0e" in cluster:
        return False
    return EMOJI.search(cluster) is not None or ("\u200d" in cluster and bool(_PICTOGRAPH.match(cluster)))


@functools.lru_cache(maxsize=64)
def open_voice(name: str, folder: Path | None = None) -> Voice:
    """Open a voice of the catalogue with the fonts that are there; `folder` None: this installation's.

    Fonts fetched later are seen by new processes only. Raises: KeyError for an unknown name.
    """
    catalogue = load_catalogue()
    where = folder or default_folder()
    entry: VoiceEntry = catalogue.voices[name]
    own = {*entry.han, *entry.latin}
    return Voice(
        han=_open_all(where, entry.han),
        latin=_open_all(where, entry.latin),
        rest=_open_all(where, tuple(font for font in catalogue.fallback.fonts if font not in own)),
        emoji=next(iter(_open_all(where, (catalogue.fallback.emoji,))), None),
        latin_first=entry.latin_first,
        whole=entry.whole,
    )


def _open_all(folder: Path, ids: tuple[str, ...]) -> tuple[Face, ...]:
    return tuple(face for face in (_open(folder, font_id) for font_id in ids) if face is not None)


def _open(folder: Path, font_id: str) -> Face | None:
    catalogue = load_catalogue()
    for bundled in catalogue.bundled:
        if bundled.id == font_id:
            return open_face(font_id, bundled.path(), 0, bundled.weight)
    entry = next(font for font in catalogue.font if font.id == font_id)
    if read_receipt(folder, font_id) is None:
        return None
    return open_face(font_id, font_path(folder, font_id), face_index(folder, entry))
