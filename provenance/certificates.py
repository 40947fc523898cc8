"""Certificates: a signed statement that these bytes were here at that time, claimed by that account.

It claims no copyright. Everything here is pure and works offline. To check one:

1. `read_document`: bounded, strict.
2. `CertificateDocument.verify`: the Ed25519 signature over the canonical statement, by a key that you trust.
3. `CertificateDocument.entry`: recompute the leaf from the statement; a `.tlog-proof` shows that it is in the
   log, at `CertificateDocument.index`.
4. Compare the SHA-256 of the file with `content_sha256`. Further files of the same work (other formats and
   sizes) have an export record, which is a leaf of the log by itself and names the certificate.
"""

import base64
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import regex
import rfc8785

from provenance.leaves import VERSION, canonical, certificate_entry, moment, parse
from provenance.log.errors import LogFormatError, ProofError
from provenance.log.merkle import leaf_hash
from provenance.log.notes import Signer, Verifier, decode

MEDIA_TYPE: Final = "application/json"
MAX_BYTES: Final = 32 * 1024
NUMBER: Final = regex.compile(r"HJ(?:-[0-9A-HJKMNP-TV-Z]{4}){3}")
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: nothing that is misread
_CONTEXT: Final = b"huajian certificate v1\n"  # no other signature of this key can be taken for one of these
_HEX: Final = regex.compile(r"[0-9a-f]{64}")
_SIGNED: Final = {"statement", "signature"}
_SIGNATURE: Final = {"algorithm", "key_id", "value"}
_MOMENT: Final = regex.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


class CertificateFormatError(ValueError):
    """Not a certificate as this version writes it."""


class UnknownIssuerError(ValueError):
    """Signed by a key that is not among those given; whether rightly cannot be told."""


class CertificateAlteredError(ValueError):
    """The signature is not over this statement."""


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What is certified of a work.

    content_sha256: of the sealed original; media_type is its type. commitment: `provenance.leaves.commit`.
    fingerprints: perceptual hashes in hex by name; they help to find a picture again and prove nothing.
    issued_at: the time of the leaf.
    """

    number: str
    kind: str
    media_type: str
    content_sha256: bytes
    manifest_sha256: bytes | None
    commitment: bytes
    source_type: str
    made_at: datetime
    issued_at: datetime
    fingerprints: Mapping[str, str] = field(default_factory=dict)

    @property
    def entry(self) -> bytes:
        """The leaf's bytes."""
        return certificate_entry(
            number=self.number,
            content_sha256=self.content_sha256,
            manifest_sha256=self.manifest_sha256,
            commitment=self.commitment,
            issued_at=self.issued_at,
        )


def new_number() -> str:
    """A number for people: 60 random bits."""
    letters = [secrets.choice(_ALPHABET) for _ in range(12)]
    return "-".join(["HJ", *("".join(letters[at : at + 4]) for at in (0, 4, 8))])


def write_statement(
    facts: CertificateFacts, *, issuer: str, is_development: bool, origin: str, index: int
) -> bytes:
    """What is signed. issuer: the name of the key; is_development: it is one that anybody may make."""
    return canonical(
        {
            "v": VERSION,
            "type": "huajian.certificate",
            "number": facts.number,
            "issuer": issuer,
            "development": is_development,
            "issued_at": moment(facts.issued_at),
            "work": {
                "kind": facts.kind,
                "made_at": moment(facts.made_at),
                "media_type": facts.media_type,
                "content_sha256": facts.content_sha256.hex(),
                "manifest_sha256": None if facts.manifest_sha256 is None else facts.manifest_sha256.hex(),
                "digital_source_type": facts.source_type,
                "fingerprints": dict(facts.fingerprints),
            },
            "owner_commitment": facts.commitment.hex(),
            "log": {"origin": origin, "index": index, "leaf_hash": leaf_hash(facts.entry).hex()},
        }
    )


def sign_statement(statement: bytes, signer: Signer) -> bytes:
    return signer.key.sign(_CONTEXT + statement)


def write_document(statement: bytes, signature: bytes, key_id: str) -> bytes:
    """The file that people keep: canonical JSON too."""
    signed = {"algorithm": "Ed25519", "key_id": key_id, "value": base64.b64encode(signature).decode()}
    return canonical({"statement": json.loads(statement), "signature": signed})


