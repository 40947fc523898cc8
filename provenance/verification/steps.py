"""The steps of verifying, as `provenance.verification.judging` numbers them: each looks at one thing."""

from collections.abc import Callable, Iterator

from provenance.certificates import CertificateAlteredError, CertificateDocument, UnknownIssuerError
from provenance.credentials.examining import DEVELOPMENT
from provenance.credentials.facts import CredentialState
from provenance.log.errors import LogFormatError
from provenance.log.proofs import LogProof
from provenance.looks import ALIKE_BITS, Fingerprint, FingerprintError, Suppositions
from provenance.verification.case import Case
from provenance.verification.report import Check, Outcome, Standing

Step = Callable[[Case], Iterator[Check]]


def of_kind(case: Case) -> Iterator[Check]:
    facts = {"media_type": case.examination.media_type, "size_bytes": f"{case.examination.size_bytes:,}"}
    if case.examination.container_fault is None:
        yield Check("kind", Outcome.PASSED, "kind_known", facts)
    else:
        yield Check("kind", Outcome.UNKNOWN, "kind_damaged", facts)


def of_label(case: Case) -> Iterator[Check]:
    labels = case.examination.labels
    legible = {one.label for one in labels if one.label is not None}
    if not labels:
        yield Check("label", Outcome.ABSENT, "label_absent")
    elif any(one.label is None for one in labels):
        yield Check("label", Outcome.UNKNOWN, "label_malformed")
    elif len(legible) > 1:
        yield Check("label", Outcome.UNKNOWN, "labels_differ", {"count": str(len(labels))})
    else:
        (label,) = legible
        facts = {"producer": label.producer, "produce_id": label.produce_id}
        yield Check("label", Outcome.PASSED, "label_found", facts)


def of_manifest(case: Case) -> Iterator[Check]:
    found = case.examination.credentials
    facts = {
        "signer": found.signer or "?",
        "generator": found.generator or "?",
        "codes": ", ".join(found.codes),
    }
    match found.state:
        case CredentialState.NONE:
            yield Check("manifest", Outcome.ABSENT, "manifest_absent")
        case CredentialState.INTACT:
            is_development = facts["signer"].endswith(DEVELOPMENT)
            code = "manifest_development" if is_development else "manifest_intact"
            yield Check("manifest", Outcome.PASSED, code, facts)
        case CredentialState.UNKNOWN_SIGNER:
            yield Check("manifest", Outcome.UNKNOWN, "manifest_signer_unknown", facts)
        case CredentialState.ALTERED:
            yield Check("manifest", Outcome.FAILED, "manifest_altered", facts)


def of_same_work(case: Case) -> Iterator[Check]:
    told = case.examination.credentials.produce_id
    labels = {one.label.produce_id for one in case.examination.labels if one.label is not None}
    if told is None or not labels:
        yield Check("same_work", Outcome.ABSENT, "same_work_absent")
    elif labels == {told}:
        yield Check("same_work", Outcome.PASSED, "same_work", {"produce_id": told})
    else:
        yield Check("same_work", Outcome.FAILED, "other_work")


def of_certificate(case: Case) -> Iterator[Check]:
    if case.evidence.strays or None in case.records or not _is_own_entry(case):
        yield Check("certificate", Outcome.FAILED, "evidence_unreadable")
    if case.evidence.certificate is None:
        yield Check("certificate", Outcome.ABSENT, "certificate_absent")
        return
    if case.document is None:
        yield Check("certificate", Outcome.FAILED, "certificate_malformed")
        return
    facts = {"number": case.document.facts.number, "issuer": case.document.issuer}
    try:
        case.document.verify(case.trust.certificate_keys)
    except UnknownIssuerError:
        yield Check("certificate", Outcome.UNKNOWN, "certificate_issuer_unknown", facts)
    except CertificateAlteredError:
        yield Check("certificate", Outcome.FAILED, "certificate_altered", facts)
    else:
        code = "certificate_development" if case.document.is_development else "certificate_signed"
        yield Check("certificate", Outcome.PASSED, code, facts)


def _is_own_entry(case: Case) -> bool:
    given = case.evidence.entry
    return given is None or case.document is None or given == case.document.entry


