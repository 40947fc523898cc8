"""Label a finished file by its media type, and read the label back."""

from collections.abc import Mapping
from types import ModuleType
from typing import Final

from provenance.containers import html, mp4, webp
from provenance.containers.errors import ContainerError
from provenance.implicit import ImplicitLabel, read_json

_BY_TYPE: Final[Mapping[str, ModuleType]] = {"video/mp4": mp4, "image/webp": webp, "text/html": html}


def can_label(media_type: str) -> bool:
    return _bare(media_type) in _BY_TYPE


def write_label(
    content: bytes, media_type: str, label: ImplicitLabel, *, source_type: str | None = None
) -> bytes:
    """The same file with its label, read back before it is given out.

    Args:
        source_type: the full URI of an IPTC digital source type, where the container has room for it.
    Raises: ContainerError: the file cannot carry it, or did not.
    """
    container = _container(media_type)
    labelled: bytes = container.write(content, label.to_json())
    if read_label(labelled, media_type) != label:
        raise ContainerError("the label was not read back as it was written")
    return labelled


def read_label(content: bytes, media_type: str) -> ImplicitLabel | None:
    """None for a file without one. Raises: ContainerError; ImplicitLabelError: there is a malformed one."""
    text: str | None = _container(media_type).read(content)
    return None if text is None else read_json(text)


def _container(media_type: str) -> ModuleType:
    try:
        return _BY_TYPE[_bare(media_type)]
    except KeyError as error:
        raise ContainerError(f"no way to label {media_type}") from error


def _bare(media_type: str) -> str:
    return media_type.partition(";")[0].strip()
