"""What can go wrong while fonts are fetched."""


class FontSourceError(Exception):
    """One source could not give a font; another may. The message is for people."""
