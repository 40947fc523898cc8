"""`python -m service.verification.searching FD`: the child that keeps every certified picture's looks.

It knows what it was told since it began, and says with every answer how far that goes. It parses no file.
"""

import resource
from typing import Final

from provenance.looks import Suppositions
from provenance.similar.index import FingerprintIndex
from service.children.answering import Ask, serve
from service.children.messages import Message
from service.verification.rows import LAST, LIMIT, MATCHES, ROW, ROWS

MEMORY_BYTES: Final = 4 << 30  # of addresses; a million pictures are 48 MB

_index: Final = FingerprintIndex()


def answer(question: Message, _: Ask) -> Message:
    """Learn rows, or find what looks like a picture; nothing at all is asked to hear how far it knows."""
    matches = []
    if ROWS in question.head:
        _index.extend(list(ROW.iter_unpack(question.files[0])))
    elif LIMIT in question.head:
        found = _index.search(Suppositions(*question.files), limit=question.head[LIMIT])
        matches = [[match.position, match.bits] for match in found]
    return Message({LAST: _index.last_position, MATCHES: matches})


def main() -> None:
    """Until the parent hangs up."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    serve(answer)


if __name__ == "__main__":
    main()
