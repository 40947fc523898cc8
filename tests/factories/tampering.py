"""What may befall a certified file or its evidence, and what must be said of it then."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from PIL import Image

from benchmarks.fingerprints import cropped, reencoded, resized
from generators.contracts import Pixels
from provenance.evidence import Evidence
from provenance.sealing import seal
from provenance.verification.report import Answer
from tests.factories.certified import Certified, certified, encoded, operator, painted, seal_facts

PICTURES: Final = ("image/jpeg", "image/png", "image/webp")
EVERYTHING: Final = (*PICTURES, "video/mp4")


@dataclass(frozen=True, slots=True)
class Tampering:
    """One row of the matrix. alone: the answer without a bundle; bundled: with it.

    found: whether the picture must be found again by its looks; None where it still says whose it is.
    """

    name: str
    make: Callable[[Certified], Certified]
    alone: Answer
    bundled: Answer
    applies_to: tuple[str, ...] = EVERYTHING
    found: bool | None = None


def flipped(content: bytes, at: int, bit: int = 0) -> bytes:
    """One byte with one bit turned."""
    return content[:at] + bytes([content[at] ^ (1 << bit)]) + content[at + 1 :]


def _at(fraction: float) -> Callable[[Certified], Certified]:
    def tamper(one: Certified) -> Certified:
        return replace(one, content=flipped(one.content, int(fraction * len(one.content))))

    return tamper


def _behind(mark: bytes, distance: int) -> Callable[[Certified], Certified]:
    def tamper(one: Certified) -> Certified:
        at = one.content.index(mark) + len(mark) + distance
        return replace(one, content=flipped(one.content, at))

    return tamper


def _evidence(change: Callable[[Evidence], Evidence]) -> Callable[[Certified], Certified]:
    def tamper(one: Certified) -> Certified:
        return replace(one, evidence=change(one.evidence))

    return tamper


def _certificate(evidence: Evidence) -> Evidence:
    document = evidence.certificate or b""
    return replace(evidence, certificate=flipped(document, document.index(b'"content_sha256":"') + 20))


def _proof(evidence: Evidence) -> Evidence:
    return replace(evidence, proofs=(_turned(evidence.proofs[0], "index 3\n", 4),))


def _checkpoint(evidence: Evidence) -> Evidence:
    return replace(evidence, proofs=(_turned(evidence.proofs[0], "/log\n7\n", 9),))


def _turned(proof: str, mark: str, distance: int) -> str:
    return flipped(proof.encode(), proof.encode().index(mark.encode()) + len(mark) + distance).decode()


def _other(one: Certified) -> Certified:
    return certified(one.media_type, seed=8)


def _swapped_certificate(one: Certified) -> Certified:
    return replace(one, evidence=_other(one).evidence)


def _swapped_proof(one: Certified) -> Certified:
    return replace(one, evidence=replace(one.evidence, proofs=_other(one).evidence.proofs))


def _stripped(one: Certified) -> Certified:
    """The same pixels in a file without a word about them."""
    with Image.open(io.BytesIO(one.content)) as picture:
        return _with(one, np.asarray(picture.convert("RGB")))


def _resigned(one: Certified) -> Certified:
    """The same work, sealed by somebody nobody knows."""
    stranger = operator("elsewhere.example")
    sealed = seal(encoded(painted(), one.media_type), one.media_type, seal_facts(), stranger.signer)
    return replace(one, content=sealed.content)


def _with(one: Certified, pixels: Pixels) -> Certified:
    return replace(one, content=encoded(pixels, one.media_type))


def _pixels(change: Callable[[Pixels], Pixels]) -> Callable[[Certified], Certified]:
    return lambda one: _with(one, change(painted()))


MATRIX: Final = (
    Tampering("nothing", lambda one: one, Answer.INTACT, Answer.INTACT),
    Tampering("one byte of the pixels", _at(0.7), Answer.ALTERED, Answer.ALTERED),
    Tampering("one byte of the label", _behind(b"ProduceID", 12), Answer.ALTERED, Answer.ALTERED),
    Tampering("one byte of the manifest", _behind(b"c2pa.claim", 40), Answer.ALTERED, Answer.ALTERED),
    Tampering("one byte of the certificate", _evidence(_certificate), Answer.INTACT, Answer.ALTERED),
    Tampering("one byte of the proof", _evidence(_proof), Answer.INTACT, Answer.ALTERED),
    Tampering("one byte of the checkpoint", _evidence(_checkpoint), Answer.INTACT, Answer.ALTERED),
    Tampering("another work's certificate", _swapped_certificate, Answer.INTACT, Answer.ALTERED),
    Tampering("another work's proof", _swapped_proof, Answer.INTACT, Answer.ALTERED),
    Tampering("signed by a stranger", _resigned, Answer.SIGNER_UNKNOWN, Answer.ALTERED),
    Tampering("metadata stripped", _stripped, Answer.NOTHING_FOUND, Answer.ALTERED, PICTURES, found=True),
    Tampering(
        "re-encoded at q70", _pixels(reencoded), Answer.NOTHING_FOUND, Answer.ALTERED, PICTURES, found=True
    ),
    Tampering(
        "5 % cut off",
        _pixels(lambda pixels: cropped(pixels, 0.05, 0, 0.05, 0)),
        Answer.NOTHING_FOUND,
        Answer.ALTERED,
        PICTURES,
        found=True,
    ),
    Tampering(
        "resized to 50 %", _pixels(resized), Answer.NOTHING_FOUND, Answer.ALTERED, PICTURES, found=True
    ),
    Tampering(
        "another picture",
        _pixels(lambda _: painted(9)),
        Answer.NOTHING_FOUND,
        Answer.ALTERED,
        PICTURES,
        found=False,
    ),
)


def cases() -> Iterator[tuple[Tampering, str]]:
    """Every row for every kind of file that it can befall."""
    for tampering in MATRIX:
        for media_type in tampering.applies_to:
            yield tampering, media_type
