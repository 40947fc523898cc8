"""Verify a file offline: is it intact, does nobody known vouch for it, or was it altered?

The steps, in the order in which they are taken and reported. Each ends as passed, failed (something speaks
against it), unknown (nobody we trust says so), absent (there is nothing to check) or skipped (we could not).

 1. `kind`: what the file is, by its first bytes, and whether its structure can be read.
 2. `label`: the implicit label (GB 45438-2025): there is one, and it is well-formed. Labels are not signed.
 3. `manifest`: the C2PA manifest: every byte is as it was signed, and an authority we trust knows the signer.
 4. `same_work`: label and manifest name the same work.
 5. `certificate`: it is canonical, and its Ed25519 signature is by a key we trust.
 6. `content`: the file's SHA-256 is the one in the certificate, or in the record of an export that names the
    certificate; such a record is believed only once step 8 has found it in the log.
 7. `manifest_hash`: the manifest in the file is the one that certificate or record names.
 8. `log`: every proof given leads from the certificate's leaf, at the place that it names, or from a record's
    leaf, to a checkpoint that a log we trust has signed.
 9. `standing`: the certificate was not revoked. Only the log's present state tells: offline it is skipped.
10. `looks`: only for a picture that is not the certified file: whether it looks like it. Proves nothing.

The answer. Anything failed: **altered**. With a certificate: **intact** when 5 and 6 passed and nothing of 8
and 9 is unknown, else **signer unknown**. Without one: what step 3 says of the signer. With only a label:
**signer unknown**. With nothing at all: **nothing found**, which says nothing about where a file comes from.

What this never checks stands in every report (`NEVER_CHECKED`). No network, no clock, no files.
"""

from collections.abc import Sequence

from provenance.evidence import Evidence
from provenance.examination import Examination
from provenance.verification import steps
from provenance.verification.case import Case
from provenance.verification.report import STEPS, Answer, Check, Outcome, Report, Standing, Trust


def judge(
    examination: Examination, evidence: Evidence, trust: Trust, standing: Standing | None = None
) -> Report:
    """Pure. Args: standing: None where nobody could ask the log."""
    case = Case(examination, evidence, trust)
    checks = tuple(
        check
        for step in (
            steps.of_kind,
            steps.of_label,
            steps.of_manifest,
            steps.of_same_work,
            steps.of_certificate,
            steps.of_content,
            steps.of_manifest_hash,
            steps.of_log,
            steps.of_standing(standing),
            steps.of_looks,
        )
        for check in step(case)
    )
    return Report(_answer(case, checks), checks, examination, case.document)


def _answer(case: Case, checks: Sequence[Check]) -> Answer:
    outcomes = {step: {one.outcome for one in checks if one.step == step} for step in STEPS}
    if any(check.outcome is Outcome.FAILED for check in checks):
        return Answer.ALTERED
    if case.evidence:
        vouched = outcomes["certificate"] == {Outcome.PASSED} and outcomes["content"] == {Outcome.PASSED}
        doubted = Outcome.UNKNOWN in outcomes["log"] | outcomes["standing"]
        return Answer.INTACT if vouched and not doubted else Answer.SIGNER_UNKNOWN
    if Outcome.PASSED in outcomes["manifest"]:
        return Answer.INTACT
    if case.examination.labels or Outcome.UNKNOWN in outcomes["manifest"]:
        return Answer.SIGNER_UNKNOWN
    return Answer.NOTHING_FOUND
