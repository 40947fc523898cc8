"""Which language a page is shown in."""

from typing import Final

from fastapi import Request

from service.http.languages import DEFAULT, LANGUAGES, preferred_language

COOKIE: Final = "huajian_lang"


def page_language(request: Request, otherwise: str = DEFAULT) -> str:
    """ "zh" or "en": by `?lang=`, else by the cookie that the page keeps, else by Accept-Language."""
    for wanted in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if wanted in LANGUAGES:
            return wanted
    return preferred_language(request.headers.get("accept-language"), otherwise)
