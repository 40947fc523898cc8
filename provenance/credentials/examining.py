"""What a signer's chain says of itself, and what a validator would say against it."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from provenance.credentials.chains import (
    CLAIM_SIGNING,
    DOCUMENT_SIGNING,
    EMAIL_PROTECTION,
    LONGEST_DAYS,
)

SOON: Final = timedelta(days=30)
DEVELOPMENT: Final = "not trusted"  # what the names of our development authorities end with
_LONGEST_BYTES: Final = 64 * 1024
_Kind = TypeVar("_Kind", bound=x509.ExtensionType)


@dataclass(frozen=True, slots=True)
class ChainFacts:
    """warnings: why validators may not accept it, in words for an operator."""

    subject: str
    issuer: str
    expires_at: datetime
    days_left: int
    is_development: bool
    warnings: tuple[str, ...]


def read_chain(pem: bytes) -> list[x509.Certificate]:
    """The signer's own certificate first. Raises: ValueError: not certificates as PEM."""
    if len(pem) > _LONGEST_BYTES:
        raise ValueError("longer than any chain of certificates")
    return x509.load_pem_x509_certificates(pem)


def examine_chain(chain: Sequence[x509.Certificate], *, now: datetime) -> ChainFacts:
    """Against the profile of the conformance programme 0.2, as far as a chain alone can tell."""
    leaf = chain[0]
    expires_at = leaf.not_valid_after_utc
    issuer = _common_name(leaf.issuer)
    return ChainFacts(
        subject=leaf.subject.rfc4514_string(),
        issuer=leaf.issuer.rfc4514_string(),
        expires_at=expires_at,
        days_left=(expires_at - now).days,
        is_development=issuer.endswith(DEVELOPMENT),
        warnings=(*_of_time(leaf, now), *_of_profile(leaf), *_of_order(chain)),
    )


def matches(certificate: x509.Certificate, key: EllipticCurvePublicKey) -> bool:
    """Whether the certificate is for that key."""
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    return certificate.public_key().public_bytes(*form) == key.public_bytes(*form)


def _of_time(leaf: x509.Certificate, now: datetime) -> Iterator[str]:
    left = leaf.not_valid_after_utc - now
    if left <= timedelta():
        yield "it has expired"
    elif left < SOON:
        yield f"it expires in {left.days} days"
    if leaf.not_valid_before_utc > now:
        yield "it is not valid yet"
    if leaf.not_valid_after_utc - leaf.not_valid_before_utc > timedelta(days=LONGEST_DAYS):
        yield f"it lives longer than {LONGEST_DAYS} days"


def _of_profile(leaf: x509.Certificate) -> Iterator[str]:
    key = leaf.public_key()
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        yield "its key is not on the curve P-256, which is what claims are signed on"
    usage = _extension(leaf, x509.KeyUsage)
    if usage is None or not usage.digital_signature or usage.key_cert_sign:
        yield "its key usage is not that of a signer of claims"
    basic = _extension(leaf, x509.BasicConstraints)
    if basic is not None and basic.ca:
        yield "it is a certificate authority; those never sign claims"
    uses: set[x509.ObjectIdentifier] = set(_extension(leaf, x509.ExtendedKeyUsage) or ())
    if CLAIM_SIGNING not in uses:
        yield "it lacks the extended key usage claimSigning"
    if not uses & {EMAIL_PROTECTION, DOCUMENT_SIGNING}:
        yield "it lacks the extended key usages emailProtection and documentSigning"
    if ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in uses:
        yield "it is for any use, which validators refuse"


def _of_order(chain: Sequence[x509.Certificate]) -> Iterator[str]:
    for lower, upper in itertools.pairwise(chain):
        try:
            lower.verify_directly_issued_by(upper)
        except (InvalidSignature, ValueError, TypeError):
            yield "the certificates are not in order: each must be issued by the next"
            return


def _extension(certificate: x509.Certificate, kind: type[_Kind]) -> _Kind | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""
