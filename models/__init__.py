"""Importing this package registers every table on `Base.metadata`."""

from models import batch, credit, data_export, deferral, generation, invariant, ledger, photo, user, work

__all__ = [
    "batch",
    "credit",
    "data_export",
    "deferral",
    "generation",
    "invariant",
    "ledger",
    "photo",
    "user",
    "work",
]
