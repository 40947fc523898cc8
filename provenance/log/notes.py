"""Signed notes: a text and the Ed25519 signatures below it. Keys as one-line texts.

Source: c2sp.org/signed-note v1.0.0.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import regex
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from provenance.log.errors import LogFormatError, ProofError

ED25519: Final = 0x01
COSIGNATURE: Final = 0x04  # Ed25519 over the note and a time: what witnesses make
MAX_NOTE_BYTES: Final = 1_000_000
MAX_SIGNATURES: Final = 100
_DASH: Final = "\N{EM DASH} "
_NAME: Final = regex.compile(r"[^\s+]{1,255}")
_KEY_BYTES: Final = 32
_TIME_BYTES: Final = 8
_SIGNATURE_BYTES: Final = 64


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key under a name. kind: ED25519 or COSIGNATURE, whose signatures cover a time too."""

    name: str
    public: bytes
    kind: int = ED25519

    def __post_init__(self) -> None:
        if _NAME.fullmatch(self.name) is None or len(self.public) != _KEY_BYTES:
            raise LogFormatError("not the name of a key, or not a key")

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as one line, to be given to those who verify."""
        return f"{self.name}+{self.id.hex()}+{_encode(bytes([self.kind]) + self.public)}"

    def verify(self, message: bytes, signature: bytes) -> None:
        """Raises: ProofError."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError) as error:
            raise ProofError(f"the signature is not by {self.name}") from error


def parse_vkey(text: str) -> Verifier:
    """Raises: LogFormatError."""
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    content = decode(encoded)
    if len(content) != 1 + _KEY_BYTES or content[0] not in (ED25519, COSIGNATURE):
        raise LogFormatError("only Ed25519 keys are known here")
    verifier = Verifier(name, content[1:], content[0])
    if verifier.id.hex() != key_id:
        raise LogFormatError("the key has another id than it says")
    return verifier


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key under a name."""

    name: str
    key: Ed25519PrivateKey

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.name, self.key.public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """The note of a text, which must end with a line break."""
        _require_text(text)
        return f"{text}\n{signature_line(self.verifier, self.key.sign(text.encode()))}\n"


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """payload: as the kind of key wants it; for cosignatures a time comes before the signature."""

    name: str
    key_id: bytes
    payload: bytes

    @property
    def line(self) -> str:
        return f"{_DASH}{self.name} {_encode(self.key_id + self.payload)}"


@dataclass(frozen=True, slots=True)
class Note:
    """A text with signatures that were not checked yet."""

    text: str
    signatures: Sequence[NoteSignature]

    def require(self, verifier: Verifier) -> None:
        """Raises: ProofError: not signed by this key, or wrongly."""
        if verifier.kind == COSIGNATURE:
            self.cosigned_at(verifier)
            return
        for payload in self._payloads(verifier):
            verifier.verify(self.text.encode(), payload)

    def cosigned_at(self, verifier: Verifier) -> int:
        """When a witness signed, in Unix seconds; its latest. Raises: ProofError."""
        times = []
        for payload in self._payloads(verifier):
            if len(payload) != _TIME_BYTES + _SIGNATURE_BYTES:
                raise ProofError(f"no cosignature of {verifier.name}")
            seconds = int.from_bytes(payload[:_TIME_BYTES], "big")
            verifier.verify(cosigned(self.text, seconds), payload[_TIME_BYTES:])
            times.append(seconds)
        return max(times)

    def _payloads(self, verifier: Verifier) -> list[bytes]:
        found = [
            one.payload for one in self.signatures if one.name == verifier.name and one.key_id == verifier.id
        ]
        if not found:
            raise ProofError(f"not signed by {verifier.name}")
        return found


def parse_note(note: str) -> Note:
    """Raises: LogFormatError: not a note, too long, or with too many signatures."""
    if len(note) > MAX_NOTE_BYTES:
        raise LogFormatError("a note of that length")
    text, gap, block = note.rpartition("\n\n")
    if not gap or not block.endswith("\n"):
        raise LogFormatError("a note without signatures")
    _require_text(text + "\n")
    lines = block[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise LogFormatError("more signatures than anybody needs")
    return Note(text + "\n", [parse_signature(line) for line in lines])


def parse_signature(line: str) -> NoteSignature:
    """One line below a note. Raises: LogFormatError."""
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    content = decode(encoded)
    if not line.startswith(_DASH) or _NAME.fullmatch(name) is None or len(content) < 5:
        raise LogFormatError("not a signature line")
    return NoteSignature(name, content[:4], content[4:])


def signature_line(verifier: Verifier, payload: bytes) -> str:
    return NoteSignature(verifier.name, verifier.id, payload).line


def cosigned(text: str, seconds: int) -> bytes:
    """What a witness signs. Source: c2sp.org/tlog-cosignature v1.0.1."""
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def cosign(text: str, seconds: int, name: str, sign: Callable[[bytes], bytes], public: bytes) -> str:
    """The signature line of a witness."""
    payload = seconds.to_bytes(_TIME_BYTES, "big") + sign(cosigned(text, seconds))
    return signature_line(Verifier(name, public, COSIGNATURE), payload)


def decode(encoded: str) -> bytes:
    """Base64 as it must be written. Raises: LogFormatError."""
    try:
        content = base64.b64decode(encoded.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise LogFormatError("not base64") from error
    if _encode(content) != encoded:
        raise LogFormatError("not base64 as it is written here")
    return content


def _encode(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _require_text(text: str) -> None:
    if not text.endswith("\n") or any(ord(one) < 32 and one != "\n" for one in text):
        raise LogFormatError("a note is whole lines without control characters")
