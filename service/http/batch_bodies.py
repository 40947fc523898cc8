"""What a batch may be sent as: JSON, a form with a CSV file, or the file itself; bounded before parsing."""

import asyncio
import json
from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from generators.specs import CardSpec, Name, Occasion
from service.batches.errors import UnreadableTableError
from service.batches.table import MAX_ROWS, SentRow, read_table
from service.flows.quote_batch import BatchOrder

JSON_TYPE: Final = "application/json"
CSV_TYPE: Final = "text/csv"
FORM_TYPE: Final = "multipart/form-data"
MAX_FIELDS: Final = 40
TABLE_PARTS: Final = ("rows", "file")


class CardDefaults(CardSpec):
    """A card's spec of which nothing is required: rows bring what is missing and change what they like."""

    occasion: Occasion | None = None  # type: ignore[assignment]
    recipient: Name | None = None  # type: ignore[assignment]
    sender: Name | None = None  # type: ignore[assignment]


class BatchOptions(BaseModel):
    model_config = ConfigDict(extra="forbid")

    template: CardDefaults = Field(default=CardDefaults(), description="What rows leave out.")
    start: bool = Field(default=False, description="Start at once; nothing is kept when that is refused.")


class BatchCreate(BatchOptions):
    rows: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MAX_ROWS)] = Field(
        description="Fields of a card's spec, over the template's; checked one by one."
    )


CREATE: Final = TypeAdapter(BatchCreate)
OPTIONS: Final = TypeAdapter(BatchOptions)
EXAMPLE: Final[dict[str, Any]] = {
    "template": {"occasion": "spring_festival", "sender": "知夏科技", "style": "lantern"},
    "rows": [
        {"recipient": "林晚晴", "message": "愿新的一年，所行皆坦途，所得皆所愿。"},
        {"recipient": "陆知远"},
    ],
    "start": False,
}
CSV_EXAMPLE: Final = "姓名,祝福语,落款\n林晚晴,愿你平安喜乐。,知夏\n陆知远,,知夏\n"


async def read_order(request: Request) -> BatchOrder:
    """The order in a request, whatever it is sent as.

    Raises: pydantic.ValidationError, UnreadableTableError; HTTPException for another media type.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type in (JSON_TYPE, ""):
        return _from_json(await request.body())
    if media_type == CSV_TYPE:
        return await _from_table(await request.body(), {})
    if media_type == FORM_TYPE:
        async with request.form(max_files=2, max_fields=MAX_FIELDS, max_part_size=2**20) as form:
            return await _from_form(form)
    raise HTTPException(415)


def _from_json(content: bytes) -> BatchOrder:
    body = CREATE.validate_json(content)
    rows = [SentRow(number, cells) for number, cells in enumerate(body.rows, start=1)]
    return BatchOrder(_fields(body.template), rows, body.start)


async def _from_table(content: bytes, options: Mapping[str, Any]) -> BatchOrder:
    given = OPTIONS.validate_python(options)
    return BatchOrder(_fields(given.template), await asyncio.to_thread(read_table, content), given.start)


async def _from_form(form: FormData) -> BatchOrder:
    """`rows` (or `file`) is the table; `template` is JSON, or its fields are the form's own."""
    parts = {name: await _content(value) for name, value in form.multi_items()}
    table = next((parts.pop(name) for name in TABLE_PARTS if name in parts), None)
    if table is None:
        raise UnreadableTableError("The form has no part named rows.")
    options: dict[str, Any] = {"template": _json_object(parts.pop("template", b"{}"))}
    if "start" in parts:
        options["start"] = _text(parts.pop("start"))
    options["template"].update((name, _text(content)) for name, content in parts.items())
    return await _from_table(table, options)


async def _content(part: UploadFile | str) -> bytes:
    return part.encode("utf-8", "surrogatepass") if isinstance(part, str) else await part.read()


def _json_object(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnreadableTableError("The part named template is not JSON.") from error
    if not isinstance(found, dict):
        raise UnreadableTableError("The part named template is not a JSON object.")
    return found


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def _fields(template: CardDefaults) -> dict[str, Any]:
    return template.model_dump(mode="json", exclude_unset=True)


def describe() -> tuple[dict[str, Any], dict[str, Any]]:
    """The OpenAPI request body, and the component schemas that it refers to."""
    schema = CREATE.json_schema(ref_template="#/components/schemas/{model}")
    components = schema.pop("$defs")
    components["BatchCreate"] = schema
    form = {
        "type": "object",
        "required": ["rows"],
        "properties": {
            "rows": {"type": "string", "description": "The CSV file: UTF-8 or GB18030, with a header."},
            "template": {"type": "string", "description": "JSON; or send its fields as the form's own."},
            "start": {"type": "string", "enum": ["true", "false"]},
        },
    }
    body = {
        "required": True,
        "description": f"At most {MAX_ROWS} rows and 1 MiB.",
        "content": {
            JSON_TYPE: {
                "schema": {"$ref": "#/components/schemas/BatchCreate"},
                "examples": {"batch": {"value": EXAMPLE}},
            },
            FORM_TYPE: {"schema": form},
            CSV_TYPE: {"schema": {"type": "string"}, "example": CSV_EXAMPLE},
        },
    }
    return body, components
