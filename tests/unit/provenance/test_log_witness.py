"""What a witness answers is a stranger's: one that is broken, or lies, spoils nothing and holds nobody up."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance.log.checkpoints import Checkpoint, open_checkpoint
from provenance.log.notes import COSIGNATURE, Signer, Verifier, cosign, signature_line
from provenance.log.witness import Witness, WitnessRefusedError, add_checkpoint

KEY = Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\7")
LOG = Signer("huajian.example/log", Ed25519PrivateKey.from_private_bytes(bytes(32)))
CHECKPOINT = LOG.sign(Checkpoint(LOG.name, 7, bytes(32)).text)
VERIFIER = Verifier("witness.example", KEY.public_key().public_bytes_raw(), COSIGNATURE)


def own_line() -> str:
    text = Checkpoint(LOG.name, 7, bytes(32)).text
    return cosign(text, 1, VERIFIER.name, KEY.sign, VERIFIER.public)


async def ask(answer: httpx.Response, *, timeout_seconds: float = 5.0) -> str:
    transport = httpx.MockTransport(lambda _: answer)
    witness = Witness("http://witness.example", VERIFIER, timeout_seconds)
    async with asyncio.timeout(10), httpx.AsyncClient(transport=transport) as client:
        return await add_checkpoint(client, witness, CHECKPOINT, old_size=0, proof=())


async def test_only_its_own_signature_is_added() -> None:
    forged = signature_line(LOG.verifier, bytes(64))
    signed = await ask(httpx.Response(200, text=f"{forged}\n{own_line()}\n"))
    open_checkpoint(signed, LOG.verifier, [VERIFIER])
    assert forged not in signed


@pytest.mark.parametrize("status", [409, 500])
@pytest.mark.parametrize("answer", ["²\n", f"{'9' * 5000}\n", "\0", ""])
async def test_what_says_nothing_is_a_refusal_that_can_be_kept(status: int, answer: str) -> None:
    with pytest.raises(WitnessRefusedError) as refused:
        await ask(httpx.Response(status, text=answer))
    assert "\0" not in str(refused.value)


async def test_one_that_never_comes_to_an_end_is_left() -> None:
    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.01)

    with pytest.raises(WitnessRefusedError):
        await ask(httpx.Response(200, content=drip()), timeout_seconds=0.1)
