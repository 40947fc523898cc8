"""A picture of ours once more, without its visible label. `service.certificates.unlabelled` says of which."""

from generators import encoders
from generators.backends.studio.image import StudioImageBackend
from generators.contracts import Brief, Picture, Unwatched
from generators.specs import ImageSpec, PictureFormat
from models.base import Json
from service.certificates.errors import CannotBeMadeError


def paint_without_label(spec: Json) -> bytes:
    """The picture, as a PNG. Blocks for as long as painting takes. Raises: CannotBeMadeError."""
    asked = ImageSpec.model_validate(spec)
    if asked.seed is None:
        raise CannotBeMadeError("no_seed")
    (made,) = StudioImageBackend().generate([Brief(asked, asked.seed, label="")], Unwatched())
    if not isinstance(made, Picture):
        raise CannotBeMadeError("not_painted")
    return encoders.encode(made.pixels, PictureFormat.PNG)
