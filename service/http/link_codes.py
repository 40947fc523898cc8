"""The code of a link in a path, for routes and for lanes, which refuse it as the framework would."""

from typing import Annotated, Any, Final

from fastapi import Path
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request

from referral.codes import MAX_TYPED_CHARS
from service.http.unlock_schemas import CODE_EXAMPLE

Code = Annotated[str, Path(max_length=MAX_TYPED_CHARS, description="Of the link.", examples=[CODE_EXAMPLE])]
_CODES: Final[TypeAdapter[Any]] = TypeAdapter(Code)


def read_code(request: Request) -> str:
    """The path parameter `code` as a lane finds it. Raises: RequestValidationError."""
    try:
        code: str = _CODES.validate_python(request.path_params["code"])
    except ValidationError as error:
        found = [{**each, "loc": ("path", "code")} for each in error.errors(include_url=False)]
        raise RequestValidationError(found) from error
    return code
