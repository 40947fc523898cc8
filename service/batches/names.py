"""Names of files and cells in what we hand back: nothing in them may act on the reader's machine."""

import unicodedata
from typing import Final

MAX_NAME_CHARS: Final = 40
JOINER: Final = "\u200d"  # holds the parts of one emoji together
UNSAFE: Final = frozenset('<>:"/\\|?*')
# Source: OWASP, "CSV Injection" (https://owasp.org/www-community/attacks/CSV_Injection)
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def file_name(position: int, recipient: str, extension: str) -> str:
    """`001-林晚晴.png`: the number makes it unique and keeps the order, the name is for people.

    What could name a folder or a device, turn the reading direction or hide is left out.
    """
    kept = "".join(filter(_is_harmless, unicodedata.normalize("NFC", recipient)))
    name = kept[:MAX_NAME_CHARS].strip(f" .{JOINER}")
    return f"{position:03}-{name}.{extension}" if name else f"{position:03}.{extension}"


def _is_harmless(letter: str) -> bool:
    is_shown = unicodedata.category(letter)[0] not in "CZ"  # controls, marks of direction, odd spaces
    return letter not in UNSAFE and (is_shown or letter in (JOINER, " "))


def plain_cell(text: str) -> str:
    """A cell that no spreadsheet program takes for a formula."""
    is_formula = text.startswith(FORMULA_STARTS) or text.lstrip().startswith(FORMULA_STARTS)
    return f"'{text}" if is_formula else text
