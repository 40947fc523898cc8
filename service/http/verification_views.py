"""A verdict as it is told."""

from provenance.credentials.facts import CredentialState
from provenance.verification.report import NEVER_CHECKED, STEPS, Check, Report
from provenance.verification.wording import (
    name_of_outcome,
    name_of_step,
    never_checked,
    summary_of,
    text_of,
    title_of,
)
from service.flows.verify_file import Similar, Verdict
from service.http.verification_schemas import (
    CheckRead,
    FoundCertificateRead,
    FoundCredentialsRead,
    FoundLabelRead,
    NotCheckedRead,
    SimilarRead,
    VerificationRead,
    VerifiedFileRead,
)


def read_verdict(verdict: Verdict, language: str) -> VerificationRead:
    report = verdict.report
    found = report.examination
    return VerificationRead(
        answer=report.answer,
        title=title_of(report.answer, language),
        summary=summary_of(report.answer, language),
        file=VerifiedFileRead(
            name=verdict.name,
            media_type=found.media_type,
            size_bytes=found.size_bytes,
            sha256=found.sha256.hex(),
        ),
        checks=[_check(check, language) for check in report.checks],
        not_checked=[NotCheckedRead(code=code, text=never_checked(code, language)) for code in NEVER_CHECKED],
        label=_label(report),
        credentials=_credentials(report),
        certificate=_certificate(verdict),
        similar=[_similar(one) for one in verdict.similar],
    )


def _check(check: Check, language: str) -> CheckRead:
    return CheckRead(
        step=STEPS.index(check.step) + 1,
        name=name_of_step(check.step, language),
        outcome=check.outcome,
        outcome_text=name_of_outcome(check.outcome, language),
        code=check.code,
        text=text_of(check, language),
    )


def _label(report: Report) -> FoundLabelRead | None:
    for found in report.examination.labels:
        if found.label is not None:
            return FoundLabelRead(
                producer=found.label.producer, produce_id=found.label.produce_id, place=found.place
            )
    return None


def _credentials(report: Report) -> FoundCredentialsRead | None:
    found = report.examination.credentials
    if found.state is CredentialState.NONE:
        return None
    return FoundCredentialsRead(
        state=found.state,
        signer=found.signer,
        organisation=found.organisation,
        generator=found.generator,
        signed_at=found.signed_at,
        has_known_time=found.has_known_time,
        actions=list(found.actions),
        source_types=list(found.source_types),
    )


def _certificate(verdict: Verdict) -> FoundCertificateRead | None:
    document, ours = verdict.report.document, verdict.certificate
    if document is None:
        return None
    return FoundCertificateRead(
        number=document.facts.number,
        issuer=document.issuer,
        issued_at=document.facts.issued_at,
        development=document.is_development,
        state=None if ours is None else ours.state,
        page_url=None if ours is None else f"/c/{ours.number}",
    )


def _similar(one: Similar) -> SimilarRead:
    certificate = one.certificate
    return SimilarRead(
        number=certificate.number,
        page_url=f"/c/{certificate.number}",
        kind=certificate.kind,
        issued_at=certificate.issued_at,
        difference_bits=one.bits,
    )
