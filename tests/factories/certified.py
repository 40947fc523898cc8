"""Certified files as exports make them: sealed, with certificate, record and proofs in a small log."""

import functools
import io
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from generators.backends.studio.art.paint import paint
from generators.contracts import Pixels
from generators.specs import Style
from provenance.certificates import (
    CertificateFacts,
    new_number,
    sign_statement,
    write_document,
    write_statement,
)
from provenance.credentials.chains import (
    Authority,
    Subject,
    issue,
    make_authority,
    make_key,
    to_pem,
)
from provenance.credentials.facts import CredentialTrust
from provenance.credentials.signers import FileSigner
from provenance.evidence import Evidence
from provenance.facts import MadeBy, SealFacts
from provenance.fingerprints import fingerprint
from provenance.labels import ALGORITHMIC
from provenance.leaves import export_entry
from provenance.log.checkpoints import Checkpoint
from provenance.log.merkle import inclusion_ranges, leaf_hash, root_of
from provenance.log.notes import Signer
from provenance.log.proofs import LogProof
from provenance.sealing import seal
from provenance.verification.report import Trust

NOW = datetime(2026, 11, 28, 1, 0, tzinfo=UTC)
US = "huajian.example"
WIDTH_PX, HEIGHT_PX = 360, 480
ENCODERS = {"image/jpeg": ("JPEG", {"quality": 92}), "image/png": ("PNG", {}), "image/webp": ("WEBP", {})}


@dataclass(frozen=True, slots=True)
class Certified:
    """A file with everything to verify it by."""

    content: bytes
    media_type: str
    evidence: Evidence
    number: str


@dataclass(frozen=True, slots=True)
class Operator:
    """Keys of somebody who certifies."""

    log: Signer
    certificates: Signer
    authority: Authority
    signer: FileSigner

    @property
    def trust(self) -> Trust:
        """What somebody knows who knows this operator."""
        return Trust(
            certificate_keys=(self.certificates.verifier,),
            log_keys=(self.log.verifier,),
            credentials=CredentialTrust(to_pem(self.authority.certificate)),
        )


def operator(name: str = US) -> Operator:
    return _operator(name)


@functools.cache
def _operator(name: str) -> Operator:
    authority = make_authority(Subject("CN", name, f"{name} authority"), now=NOW - timedelta(days=2))
    key = make_key()
    chain = to_pem(
        issue(authority, Subject("CN", name, f"{name} signer"), key.public_key(), now=NOW - timedelta(days=1))
    )
    return Operator(
        Signer(f"{name}/log", Ed25519PrivateKey.generate()),
        Signer(f"{name}/certificates", Ed25519PrivateKey.generate()),
        authority,
        FileSigner(key, chain),
    )


@functools.cache
def painted(seed: int = 7, style: Style = Style.INK) -> Pixels:
    return paint(style, seed=seed, width_px=WIDTH_PX, height_px=HEIGHT_PX).pixels


def encoded(pixels: Pixels, media_type: str) -> bytes:
    if media_type == "video/mp4":
        return film(pixels)
    kind, options = ENCODERS[media_type]
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def film(pixels: Pixels) -> bytes:
    """A dozen frames in which the picture drifts."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
            stream = container.add_stream("libx264", rate=12)
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height, stream.pix_fmt = pixels.shape[1], pixels.shape[0], "yuv420p"
            for number in range(12):
                frame = av.VideoFrame.from_ndarray(np.roll(pixels, number, axis=1))
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path.read_bytes()


def seal_facts(produce_id: str = "0199c3f2b7a07c4e8d1f6a5b4c3d2e1f") -> SealFacts:
    return SealFacts(
        produce_id=produce_id,
        producer_code=None,
        source_type=ALGORITHMIC,
        language="zh",
        title="雪里梅花",
        made_at=NOW,
        made_by=(MadeBy("studio", "procedural-art", "1", is_model=False),),
    )


def certified(media_type: str = "image/jpeg", seed: int = 7, by: str = US) -> Certified:
    """A work's original with its certificate, and a proof from a log of seven leaves; made once."""
    return _certified(media_type, seed, by)


@functools.cache
def _certified(media_type: str, seed: int, by: str) -> Certified:
    operated = operator(by)
    pixels = painted(seed)
    sealed = seal(encoded(pixels, media_type), media_type, seal_facts(f"{seed:032x}"), operated.signer)
    facts = CertificateFacts(
        number=new_number(),
        kind="image",
        media_type=media_type,
        content_sha256=sealed.sha256,
        manifest_sha256=sealed.manifest_sha256,
        commitment=bytes(32),
        source_type=ALGORITHMIC,
        made_at=NOW,
        issued_at=NOW,
        fingerprints=fingerprint(pixels).to_statement(),
    )
    statement = write_statement(
        facts, issuer=operated.certificates.name, is_development=False, origin=operated.log.name, index=3
    )
    document = write_document(
        statement, sign_statement(statement, operated.certificates), operated.certificates.verifier.id.hex()
    )
    proof = prove(facts.entry, 3, operated.log)
    return Certified(sealed.content, media_type, Evidence(document, proofs=(proof,)), facts.number)


def exported(original: Certified, media_type: str, by: str = US) -> Certified:
    """Another file of a certified work, with its record."""
    sealed = seal(encoded(painted()[::2, ::2], media_type), media_type, seal_facts(), operator(by).signer)
    record = export_entry(
        number=original.number,
        sha256=sealed.sha256,
        manifest_sha256=sealed.manifest_sha256,
        media_type=media_type,
        made_at=NOW,
    )
    proofs = (*original.evidence.proofs, prove(record, 5, operator(by).log))
    evidence = replace(original.evidence, records=(record,), proofs=proofs)
    return Certified(sealed.content, media_type, evidence, original.number)


def prove(entry: bytes, index: int, log: Signer) -> str:
    """The proof of an entry among other leaves."""
    others: Sequence[bytes] = [leaf_hash(bytes([number])) for number in range(7)]
    leaves = [*others[:index], leaf_hash(entry), *others[index + 1 :]]
    path = [root_of(leaves[start:end]) for start, end in inclusion_ranges(index, len(leaves))]
    checkpoint = log.sign(Checkpoint(log.name, len(leaves), root_of(leaves)).text)
    return LogProof(index, path, checkpoint).to_text()