@dataclass(frozen=True, slots=True)
class CertificateDocument:
    """A certificate that was read, unverified.

    statement: canonical bytes. key_id: of the signer's key, in hex. facts: what the statement says.
    """

    statement: bytes
    signature: bytes
    key_id: str
    issuer: str
    is_development: bool
    origin: str
    index: int
    facts: CertificateFacts

    @property
    def entry(self) -> bytes:
        """The leaf that must be at `index` of the log `origin`."""
        return self.facts.entry

    def verify(self, keys: Sequence[Verifier]) -> Verifier:
        """Who signed it. Raises: UnknownIssuerError, CertificateAlteredError."""
        for key in keys:
            if key.id.hex() == self.key_id and key.name == self.issuer:
                try:
                    key.verify(_CONTEXT + self.statement, self.signature)
                except ProofError as error:
                    raise CertificateAlteredError("the signature is not over this statement") from error
                return key
        raise UnknownIssuerError(f"nobody here knows the key {self.key_id} of {self.issuer}")


def read_document(content: bytes) -> CertificateDocument:
    """Raises: CertificateFormatError: not a certificate of ours, or one of a later version."""
    if len(content) > MAX_BYTES:
        raise CertificateFormatError("longer than any certificate")
    try:
        return _read(**_only(parse(content)))
    except CertificateFormatError:
        raise
    except (ValueError, KeyError, TypeError, RecursionError, rfc8785.CanonicalizationError) as error:
        raise CertificateFormatError("not a certificate") from error


def _only(found: dict[str, Any]) -> dict[str, Any]:
    """Whoever reads a certificate believes all of it: nothing may stand beside what is signed."""
    if set(found) != _SIGNED or set(found["signature"]) != _SIGNATURE:
        raise CertificateFormatError("it says more than what is signed, or less")
    return found


def _read(statement: dict[str, Any], signature: dict[str, Any]) -> CertificateDocument:
    if statement["v"] != VERSION or statement["type"] != "huajian.certificate":
        raise CertificateFormatError("a certificate of another version")
    if signature["algorithm"] != "Ed25519":
        raise CertificateFormatError("signed in a way that is not known here")
    work, log = statement["work"], statement["log"]
    facts = CertificateFacts(
        number=_number(statement["number"]),
        kind=_text(work["kind"]),
        media_type=_text(work["media_type"]),
        content_sha256=_hash(work["content_sha256"]),
        manifest_sha256=None if work["manifest_sha256"] is None else _hash(work["manifest_sha256"]),
        commitment=_hash(statement["owner_commitment"]),
        source_type=_text(work["digital_source_type"]),
        made_at=_moment(work["made_at"]),
        issued_at=_moment(statement["issued_at"]),
        fingerprints={_text(name): _text(value) for name, value in work["fingerprints"].items()},
    )
    if leaf_hash(facts.entry).hex() != log["leaf_hash"]:
        raise CertificateFormatError("the leaf does not belong to the statement")
    if not isinstance(log["index"], int) or log["index"] < 0:
        raise CertificateFormatError("not a place in a log")
    return CertificateDocument(
        statement=canonical(statement),
        signature=_signature(signature["value"]),
        key_id=_text(signature["key_id"]),
        issuer=_text(statement["issuer"]),
        is_development=statement["development"] is True,
        origin=_text(log["origin"]),
        index=log["index"],
        facts=facts,
    )


def _signature(value: object) -> bytes:
    try:
        return decode(_text(value))  # strict: two texts of one signature would be two certificates
    except LogFormatError as error:
        raise CertificateFormatError("the signature is not base64") from error


def _number(value: object) -> str:
    if NUMBER.fullmatch(_text(value)) is None:
        raise CertificateFormatError("not a number of a certificate")
    return _text(value)


def _moment(value: object) -> datetime:
    if _MOMENT.fullmatch(_text(value)) is None:
        raise CertificateFormatError("not a time")
    return datetime.fromisoformat(_text(value))


def _hash(value: object) -> bytes:
    if _HEX.fullmatch(_text(value)) is None:
        raise CertificateFormatError("not a SHA-256")
    return bytes.fromhex(_text(value))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise CertificateFormatError("a text was expected")
    return value
