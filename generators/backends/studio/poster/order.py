"""What a picture that asks for help is drawn from."""

from dataclasses import dataclass

from generators.contracts import Pixels
from generators.specs import Language


@dataclass(frozen=True, slots=True)
class PosterWords:
    """Every word on the picture, in one language.

    asker: who asks, as a whole sentence. headline: the large line. ask: what the reader should know.
    scan: beside the code. label: the visible label, large as the law asks. sign: cut into the seal.
    """

    language: Language
    asker: str
    headline: str
    ask: str
    scan: str
    label: str
    sign: str


@dataclass(frozen=True, slots=True, eq=False)
class PosterOrder:
    """`url`: where the code leads. `work`: RGB of any size, what is being made; None shows our own art.

    seed: decides the art and how the seal is worn; the same order always gives the same pixels.
    """

    words: PosterWords
    url: str
    seed: int
    work: Pixels | None = None
