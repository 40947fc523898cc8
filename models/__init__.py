"""Importing this package registers every table on `Base.metadata`."""

from models import batch, credit, data_export, generation, invariant, photo, user, work

__all__ = ["batch", "credit", "data_export", "generation", "invariant", "photo", "user", "work"]
