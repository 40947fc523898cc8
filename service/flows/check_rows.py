"""Check the rows of a batch, each on its own: a bad one is reported and spoils nothing."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from generators.specs import MAX_SEED, CardSpec
from moderation.errors import PromptRejectedError
from service.batches.table import SentRow
from service.flows.screening import require_spec_allowed
from service.flows.template_fitness import SpecTemplateError, require_template_fits

MAX_PROBLEMS: Final = 3  # of one row; a fourth helps nobody
MAX_LOC_CHARS: Final = 40
SEED_BITS: Final = MAX_SEED.bit_length()

Problem = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """A spec ready for a job, seed included; or problems as `models.batch.BatchRow` keeps them."""

    line: int
    spec: dict[str, Any] | None
    problems: list[Problem] | None


def check_rows(template: Mapping[str, Any], rows: Sequence[SentRow]) -> list[CheckedRow]:
    """Check each row over the template's fields: shape and bounds, then words and links."""
    return [_check(template, row) for row in rows]


def without_photos(checked: Sequence[CheckedRow], alive: Collection[UUID]) -> list[CheckedRow]:
    """The same, with those rows bad whose photo is not among the alive ones."""
    missing = [{"code": "invalid_spec", "loc": ["photo_id"], "msg": "There is no such photo."}]
    return [
        CheckedRow(row.line, None, missing)
        if (photo_id := photo_of(row)) is not None and photo_id not in alive
        else row
        for row in checked
    ]


def photo_of(row: CheckedRow) -> UUID | None:
    photo_id = row.spec["photo_id"] if row.spec else None
    return UUID(photo_id) if photo_id else None


def _check(template: Mapping[str, Any], row: SentRow) -> CheckedRow:
    if row.problem is not None:
        return _bad(row, [{"code": "ragged_row", "loc": [], "msg": row.problem}])
    try:
        spec = CardSpec.model_validate({**template, **row.cells})
        require_spec_allowed(spec)
        require_template_fits(spec)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        return _bad(row, [_problem(details) for details in found[:MAX_PROBLEMS]])
    except SpecTemplateError as error:
        return _bad(row, [{"code": error.code, "loc": ["template"], "msg": str(error)}])
    except PromptRejectedError as error:
        refusal = {"code": error.code, "loc": [], "msg": str(error), "category": error.category.value}
        return _bad(row, [refusal])
    seed = spec.seed if spec.seed is not None else secrets.randbits(SEED_BITS)
    return CheckedRow(row.line, {**spec.model_dump(mode="json"), "seed": seed}, None)


def _bad(row: SentRow, problems: list[Problem]) -> CheckedRow:
    return CheckedRow(row.line, None, problems)


def _problem(details: Mapping[str, Any]) -> Problem:
    loc = [part if isinstance(part, int) else _shown(part[:MAX_LOC_CHARS]) for part in details["loc"]]
    return {"code": "invalid_spec", "loc": loc, "msg": _shown(details["msg"])}


def _shown(text: str) -> str:
    """A field's name, which a client may have made up, or a message, which may quote what was sent: with
    nothing that the database refuses.
    """
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