def of_content(case: Case) -> Iterator[Check]:
    if case.document is None:
        yield Check("content", Outcome.SKIPPED, "content_skipped")
        return
    facts = {"number": case.document.facts.number, "sha256": case.examination.sha256.hex()}
    if case.is_certified_file:
        yield Check("content", Outcome.PASSED, "content_certified", facts)
    elif case.record is not None:
        is_proved = case.is_proved(case.record)
        outcome, code = (
            (Outcome.PASSED, "content_recorded") if is_proved else (Outcome.UNKNOWN, "content_unproved")
        )
        yield Check("content", outcome, code, facts)
    else:
        yield Check("content", Outcome.FAILED, "content_other", facts)


def of_manifest_hash(case: Case) -> Iterator[Check]:
    record = case.record
    if case.is_certified_file and case.document is not None:
        named = case.document.facts.manifest_sha256
    elif record is not None:
        named = record.manifest_sha256
    else:
        yield Check("manifest_hash", Outcome.SKIPPED, "manifest_hash_skipped")
        return
    if named is None and case.examination.credentials.manifest_sha256 is None:
        yield Check("manifest_hash", Outcome.ABSENT, "manifest_hash_absent")
    elif named == case.examination.credentials.manifest_sha256:
        yield Check("manifest_hash", Outcome.PASSED, "manifest_hash_same")
    else:
        yield Check("manifest_hash", Outcome.FAILED, "manifest_hash_other")


def of_log(case: Case) -> Iterator[Check]:
    if not case.proofs:
        yield Check("log", Outcome.ABSENT, "proof_absent")
    for proof, entry in zip(case.proofs, case.proved, strict=True):
        yield _of_proof(case, proof, entry)


def _of_proof(case: Case, proof: LogProof | None, entry: bytes | None) -> Check:
    if proof is None:
        return Check("log", Outcome.FAILED, "proof_malformed")
    try:
        claims = proof.claims
    except LogFormatError:
        return Check("log", Outcome.FAILED, "proof_malformed")
    facts = {"origin": claims.origin, "index": str(proof.index), "size": str(claims.size)}
    if entry is not None:
        return Check("log", Outcome.PASSED, "proof_holds", facts)
    if case.evidence.certificate is None and not case.records:
        return Check("log", Outcome.SKIPPED, "proof_alone", facts)
    if all(key.name != claims.origin for key in case.trust.log_keys) and _is_named(case, claims.origin):
        return Check("log", Outcome.UNKNOWN, "log_unknown", facts)
    return Check("log", Outcome.FAILED, "proof_fails", facts)


def _is_named(case: Case, origin: str) -> bool:
    """Whether the certificate speaks of that log; a proof from any other one cannot be for it."""
    return case.document is None or case.document.origin == origin


def of_standing(standing: Standing | None) -> Step:
    def step(case: Case) -> Iterator[Check]:
        if case.document is None:
            return
        if standing is None:
            yield Check("standing", Outcome.SKIPPED, "standing_skipped")
        elif standing.revoked_at is not None:
            facts = {"at": f"{standing.revoked_at:%Y-%m-%d}"}
            yield Check("standing", Outcome.UNKNOWN, "standing_revoked", facts)
        elif standing.transferred_at is not None:
            facts = {"at": f"{standing.transferred_at:%Y-%m-%d}"}
            yield Check("standing", Outcome.PASSED, "standing_transferred", facts)
        else:
            yield Check("standing", Outcome.PASSED, "standing_good")

    return step


def of_looks(case: Case) -> Iterator[Check]:
    if case.document is None or case.is_certified_file or case.record is not None:
        return
    bits = _difference(case.document, case.examination.looks)
    if bits is None:
        yield Check("looks", Outcome.SKIPPED, "looks_skipped")
    elif bits <= ALIKE_BITS:
        yield Check("looks", Outcome.PASSED, "looks_alike", {"bits": str(bits)})
    else:
        yield Check("looks", Outcome.UNKNOWN, "looks_different", {"bits": str(bits)})


def _difference(document: CertificateDocument, looks: Suppositions | None) -> int | None:
    if looks is None:
        return None
    try:
        fine = Fingerprint.from_statement(dict(document.facts.fingerprints)).fine
    except FingerprintError:
        return None
    return looks.fine_distance(fine)
