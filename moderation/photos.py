"""The place for a classifier of photos. None is built in: what a photo shows is not looked at by default."""

import importlib
from typing import Protocol


class PhotoClassifier(Protocol):
    """Judges what a photo shows. Called from threads, by several at once."""

    def judge(self, jpeg: bytes) -> str | None:
        """The category for which it is refused (see `moderation/categories.py`); None lets it pass.

        Args:
            jpeg: upright, sRGB, no metadata, its longest side at most 2048 px.
        """
        ...


def load_classifier(name: str | None) -> PhotoClassifier | None:
    """What "module:function" makes; None for no name. Raises: ImportError, AttributeError."""
    if name is None:
        return None
    module, _, function = name.partition(":")
    classifier: PhotoClassifier = getattr(importlib.import_module(module), function)()
    return classifier
