"""What search engines are told of a certificate: schema.org, as JSON-LD."""

from typing import Any, Final

from models.certificate import Certificate, CertificateState
from provenance.certificates import CertificateDocument

CONTEXT: Final = "https://schema.org"
ACTIVE: Final = f"{CONTEXT}/CertificationActive"
INACTIVE: Final = f"{CONTEXT}/CertificationInactive"


def describe_certificate(
    certificate: Certificate, document: CertificateDocument | None, address: str, *, has_picture: bool
) -> dict[str, Any]:
    """A creative work and its certification; nobody's name is in it. address: of the page."""
    is_active = certificate.state is CertificateState.ISSUED
    certification: dict[str, Any] = {
        "@type": "Certification",
        "certificationIdentification": certificate.number,
        "certificationStatus": ACTIVE if is_active else INACTIVE,
        "url": address,
    }
    work: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "CreativeWork",
        "identifier": certificate.number,
        "url": address,
        "hasCertification": certification,
    }
    if certificate.shows_work and certificate.title:
        work["name"] = certificate.title
    if has_picture:
        work["thumbnailUrl"] = f"{address}/picture"
    if document is not None:
        facts = document.facts
        certification["issuedBy"] = {"@type": "Organization", "name": document.issuer}
        certification["datePublished"] = facts.issued_at.isoformat()
        work["dateCreated"] = facts.made_at.isoformat()
        work["digitalSourceType"] = facts.source_type
        work["encoding"] = {
            "@type": "MediaObject",
            "encodingFormat": facts.media_type.partition(";")[0],
            "sha256": facts.content_sha256.hex(),
        }
    return work
