"""Who signs claims. The key may be in a file, or with a service that never shows it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from provenance.credentials.examining import read_chain
from provenance.errors import SigningUnavailableError

_HALF: Final = 32  # bytes of r, and of s


class ClaimSigner(Protocol):
    """Signs claims with ES256. May be used from several threads at once.

    chain_pem: the signer's own certificate first, then those above it, without the root.
    time_authority_url: where RFC 3161 time-stamps come from; None: claims have none.
    """

    @property
    def chain_pem(self) -> bytes: ...

    @property
    def time_authority_url(self) -> str | None: ...

    def sign(self, claim: bytes) -> bytes:
        """The signature of the bytes, not of their hash: r and s of 32 bytes each.

        Raises: SigningUnavailableError.
        """
        ...


@dataclass(frozen=True, slots=True)
class FileSigner:
    """Signs with a key at hand."""

    key: EllipticCurvePrivateKey
    chain_pem: bytes
    time_authority_url: str | None = None

    def sign(self, claim: bytes) -> bytes:
        return to_raw(self.key.sign(claim, ECDSA(SHA256())))


@dataclass(frozen=True, slots=True)
class KeyServiceSigner:
    """Signs through a service that keeps the key, as AWS KMS, Vault or an HSM do.

    ask: sends the claim's bytes, answers with an ECDSA-SHA256 signature as DER. Whatever it raises is taken
        for its absence.
    """

    ask: Callable[[bytes], bytes]
    chain_pem: bytes
    time_authority_url: str | None = None

    def sign(self, claim: bytes) -> bytes:
        try:
            return to_raw(self.ask(claim))
        except Exception as error:
            raise SigningUnavailableError("The service that keeps the signing key did not sign.") from error


def load_key(pem: bytes) -> EllipticCurvePrivateKey:
    """Raises: SigningUnavailableError: not a key on P-256 that we can read."""
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SigningUnavailableError("The signing key cannot be read as an unencrypted PEM.") from error
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise SigningUnavailableError("The signing key is not on the curve P-256.")
    return key


def to_raw(der: bytes) -> bytes:
    """r and s side by side, as COSE wants them (RFC 9053 section 2.1). Raises: ValueError."""
    r, s = decode_dss_signature(der)
    return r.to_bytes(_HALF, "big") + s.to_bytes(_HALF, "big")


def read_leaf(chain_pem: bytes) -> x509.Certificate:
    """The signer's own certificate. Raises: SigningUnavailableError: the chain cannot be read."""
    try:
        return read_chain(chain_pem)[0]
    except ValueError as error:
        raise SigningUnavailableError("The signer's chain of certificates cannot be read.") from error


def require_signed(chain_pem: bytes, signature: bytes, claim: bytes) -> None:
    """Refuse a signature that the certificate does not confirm, as of a key that was exchanged elsewhere.

    Raises: SigningUnavailableError.
    """
    key = read_leaf(chain_pem).public_key()
    r, s = (int.from_bytes(half, "big") for half in (signature[:_HALF], signature[_HALF:]))
    try:
        if not isinstance(key, EllipticCurvePublicKey):
            raise SigningUnavailableError("The certificate is for a key that is not on a curve.")
        key.verify(encode_dss_signature(r, s), claim, ECDSA(SHA256()))
    except InvalidSignature as error:
        raise SigningUnavailableError("The signature is not by the certificate's key.") from error
