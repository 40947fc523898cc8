"""`python -m service.posters.drawing`: the child process that draws, so that the web process never does.

In: a line of JSON (`Subject.to_line`), then the work's own picture or nothing. Out: a labelled JPEG.
"""

import io
import resource
import sys
from typing import Any, Final
from uuid import UUID

import numpy as np
from PIL import Image

from generators.backends.studio.poster.landscape import draw_preview
from generators.backends.studio.poster.order import PosterOrder, PosterWords
from generators.backends.studio.poster.portrait import draw_poster
from generators.contracts import Pixels
from generators.encoders import encode
from generators.specs import Language, PictureFormat
from provenance.containers.files import write_label
from provenance.implicit import produced
from service.posters.subjects import MEDIA_TYPE, Shape, read_line

MEMORY_BYTES: Final = 4 << 30  # of addresses: libraries reserve far more than they touch
PROCESSOR_SECONDS: Final = 20
MOST_PIXELS: Final = 24_000_000  # our own works are never so large
QUALITY: Final = 88
_DRAW: Final = {Shape.POSTER: draw_poster, Shape.PREVIEW: draw_preview}


def draw(facts: dict[str, Any], work: bytes) -> bytes:
    """The file. Raises: ValueError: the work cannot be read, or the label shows nothing."""
    words = PosterWords(language=Language(facts["language"]), **facts["words"])
    seed = UUID(facts["link_id"]).int & 0xFFFF
    order = PosterOrder(words, facts["url"], seed, _decode(work) if work else None)
    jpeg = encode(_DRAW[Shape(facts["shape"])](order), PictureFormat.JPEG, quality=QUALITY)
    label = produced(facts["producer_code"], f"{facts['link_id']}-{facts['shape']}-{facts['language']}")
    return write_label(jpeg, MEDIA_TYPE, label, source_type=facts["source_type"])


def _decode(work: bytes) -> Pixels:
    """Raises: ValueError."""
    try:
        with Image.open(io.BytesIO(work), formats=("JPEG", "PNG", "WEBP")) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise ValueError("a work is never so large")
            return np.ascontiguousarray(np.asarray(picture.convert("RGB"), dtype=np.uint8))
    except (OSError, SyntaxError) as error:
        raise ValueError("the work's picture is damaged") from error


def main() -> None:
    """One picture, and the end."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    line, _, work = sys.stdin.buffer.read().partition(b"\n")
    sys.stdout.buffer.write(draw(read_line(line), work))


if __name__ == "__main__":
    main()
