"""Where files are made: child processes beside the loop, which hold the libraries that weigh most.

The key stays here. A child that has a claim to sign sends it over, is answered with a signature or a refusal,
and is given no second one for the same file.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from models.base import Json
from provenance.credentials.signers import ClaimSigner
from provenance.errors import SigningUnavailableError
from provenance.looks import Fingerprint
from service.certificates import orders
from service.certificates.errors import CannotBeMadeError, MakingUnavailableError
from service.certificates.orders import FileOrder, MadeFile, PaperFacts, SignerFacts
from service.children.asking import INHERITED
from service.children.lasting import ChildLostError, LastingChild, inherited
from service.children.messages import Message
from service.children.pool import ChildPool

WORKSHOP: Final = "service.certificates.workshop"
AT_ONCE: Final = 2  # files that are made and sealed; a core each
PRINTED_AT_ONCE: Final = 1  # papers; on top, so that none waits behind somebody else's time-stamp
LIMIT_SECONDS: Final = 30.0  # for any one thing; most take a tenth, but this machine may be busy
_FILE: Final = TypeAdapter(FileOrder)
_SIGNER: Final = TypeAdapter(SignerFacts)
_PAPER: Final = TypeAdapter(PaperFacts)


def open_workshops(fonts: Path) -> ChildPool:
    """fonts: the folder of fonts, absolute."""
    return ChildPool(WORKSHOP, {**inherited(*INHERITED), "HUAJIAN_FONTS_DIR": str(fonts)})


class WorkshopError(Exception):
    """A defect of ours in the child; its traceback."""


class Bench:
    """One per process and loop; everything from any task. What was begun goes on when its task is cancelled.

    time_stamp_seconds: how long a time-stamp authority may take, once a claim is signed.
    Everything raises MakingUnavailableError: the child died, hung or had too little memory; a new one is
    started for what comes next. And CannotBeMadeError: trying again would not help.
    """

    def __init__(self, pool: ChildPool, *, time_stamp_seconds: float) -> None:
        self._pool = pool
        self._time_stamp_seconds = time_stamp_seconds
        self._making = asyncio.Semaphore(AT_ONCE)
        self._printing = asyncio.Semaphore(PRINTED_AT_ONCE)
        self._begun: set[asyncio.Task[Message]] = set()

    async def make(self, content: bytes, order: FileOrder, signer: ClaimSigner) -> MadeFile:
        """Raises: SigningUnavailableError, also where a time-stamp does not come; and see above."""
        facts = await asyncio.to_thread(_facts_of, signer)
        head = {
            orders.ASKED: orders.FILE,
            "order": _FILE.dump_python(order, mode="json"),
            "signer": _SIGNER.dump_python(facts, mode="json"),
        }
        answer = await self._take_turn(self._making, Message(head, [content]), signer)
        manifest = answer.head["manifest_sha256"]
        return MadeFile(
            content=answer.files[0],
            media_type=answer.head["media_type"],
            sha256=bytes.fromhex(answer.head["sha256"]),
            manifest_sha256=None if manifest is None else bytes.fromhex(manifest),
            width_px=answer.head["width_px"],
            height_px=answer.head["height_px"],
        )

    async def look(self, picture: bytes) -> Fingerprint:
        """The fingerprint of a still picture of ours."""
        answer = await self._take_turn(self._making, Message({orders.ASKED: orders.FINGERPRINT}, [picture]))
        return Fingerprint.from_statement(answer.head["fingerprint"])

    async def paint(self, spec: Json) -> bytes:
        """The picture of a spec as a PNG, without its visible label."""
        answer = await self._take_turn(self._making, Message({orders.ASKED: orders.PAINTING, "spec": spec}))
        return answer.files[0]

    async def print(self, facts: PaperFacts, picture: bytes | None, language: str) -> bytes:
        """A certificate as a PDF, in "zh" or "en"."""
        head = {
            orders.ASKED: orders.PAPER,
            "facts": _PAPER.dump_python(facts, mode="json"),
            "language": language,
        }
        files = () if picture is None else (picture,)
        return (await self._take_turn(self._printing, Message(head, files))).files[0]

    async def close(self) -> None:
        """Wait for what was begun; close the pool first, and that is at once."""
        await asyncio.gather(*self._begun, return_exceptions=True)

    async def _take_turn(
        self, turns: asyncio.Semaphore, question: Message, signer: ClaimSigner | None = None
    ) -> Message:
        async def asking() -> Message:
            async with turns:
                return await asyncio.to_thread(self._ask, question, signer)

        task = asyncio.create_task(asking())
        self._begun.add(task)
        task.add_done_callback(self._forget)
        # Shielded: a turn is over when the child is free again, not when somebody has hung up.
        return _accept(await asyncio.shield(task))

    def _forget(self, task: "asyncio.Task[Message]") -> None:
        self._begun.discard(task)
        if not task.cancelled():
            task.exception()  # heard: nobody may be waiting for it any more

    def _ask(self, question: Message, signer: ClaimSigner | None) -> Message:
        """Runs in a thread."""
        is_timed = False
        try:
            with self._pool.lend(LIMIT_SECONDS) as child:
                child.say(question)
                answer = child.hear()
                if signer is not None and orders.ASKED in answer.head:
                    is_timed = signer.time_authority_url is not None
                    self._sign(child, answer.files, signer)
                    answer = child.hear()
                _require_answer(child, answer)
                return answer
        except ChildLostError as error:
            if is_timed and error.is_late:
                raise SigningUnavailableError("The time-stamp authority did not answer in time.") from error
            raise MakingUnavailableError("Files cannot be made at the moment; please try again.") from error

    def _sign(self, child: LastingChild, files: Sequence[bytes], signer: ClaimSigner) -> None:
        """However long the signer takes is its own business; the child's time starts afresh afterwards."""
        child.limit(None)
        (claim,) = files
        try:
            reply = Message({}, [signer.sign(claim)])
        except SigningUnavailableError as error:
            reply = Message({orders.REFUSED: orders.NOT_SIGNED, orders.REASON: str(error)})
        child.limit(LIMIT_SECONDS if signer.time_authority_url is None else self._time_stamp_seconds)
        child.say(reply)


def _require_answer(child: LastingChild, answer: Message) -> None:
    """Raises: ChildLostError: it has no memory left, or wants a second signature."""
    if orders.ASKED in answer.head or answer.head.get(orders.REFUSED) == orders.EXHAUSTED:
        raise ChildLostError(child.module, is_late=False)


def _facts_of(signer: ClaimSigner) -> SignerFacts:
    """Blocks where its files are read, or a service asked."""
    return SignerFacts(signer.chain_pem.decode("ascii", "ignore"), signer.time_authority_url)


def _accept(answer: Message) -> Message:
    reason: Any = answer.head.get(orders.REASON)
    match answer.head.get(orders.REFUSED):
        case None:
            return answer
        case orders.CANNOT_BE_MADE:
            raise CannotBeMadeError(reason)
        case orders.NOT_SIGNED:
            raise SigningUnavailableError(reason)
        case _:
            raise WorkshopError(reason)
