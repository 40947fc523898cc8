"""A witness signs that the log only ever grew. We show it checkpoints; it signs or says why not.

Source: c2sp.org/tlog-witness v1.0.0, `add-checkpoint`.
"""

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import httpx
import regex

from core.settings import Settings
from provenance.log.checkpoints import add_signatures
from provenance.log.errors import LogFormatError, ProofError
from provenance.log.notes import COSIGNATURE, Verifier, parse_note, parse_vkey

MAX_ANSWER_BYTES: Final = 64 * 1024
TIMEOUT_SECONDS: Final = 5.0
_SIZE: Final = regex.compile(r"[0-9]{1,19}")


class WitnessBehindError(Exception):
    """It has seen another size than we thought. Nothing was signed; ask again from there."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the witness has seen {size} leaves")
        self.size = size


class WitnessRefusedError(Exception):
    """It does not sign, cannot be reached, or answered something else."""


@dataclass(frozen=True, slots=True)
class Witness:
    """url: what `add-checkpoint` stands below. verifier: its public key, of the kind COSIGNATURE."""

    url: str
    verifier: Verifier
    timeout_seconds: float

    def __post_init__(self) -> None:
        if self.verifier.kind != COSIGNATURE:
            raise LogFormatError(f"{self.verifier.name} is not the key of a witness")


def configured_witnesses(settings: Settings) -> list[Witness]:
    """Raises: LogFormatError: a key cannot be read; the process must not start."""
    pairs = (one.split(" ") for one in settings.provenance.witnesses)
    return [Witness(url, parse_vkey(vkey), TIMEOUT_SECONDS) for vkey, url in pairs]


async def add_checkpoint(
    client: httpx.AsyncClient, witness: Witness, checkpoint: str, *, old_size: int, proof: Sequence[bytes]
) -> str:
    """The checkpoint with the witness's signature, verified.

    Args:
        proof: of consistency between `old_size`, which the witness has seen, and the checkpoint.
    Raises: WitnessBehindError, WitnessRefusedError.
    """
    lines = "".join(f"{base64.b64encode(one).decode()}\n" for one in proof)
    body = f"old {old_size}\n{lines}\n{checkpoint}".encode()
    status, answer = await _post(client, witness, body)
    if status == 409 and _SIZE.fullmatch(answer.strip()):
        raise WitnessBehindError(int(answer))
    if status != 200:
        raise WitnessRefusedError(f"{status}: {''.join(filter(str.isprintable, answer[:100]))}")
    own = f"\N{EM DASH} {witness.verifier.name} "  # it may not sign for the log, or for another witness
    try:
        signed = add_signatures(checkpoint, [line for line in answer.split("\n") if line.startswith(own)])
        parse_note(signed).require(witness.verifier)
    except (LogFormatError, ProofError) as error:
        raise WitnessRefusedError(f"its signature is not good: {error}") from error
    return signed


async def _post(client: httpx.AsyncClient, witness: Witness, body: bytes) -> tuple[int, str]:
    """(status, at most MAX_ANSWER_BYTES of the answer)."""
    url = f"{witness.url.rstrip('/')}/add-checkpoint"
    received = b""
    try:
        async with (
            asyncio.timeout(witness.timeout_seconds),  # of all; the client's own are of each step
            client.stream("POST", url, content=body, timeout=witness.timeout_seconds) as answer,
        ):
            async for chunk in answer.aiter_bytes():
                received += chunk
                if len(received) > MAX_ANSWER_BYTES:
                    raise WitnessRefusedError("it says too much")
            return answer.status_code, received.decode("utf-8", "replace")
    except (httpx.HTTPError, TimeoutError) as error:
        raise WitnessRefusedError(str(error) or type(error).__name__) from error
