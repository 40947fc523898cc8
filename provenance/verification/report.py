"""What verifying ends in: an answer, and the checks that led to it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from provenance.certificates import CertificateDocument
from provenance.credentials.facts import CredentialTrust
from provenance.examination import Examination
from provenance.log.notes import Verifier


class Answer(StrEnum):
    INTACT = "intact"  # every byte is as somebody we know has signed it
    SIGNER_UNKNOWN = "signer_unknown"  # nothing contradicts it, and nobody we know vouches for it
    ALTERED = "altered"  # file or evidence is not as it was signed
    NOTHING_FOUND = "nothing_found"  # it says nothing of itself


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    ABSENT = "absent"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom the verifier knows. witnesses: every one of them must have signed the checkpoints."""

    certificate_keys: tuple[Verifier, ...] = ()
    log_keys: tuple[Verifier, ...] = ()
    witnesses: tuple[Verifier, ...] = ()
    credentials: CredentialTrust = field(default_factory=CredentialTrust)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the log says of the certificate since; only those who can ask it know."""

    revoked_at: datetime | None = None
    transferred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One step. code: which text explains it (wording.toml); facts: what that text names."""

    step: str
    outcome: Outcome
    code: str
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """The answer and how it came about. document: the certificate, when one could be read."""

    answer: Answer
    checks: tuple[Check, ...]
    examination: Examination
    document: CertificateDocument | None


STEPS: Final = (
    "kind",
    "label",
    "manifest",
    "same_work",
    "certificate",
    "content",
    "manifest_hash",
    "log",
    "standing",
    "looks",
)
NEVER_CHECKED: Final = ("authorship", "truth", "before", "time")
