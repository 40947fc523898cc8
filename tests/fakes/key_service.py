"""A service that keeps a signing key and never shows it, as a KMS does: claims go in, signatures come out."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from core.settings import Settings
from provenance.credentials.signers import KeyServiceSigner
from tests.factories.sealed_files import signing_pair


class KeyService:
    """is_away: raises, as a client library of such a service does."""

    def __init__(self, key: EllipticCurvePrivateKey) -> None:
        self._key = key
        self.is_away = False

    def sign(self, claim: bytes) -> bytes:
        if self.is_away:
            raise ConnectionError("the key service does not answer")
        return self._key.sign(claim, ECDSA(SHA256()))


def is_signature(key: EllipticCurvePublicKey, raw: bytes, claim: bytes) -> bool:
    """Whether r and s, side by side, are the key's signature of the claim."""
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    try:
        key.verify(der, claim, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def open_signer(settings: Settings) -> KeyServiceSigner:
    """Named by tests as "tests.fakes.key_service:open_signer"."""
    signer = signing_pair().signer
    return KeyServiceSigner(
        KeyService(signer.key).sign, signer.chain_pem, settings.provenance.time_authority_url
    )
