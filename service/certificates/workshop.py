"""`python -m service.certificates.workshop FD`: the child in which files are made, sealed and printed.

Everything heavy is loaded here and nowhere else in a web process. It has no key: a claim is signed by whoever
asked for the file, over the pipe.
"""

import resource
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from PIL import Image
from pydantic import TypeAdapter

from provenance.errors import SigningUnavailableError
from service.certificates import orders
from service.certificates.errors import CannotBeMadeError
from service.certificates.making import fingerprint_of, make_file
from service.certificates.orders import FileOrder, PaperFacts, SignerFacts
from service.certificates.painting import paint_without_label
from service.certificates.paper import print_certificate
from service.children.answering import Ask, serve
from service.children.messages import Message

MEMORY_BYTES: Final = 4 << 30  # of addresses: libraries reserve far more than they touch
MOST_PIXELS: Final = 40_000_000  # our own works are never so large
_FILE: Final = TypeAdapter(FileOrder)
_SIGNER: Final = TypeAdapter(SignerFacts)
_PAPER: Final = TypeAdapter(PaperFacts)


@dataclass(frozen=True, slots=True)
class AskingSigner:
    """A `ClaimSigner` whose key is with the parent."""

    facts: SignerFacts
    ask: Ask

    @property
    def chain_pem(self) -> bytes:
        return self.facts.chain_pem.encode()

    @property
    def time_authority_url(self) -> str | None:
        return self.facts.time_authority_url

    def sign(self, claim: bytes) -> bytes:
        """Raises: SigningUnavailableError."""
        answer = self.ask(Message({orders.ASKED: orders.SIGNATURE}, [claim]))
        if orders.REFUSED in answer.head:
            raise SigningUnavailableError(answer.head[orders.REASON])
        (signature,) = answer.files
        return signature


def answer(question: Message, ask: Ask) -> Message:
    """What was asked for, or why it is refused."""
    try:
        return _MAKERS[question.head[orders.ASKED]](question, ask)
    except CannotBeMadeError as error:
        return _refusal(orders.CANNOT_BE_MADE, error.reason)
    except SigningUnavailableError as error:
        return _refusal(orders.NOT_SIGNED, str(error))
    except MemoryError:
        return _refusal(orders.EXHAUSTED, "memory")
    except Exception:
        return _refusal(orders.BROKEN, traceback.format_exc())


def _refusal(kind: str, reason: str) -> Message:
    return Message({orders.REFUSED: kind, orders.REASON: reason})


def _file(question: Message, ask: Ask) -> Message:
    order = _FILE.validate_python(question.head["order"])
    signer = AskingSigner(_SIGNER.validate_python(question.head["signer"]), ask)
    made = make_file(question.files[0], order, signer)
    head = {
        "media_type": made.media_type,
        "sha256": made.sha256.hex(),
        "manifest_sha256": made.manifest_sha256 and made.manifest_sha256.hex(),
        "width_px": made.width_px,
        "height_px": made.height_px,
    }
    return Message(head, [made.content])


def _fingerprint(question: Message, _: Ask) -> Message:
    return Message({"fingerprint": fingerprint_of(question.files[0]).to_statement()})


def _painting(question: Message, _: Ask) -> Message:
    return Message({}, [paint_without_label(question.head["spec"])])


def _paper(question: Message, _: Ask) -> Message:
    facts = _PAPER.validate_python(question.head["facts"])
    picture = question.files[0] if question.files else None
    return Message({}, [print_certificate(facts, picture, question.head["language"])])


_MAKERS: Final[Mapping[str, Callable[[Message, Ask], Message]]] = {
    orders.FILE: _file,
    orders.FINGERPRINT: _fingerprint,
    orders.PAINTING: _painting,
    orders.PAPER: _paper,
}


def main() -> None:
    """Memory is limited, time is not: whoever asks has a limit for every question."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    serve(answer)


if __name__ == "__main__":
    main()
