"""From options to a spec; what does not fit is explained by the option's name, not by the field's."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import typer
from pydantic import ValidationError

from generators.specs import SpecBase
from service.pages.forms import MAX_GRAPHEMES

S = TypeVar("S", bound=SpecBase)

_NAME: Final = f"1 to {MAX_GRAPHEMES['name']} characters"
# By field: what fits. Where this is silent, pydantic's own sentence is plain enough.
FITTING: Final[Mapping[str, str]] = {
    "recipient": _NAME,
    "sender": _NAME,
    "message": f"1 to {MAX_GRAPHEMES['message']} characters",
    "theme": f"1 to {MAX_GRAPHEMES['theme']} characters",
    "prompt": f"1 to {MAX_GRAPHEMES['prompt']} characters",
    "words": f"at most {MAX_GRAPHEMES['words']} words of {_NAME} each",
    "sections": "1 to 8 sections",
    "rhyme": "2 to 8 of the letters A, B, C, D and X, such as AABA",
    "scenes": f"--scene three times, each with 1 to {MAX_GRAPHEMES['message']} characters,",
    "qr_url": "an address that begins with https://, of at most 300 characters",
}


def build_spec(spec_type: type[S], options: Mapping[str, str], **wishes: Any) -> S:
    """The spec, with its own defaults where a wish is None.

    Args:
        options: by field, the option that fills it, such as {"recipient": "--to"}.
    Raises: typer.BadParameter: names the first option that is wrong.
    """
    wanted = {name: value for name, value in wishes.items() if value is not None}
    try:
        return spec_type.model_validate(wanted)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)[0]
        field = str(found["loc"][0]) if found["loc"] else ""
        reason = found["msg"].removeprefix("Value error, ")
        fitting = f"; {FITTING[field]} will do" if field in FITTING else ""
        raise typer.BadParameter(f"{reason}{fitting}", param_hint=options.get(field)) from error
