"""From a template to an HTML answer that tells the browser to trust nobody but us."""

import functools
import secrets
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Final
from urllib.parse import urlencode, urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from service.pages import texts
from service.pages.assets import asset_url, scripts_of
from service.pages.language import page_language
from service.wiring import Services

# Nothing may be loaded, called, framed or submitted elsewhere, and nothing inline runs.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src {pictures}; media-src {files}; "
    "frame-src {files}; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
OWN_FILES: Final = "'self'"
OWN_PICTURES: Final = "'self' blob: data:"
LANGUAGE_TAGS: Final = {"zh": "zh-Hans", "en": "en"}
OTHER_LANGUAGE: Final = {"zh": "en", "en": "zh"}
# In a drawn page, where the address of the other language will be; nobody can guess it and write it.
OTHER_LANGUAGE_URL: Final = f"other-language-{secrets.token_hex(16)}"
# On a button in sight that only a script serves: asleep until `wake` in dom.js. Before that, a press would
# be lost, or would send what was typed as an address. Firefox needs the "off" to forget that it was awake.
NEEDS_SCRIPT: Final = Markup('data-needs-script disabled autocomplete="off"')

_environment: Final = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.globals |= {"asset": asset_url, "scripts_of": scripts_of, "needs_script": NEEDS_SCRIPT}


async def render(
    request: Request, services: Services, template: str, facts: Mapping[str, object]
) -> HTMLResponse:
    """One page in the reader's language.

    Args:
        facts: what the template shows besides its texts; never anything of a signed-in person, since
            the page is the same for everybody.
    """
    language = page_language(request)
    html = draw(template, facts, language=language, path=request.url.path)
    return await answer(request, services, html, language)


def draw(template: str, facts: Mapping[str, object], *, language: str, path: str) -> str:
    """A page as it is for all its readers in one language; `answer` puts in what differs."""
    return _environment.get_template(template).render(
        language=language,
        language_tag=LANGUAGE_TAGS[language],
        other_language=OTHER_LANGUAGE[language],
        other_language_tag=LANGUAGE_TAGS[OTHER_LANGUAGE[language]],
        other_language_url=OTHER_LANGUAGE_URL,
        path=path,
        t=_words(language),
        other=_words(OTHER_LANGUAGE[language]),
        **facts,
    )


async def answer(request: Request, services: Services, html: str, language: str) -> HTMLResponse:
    """A page drawn in a language as the answer to one request, whose address leads to the other one too."""
    address = _in_language(request, OTHER_LANGUAGE[language])
    return HTMLResponse(
        html.replace(OTHER_LANGUAGE_URL, str(escape(address))), headers=await _headers(services)
    )


@functools.cache
def _words(language: str) -> SimpleNamespace:
    """The page's texts as attributes: a dict's own methods would hide a text named `copy`."""
    return SimpleNamespace(**texts.in_language(texts.PAGE, language))


def _in_language(request: Request, language: str) -> str:
    """This page in that language."""
    query = {**request.query_params, "lang": language}
    return f"{request.url.path}?{urlencode(query)}"


async def _headers(services: Services) -> dict[str, str]:
    return {
        "content-security-policy": await _policy(services),
        "cache-control": "no-cache",
        "vary": "Accept-Language, Cookie",
    }


async def _policy(services: Services) -> str:
    """Works may come from us, and from the store to which our signed links redirect."""
    files = OWN_FILES
    if services.store.can_sign:
        signed = urlsplit(await services.store.sign("origin", lifetime=services.links.lifetime))
        files = f"{OWN_FILES} {signed.scheme}://{signed.netloc}"
    return POLICY.format(pictures=files.replace(OWN_FILES, OWN_PICTURES), files=files)
