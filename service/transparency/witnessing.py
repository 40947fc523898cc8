"""Have the log's checkpoints signed by its witnesses, each at its own pace. Nothing waits for them."""

from collections.abc import Sequence
from typing import Final

import httpx
import structlog

from core.clock import Clock
from core.database import Sessions
from models.transparency import LogHead
from provenance.log import queries
from provenance.log.errors import ProofError
from provenance.log.notes import parse_note
from provenance.log.witness import Witness, WitnessBehindError, WitnessRefusedError, add_checkpoint
from service.transparency.tile_shelf import TileShelf

log = structlog.get_logger()

TRIES: Final = 2  # the second with the size that the witness named


async def ask_witnesses(
    sessions: Sessions,
    shelf: TileShelf,
    client: httpx.AsyncClient,
    witnesses: Sequence[Witness],
    clock: Clock,
) -> None:
    """Show the newest checkpoint to every witness that has not signed it."""
    for witness in witnesses:
        head = await shelf.find_head()
        if head is None or head.checkpoint is None or not head.published_size:
            return
        if _has_signed(head.checkpoint, witness):
            continue
        try:
            signed = await _ask(sessions, shelf, client, witness, head)
        except WitnessRefusedError as error:
            log.warning("log.witness_refused", witness=witness.verifier.name, why=str(error))
            async with sessions.begin() as session:
                await queries.note_witness(
                    session, witness.verifier.name, seen_size=0, seen_at=None, failure=str(error)[:300]
                )
            continue
        async with sessions.begin() as session:
            await queries.note_witness(
                session,
                witness.verifier.name,
                seen_size=head.published_size,
                seen_at=clock(),
                failure=None,
            )
            # Where a later checkpoint is shown already, the next round asks for that one.
            await queries.replace_checkpoint(session, old=head.checkpoint, new=signed)


def _has_signed(checkpoint: str, witness: Witness) -> bool:
    try:
        parse_note(checkpoint).require(witness.verifier)
    except ProofError:
        return False
    return True


async def _ask(
    sessions: Sessions, shelf: TileShelf, client: httpx.AsyncClient, witness: Witness, head: LogHead
) -> str:
    """The checkpoint with the witness's signature. Raises: WitnessRefusedError."""
    async with sessions() as session:
        known = await queries.find_witness(session, witness.verifier.name)
    old_size = 0 if known is None else known.seen_size
    for _ in range(TRIES):
        if old_size > head.published_size:
            raise WitnessRefusedError(f"it has seen {old_size} leaves, we have {head.published_size}")
        proof = await shelf.consistency(old_size, head.published_size)
        try:
            return await add_checkpoint(
                client, witness, head.checkpoint or "", old_size=old_size, proof=proof
            )
        except WitnessBehindError as error:
            old_size = error.size
    raise WitnessRefusedError("it named a size and then another")
