"""What goes to the child process that keeps looks, and what comes back. Imports next to nothing."""

from struct import Struct
from typing import Final

ROW: Final = Struct(">qq32s")  # position, coarse as the database keeps it, fine
ROWS: Final = "rows"
LIMIT: Final = "limit"
LAST: Final = "last_position"  # up to where the child knows everything; in every answer
MATCHES: Final = "matches"  # pairs of a position, and the bits in which it differs
