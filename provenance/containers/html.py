"""The implicit label of a page: `<meta name="AIGC">` in its head. No guide names a place for HTML yet."""

import html
from html.parser import HTMLParser
from typing import Final

from provenance.containers.errors import ContainerError

_END: Final = "</head>"
_NAME: Final = "AIGC"


def write(content: bytes, text: str) -> bytes:
    """The same page with the label's JSON. Raises: ContainerError: no head, or labelled already."""
    page = content.decode("utf-8")
    if read(content) is not None:
        raise ContainerError("the page has a label")
    head, end, rest = page.partition(_END)
    if not end:
        raise ContainerError("a page without a head")
    return f'{head}<meta name="{_NAME}" content="{html.escape(text)}">{end}{rest}'.encode()


def read(content: bytes) -> str | None:
    """The label's JSON; None without one."""
    parser = _Metas()
    parser.feed(content.decode("utf-8", "replace"))
    return parser.label


class _Metas(HTMLParser):
    label: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "meta" and given.get("name") == _NAME and self.label is None:
            self.label = given.get("content")
