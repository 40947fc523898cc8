"""Wire shapes that several resources share."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, PlainSerializer


def _utc(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


# RFC 3339 in UTC, milliseconds
Moment = Annotated[datetime, PlainSerializer(_utc, return_type=str, when_used="json")]


class Schema(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class WorkReference(Schema):
    id: UUID
    kind: str


class Page(Schema):
    """`next_cursor` null is the only sign of the end."""

    next_cursor: str | None = None


def example(value: dict[str, Any]) -> ConfigDict:
    """A model configuration that shows one example in the OpenAPI document."""
    return ConfigDict(from_attributes=True, json_schema_extra={"examples": [value]})
