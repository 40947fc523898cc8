"""The implicit label of a page: `<meta name="AIGC">` in its head. No guide names a place for HTML yet.

The source type stands beside it as RDFa, under the name that schema.org gives it.
"""

import html
from html.parser import HTMLParser
from typing import Final

import regex

from provenance.containers.carried import Carried
from provenance.containers.errors import ContainerError

_END: Final = "</head>"
_NAME: Final = "AIGC"
_SOURCE: Final = "schema:digitalSourceType"
_OURS: Final = regex.compile(
    f'<meta name="{_NAME}" content="[^"<>]*">(<meta property="{_SOURCE}" content="[^"<>]*">)?(?={_END})'
)


def write(content: bytes, text: str, source_type: str | None = None) -> bytes:
    """The same page with the label's JSON instead of one that we wrote. Raises: ContainerError."""
    try:
        page = _OURS.sub("", content.decode("utf-8"), count=1)
    except UnicodeDecodeError as error:
        raise ContainerError("a page that is not UTF-8") from error
    if read(page.encode()):
        raise ContainerError("the page has a label of others")
    head, end, rest = page.partition(_END)
    if not end:
        raise ContainerError("a page without a head")
    source = (
        "" if source_type is None else f'<meta property="{_SOURCE}" content="{html.escape(source_type)}">'
    )
    return f'{head}<meta name="{_NAME}" content="{html.escape(text)}">{source}{end}{rest}'.encode()


def read(content: bytes) -> list[Carried]:
    """Every `meta` of that name, wherever it stands."""
    parser = _Metas()
    parser.feed(content.decode("utf-8", "replace"))
    return [Carried("html:meta", text) for text in parser.labels]


class _Metas(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.labels: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "meta" and given.get("name") == _NAME:
            self.labels.append(given.get("content") or "")
