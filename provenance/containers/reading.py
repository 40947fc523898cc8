"""Every implicit label that a file carries, wherever it stands and however it is written.

Writers keep to one place per type; readers must not: other producers' files are read here too.
"""

from provenance.containers.carried import FoundLabel
from provenance.containers.files import read_carried
from provenance.implicit import ImplicitLabelError, read_anybodys


def read_labels(content: bytes, media_type: str) -> list[FoundLabel]:
    """All labels, malformed ones too; none for a file without. Raises: ContainerError: not such a file."""
    return [_read(one.place, one.text) for one in read_carried(content, media_type)]


def _read(place: str, text: str) -> FoundLabel:
    try:
        return FoundLabel(place, read_anybodys(text))
    except ImplicitLabelError as error:
        return FoundLabel(place, None, str(error))
