"""Label a finished file by its media type, and read the labels back."""

from collections.abc import Mapping
from typing import Final, Protocol

from provenance.containers import gif, html, jpeg, mp4, pdf, png, text, webp
from provenance.containers.carried import Carried
from provenance.containers.errors import ContainerError
from provenance.implicit import ImplicitLabel, read_json


class Container(Protocol):
    """What each module of a container family offers. Both raise ContainerError for a file that is none."""

    def write(self, content: bytes, text: str, source_type: str | None = None) -> bytes: ...

    def read(self, content: bytes) -> list[Carried]: ...


_BY_TYPE: Final[Mapping[str, Container]] = {
    "image/png": png,
    "image/jpeg": jpeg,
    "image/webp": webp,
    "image/gif": gif,
    "video/mp4": mp4,
    "text/html": html,
    "text/plain": text,
    "text/markdown": text,
    "application/pdf": pdf,
}


def can_label(media_type: str) -> bool:
    return _bare(media_type) in _BY_TYPE


def write_label(
    content: bytes, media_type: str, label: ImplicitLabel, *, source_type: str | None = None
) -> bytes:
    """The same file with its label, read back before it is given out.

    Args:
        source_type: the full URI of an IPTC digital source type.
    Raises: ContainerError: the file cannot carry it, or did not, or carries another as well.
    """
    container = _container(media_type)
    labelled = container.write(content, label.to_json(), source_type)
    if [one.text for one in container.read(labelled)] != [label.to_json()]:
        raise ContainerError("the label was not read back once, as it was written")
    return labelled


def read_label(content: bytes, media_type: str) -> ImplicitLabel | None:
    """None for a file without one, the first of several.

    Raises: ContainerError; ImplicitLabelError: there is a malformed one.
    """
    found = read_carried(content, media_type)
    return read_json(found[0].text) if found else None


def read_carried(content: bytes, media_type: str) -> list[Carried]:
    """Everything in the file that claims to be a label. Raises: ContainerError."""
    return _container(media_type).read(content)


def _container(media_type: str) -> Container:
    try:
        return _BY_TYPE[_bare(media_type)]
    except KeyError as error:
        raise ContainerError(f"no way to label {media_type}") from error


def _bare(media_type: str) -> str:
    return media_type.partition(";")[0].strip()
