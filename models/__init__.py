"""Importing this package registers every table on `Base.metadata`."""

from models import (
    batch,
    credit,
    data_export,
    deferral,
    generation,
    inbox,
    invariant,
    ledger,
    letter,
    membership,
    order,
    photo,
    risk,
    user,
    webhook,
    work,
)

__all__ = [
    "batch",
    "credit",
    "data_export",
    "deferral",
    "generation",
    "inbox",
    "invariant",
    "ledger",
    "letter",
    "membership",
    "order",
    "photo",
    "risk",
    "user",
    "webhook",
    "work",
]
