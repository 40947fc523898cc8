"""Fonts of just the characters that a page shows, under names of their own.

The Open Font License lets a subset be embedded, but not under a reserved font name: ours are called after the
page. Licence and copyright lines stay in the font.
"""

import io
from dataclasses import dataclass, field
from typing import Final

import uharfbuzz as hb
from fontTools.ttLib import TTFont

from generators.fonts.faces import Face

_KEPT_NAMES: Final = frozenset({0, 7, 13, 14})  # copyright, trademark, licence, its address
_OWN_NAMES: Final = (1, 3, 4, 6)  # family, identifier, full name, PostScript name
_STYLE_NAME: Final = 2


@dataclass(slots=True)
class FontCase:
    """Collects the characters of each face; faces get names in the order they come."""

    _characters: dict[Face, set[str]] = field(default_factory=dict)

    def family_of(self, face: Face, text: str) -> str:
        """The CSS family for a text that the face covers; remembers its characters."""
        self._characters.setdefault(face, set()).update(text)
        return f"card{list(self._characters).index(face)}"

    def cut(self) -> dict[str, bytes]:
        """A WOFF2 file by family."""
        return {
            f"card{number}": cut_font(face, frozenset(text), f"Card {number}")
            for number, (face, text) in enumerate(self._characters.items())
        }


class ReaderFonts(FontCase):
    """Leaves the choice to the reader's device: no characters are collected."""

    def family_of(self, face: Face, text: str) -> str:
        return "serif"


def cut_font(face: Face, characters: frozenset[str], name: str) -> bytes:
    """A WOFF2 with only these characters, of a variable font the instance that we draw with."""
    wanted = hb.SubsetInput()
    wanted.unicode_set.update(ord(char) for char in characters)
    source = face.shaper.face
    for axis, place in zip(source.axis_infos, face.shaper.get_var_coords_design(), strict=False):
        wanted.pin_axis_location(source, axis.tag, place)
    small = hb.subset(source, wanted)
    if small is None:
        raise OSError(f"{face.id} cannot be cut")
    font = TTFont(io.BytesIO(small.blob.data))
    _rename(font, name)
    font.flavor = "woff2"
    file = io.BytesIO()
    font.save(file)
    return file.getvalue()


def _rename(font: TTFont, name: str) -> None:
    table = font["name"]
    table.names = [record for record in table.names if record.nameID in _KEPT_NAMES]
    for number in _OWN_NAMES:
        table.setName(name.replace(" ", "") if number == _OWN_NAMES[-1] else name, number, 3, 1, 0x409)
    table.setName("Regular", _STYLE_NAME, 3, 1, 0x409)
