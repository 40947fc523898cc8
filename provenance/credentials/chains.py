"""Certificates of claim signers: made by the conformance profile, and read.

Source: C2PA Certificate Policy of the conformance programme 0.2 (assurance levels, key usages, validity);
C2PA 2.2 section 14.5. The programme asks for claimSigning and one of documentSigning and emailProtection;
validators with their factory settings (c2pa-rs 0.91) only know the latter, so the latter it is.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

CLAIM_SIGNING: Final = x509.ObjectIdentifier("1.3.6.1.4.1.62558.2.1")
DOCUMENT_SIGNING: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")
EMAIL_PROTECTION: Final = ExtendedKeyUsageOID.EMAIL_PROTECTION
POLICY: Final = x509.ObjectIdentifier("1.3.6.1.4.1.62558.1.1")
ASSURANCE: Final = x509.ObjectIdentifier("1.3.6.1.4.1.62558.3")
LONGEST_DAYS: Final = 366
_AUTHORITY_DAYS: Final = 3650
_BACKDATED: Final = timedelta(minutes=5)  # for clocks that are a little behind
_ASSURANCE_ARC: Final = bytes.fromhex("060a2b0601040183e85e03")  # an object identifier, all but its last arc


class AssuranceLevel(IntEnum):
    """Last arc of the level's identifier. Two needs a hardware root of trust."""

    ONE = 10
    TWO = 20


@dataclass(frozen=True, slots=True)
class Authority:
    """A root that issues certificates to signers."""

    key: EllipticCurvePrivateKey
    certificate: x509.Certificate


@dataclass(frozen=True, slots=True)
class Subject:
    """Must equal the product's record on the Conforming Products List, where there is one."""

    country: str
    organisation: str
    common_name: str

    def name(self) -> x509.Name:
        return x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, self.country),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, self.organisation),
                x509.NameAttribute(NameOID.COMMON_NAME, self.common_name),
            ]
        )


def make_key() -> EllipticCurvePrivateKey:
    return generate_private_key(SECP256R1())


def make_authority(subject: Subject, *, now: datetime) -> Authority:
    """A root of our own for ten years; trusted by whoever is told to, and by nobody else."""
    key = make_key()
    builder = _begin(subject.name(), subject.name(), key.public_key(), now=now, days=_AUTHORITY_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    return Authority(key, _identified(builder, key.public_key(), key).sign(key, SHA256()))


def issue(
    authority: Authority,
    subject: Subject,
    key: EllipticCurvePublicKey,
    *,
    now: datetime,
    days: int = 365,
    level: AssuranceLevel | None = AssuranceLevel.ONE,
    ocsp_url: str | None = None,
) -> x509.Certificate:
    """A claim signer's certificate. `level` None leaves out what only the programme may state.

    Raises: ValueError: more than 366 days.
    """
    if not 1 <= days <= LONGEST_DAYS:
        raise ValueError(f"a signer's certificate lives 1 to {LONGEST_DAYS} days")
    builder = _begin(subject.name(), authority.certificate.subject, key, now=now, days=days)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
    uses = x509.ExtendedKeyUsage([EMAIL_PROTECTION, CLAIM_SIGNING])
    builder = builder.add_extension(uses, critical=False)
    if level is not None:
        policies = x509.CertificatePolicies([x509.PolicyInformation(POLICY, None)])
        builder = builder.add_extension(policies, critical=False)
        assured = x509.UnrecognizedExtension(ASSURANCE, _ASSURANCE_ARC + bytes([level]))
        builder = builder.add_extension(assured, critical=False)
    if ocsp_url is not None:
        builder = builder.add_extension(_told_by(ocsp_url), critical=False)
    return _identified(builder, key, authority.key).sign(authority.key, SHA256())


def to_pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def key_to_pem(key: EllipticCurvePrivateKey) -> bytes:
    """Not encrypted: the file's mode and place protect it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _begin(
    subject: x509.Name, issuer: x509.Name, key: EllipticCurvePublicKey, *, now: datetime, days: int
) -> x509.CertificateBuilder:
    return x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=subject,
        public_key=key,
        serial_number=x509.random_serial_number(),
        not_valid_before=now - _BACKDATED,
        not_valid_after=now - _BACKDATED + timedelta(days=days),
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=not signs_certificates,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _identified(
    builder: x509.CertificateBuilder, key: EllipticCurvePublicKey, issuer: EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    own = x509.SubjectKeyIdentifier.from_public_key(key)
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key())
    return builder.add_extension(own, critical=False).add_extension(above, critical=False)


def _told_by(ocsp_url: str) -> x509.AuthorityInformationAccess:
    place = x509.UniformResourceIdentifier(ocsp_url)
    return x509.AuthorityInformationAccess(
        [x509.AccessDescription(AuthorityInformationAccessOID.OCSP, place)]
    )
