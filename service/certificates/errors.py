"""How certificates and exports refuse."""

from collections.abc import Mapping, Sequence

from core.errors import DomainError, ErrorKind


class CertificateNotFoundError(DomainError):
    """No such certificate, or for its owner only and that is somebody else."""

    code = "certificate_not_found"
    kind = ErrorKind.NOT_FOUND


class NotCertifiedError(DomainError):
    """Only certified works are exported; the remedy is a certificate."""

    code = "not_certified"
    kind = ErrorKind.CONFLICT


class AlreadyCertifiedError(DomainError):
    """A work is certified once; nobody is to pay for it again."""

    code = "already_certified"
    kind = ErrorKind.CONFLICT


class NotIssuedError(DomainError):
    """The certificate is not signed yet; ask again in a moment."""

    code = "certificate_pending"
    kind = ErrorKind.CONFLICT


class CertificateOverError(DomainError):
    """It was revoked: nothing more is made of it."""

    code = "certificate_revoked"
    kind = ErrorKind.CONFLICT


class CertificationFailedError(DomainError):
    """Every attempt failed. The credits are back; a new key tries again."""

    code = "certification_failed"
    kind = ErrorKind.CONFLICT


class NotTransferableError(DomainError):
    """There is nobody of that id to transfer to, or it is the owner."""

    code = "not_transferable"
    kind = ErrorKind.UNPROCESSABLE


class UnknownExportError(DomainError):
    """The work cannot be exported in that format or size."""

    code = "export_unavailable"
    kind = ErrorKind.UNPROCESSABLE

    def __init__(self, message: str, *, formats: Sequence[str]) -> None:
        super().__init__(message)
        self.formats = formats

    def facts(self) -> Mapping[str, object]:
        return {"formats": list(self.formats)}


class AgreementRequiredError(DomainError):
    """A file without a visible label needs the current terms to be agreed to."""

    code = "agreement_required"
    kind = ErrorKind.CONFLICT

    def __init__(self, *, terms_version: str, terms: Mapping[str, str]) -> None:
        super().__init__(f"Agree to the terms {terms_version} to get a file without a visible label.")
        self.terms_version = terms_version
        self.terms = terms

    def facts(self) -> Mapping[str, object]:
        return {"terms_version": self.terms_version, "terms": dict(self.terms)}


class MakingUnavailableError(DomainError):
    """The process that makes files died, hung or had too little memory; the next one may do better."""

    code = "unavailable"
    kind = ErrorKind.UNAVAILABLE


class CannotBeMadeError(Exception):
    """Making it again would not help: what it is made of is gone, or is no such file. `reason` is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
