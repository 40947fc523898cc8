"""What a layout is given and what it gives back."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from generators.backends.studio.card.occasions import CardWords
from generators.backends.studio.card.page import MARGIN_PX, WIDTH_PX
from generators.contracts import Box
from generators.fonts.voices import open_voice
from generators.specs import Language
from generators.typesetting.block import Block, union
from generators.typesetting.composing import compose
from generators.typesetting.paragraph import Paragraph, arrange

SEAL_PX: Final = 96.0


@dataclass(frozen=True, slots=True)
class Draft:
    """The words to lay out and the room for them.

    calm: the quiet part of the background; words stand there while they fit at a comfortable size.
    lowest: no words below this; `title_voice` names a voice of the font catalogue.
    """

    words: CardWords
    language: Language
    title_voice: str
    calm: Box
    lowest: float
    fonts: Path | None = None

    @property
    def is_latin(self) -> bool:
        return self.language is Language.EN

    @property
    def text_voice(self) -> str:
        return "en_text" if self.is_latin else "zh_text"

    @property
    def address_voice(self) -> str:
        return "en_emphasis" if self.is_latin else "zh_text"

    @property
    def signature_voice(self) -> str:
        return "en_script" if self.is_latin else "zh_text"

    def room(self) -> Box:
        """The calm area inside the margins."""
        return Box(
            max(MARGIN_PX, self.calm.left),
            max(MARGIN_PX, self.calm.top),
            min(WIDTH_PX - MARGIN_PX, self.calm.right),
            min(self.lowest, self.calm.bottom),
        )


@dataclass(slots=True)
class Layout:
    """Where everything stands. `blocks` by role.

    colours: what a text is wished to be drawn in, by role: a name of the palette's or #rrggbb.
    """

    blocks: dict[str, Block]
    seal: Box
    is_vertical: bool
    divider: Box | None = None
    replaced: set[str] = field(default_factory=set)
    colours: dict[str, str] = field(default_factory=dict)

    def inks(self) -> dict[str, Box]:
        """Ink by role, the seal included."""
        found = {role: block.ink for role, block in self.blocks.items()}
        return {role: ink for role, ink in found.items() if ink is not None} | {"seal": self.seal}

    def extent(self) -> Box:
        """Everything that was laid out."""
        whole = union(self.inks().values())
        return whole if whole is not None else self.seal

    def move(self, right_px: float, down_px: float) -> None:
        """Shift everything together."""
        self.blocks = {role: block.moved(right_px, down_px) for role, block in self.blocks.items()}
        self.seal = moved(self.seal, right_px, down_px)
        if self.divider is not None:
            self.divider = moved(self.divider, right_px, down_px)


@dataclass(slots=True)
class Speller:
    """Composes the words of one card and notes characters that no font has."""

    draft: Draft
    is_vertical: bool
    replaced: set[str] = field(default_factory=set)

    def spell(
        self,
        text: str,
        voice: str,
        *,
        is_latin: bool | None = None,
        tracking: float = 0.0,
        longest_em: float = 1e6,
    ) -> Paragraph:
        composition = compose(
            text,
            open_voice(voice, self.draft.fonts),
            is_vertical=self.is_vertical,
            is_latin_text=self.draft.is_latin if is_latin is None else is_latin,
            longest_em=longest_em,
        )
        self.replaced.update(composition.replaced)
        return arrange(composition.atoms, tracking=tracking)


def moved(box: Box, right_px: float, down_px: float) -> Box:
    return Box(box.left + right_px, box.top + down_px, box.right + right_px, box.bottom + down_px)


def ink_of(block: Block, otherwise: Box) -> Box:
    """The block's ink; a zero-sized box at the corner of `otherwise` when it shows nothing."""
    return block.ink or Box(otherwise.right, otherwise.top, otherwise.right, otherwise.top)
