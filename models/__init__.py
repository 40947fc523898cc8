"""Importing this package registers every table on `Base.metadata`."""

from models import credit, data_export, generation, invariant, photo, user, work

__all__ = ["credit", "data_export", "generation", "invariant", "photo", "user", "work"]
