"""Column types that several tables use."""

from enum import StrEnum

from sqlalchemy import Enum


def stored_enum(values: type[StrEnum], name: str) -> Enum:
    """A text column checked against the enum: readable in SQL, and a new value is a plain migration."""
    return Enum(
        values,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )
