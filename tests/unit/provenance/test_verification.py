"""The tampering matrix, and every single byte of the evidence: the right answer, never a wrong "intact"."""

import json
from collections import Counter
from dataclasses import replace

import pytest

from benchmarks.tampering import answers
from provenance.certificates import read_document
from provenance.evidence import Evidence
from provenance.examination import Examination
from provenance.examining import UnknownKindError, examine
from provenance.verification import wording
from provenance.verification.judging import judge
from provenance.verification.report import (
    NEVER_CHECKED,
    STEPS,
    Answer,
    Check,
    Outcome,
    Report,
    Standing,
    Trust,
)
from provenance.verification.verifying import verify
from provenance.verification.wording import (
    name_of_outcome,
    name_of_step,
    never_checked,
    summary_of,
    text_of,
    title_of,
)
from tests.factories.certified import NOW, certified, exported, operator, prove
from tests.factories.tampering import Tampering, cases, flipped

OURS = operator().trust


@pytest.fixture(scope="module")
def examination() -> Examination:
    return examine(certified().content, OURS.credentials)


def outcomes(report: Report) -> dict[str, Outcome]:
    return {check.step: check.outcome for check in report.checks}


class TestMatrix:
    @pytest.mark.parametrize(
        ("tampering", "media_type"),
        [pytest.param(*case, id=f"{case[0].name}-{case[1]}") for case in cases()],
    )
    def test_each_gets_the_right_answer(self, tampering: Tampering, media_type: str) -> None:
        alone, bundled, found = answers(tampering, media_type)
        assert (alone, bundled) == (tampering.alone, tampering.bundled)
        if tampering.found is not None:
            assert found is tampering.found

    def test_no_byte_of_the_certificate_can_be_turned(self, examination: Examination) -> None:
        told = certified().evidence
        document = told.certificate or b""
        seen = Counter(
            judge(examination, replace(told, certificate=flipped(document, at, bit)), OURS).answer
            for at in range(len(document))
            for bit in (0, 6)  # 6: base64 has letters whose last bits nobody reads
        )
        assert seen[Answer.INTACT] == seen[Answer.NOTHING_FOUND] == 0
        assert seen[Answer.ALTERED] > 9 * seen[Answer.SIGNER_UNKNOWN]  # the names of its key are few bytes

    def test_no_byte_of_the_proof_can_be_turned(self, examination: Examination) -> None:
        told = certified().evidence
        proof = told.proofs[0].encode()
        for at in range(len(proof)):
            turned = replace(told, proofs=(flipped(proof, at).decode("utf-8", "replace"),))
            assert judge(examination, turned, OURS).answer is Answer.ALTERED, proof[at - 10 : at + 10]

    def test_no_byte_of_the_file_can_be_turned(self) -> None:
        one = certified("image/webp")
        for at in range(100, len(one.content), len(one.content) // 40):
            content = flipped(one.content, at)
            assert verify(content, one.evidence, OURS).answer is Answer.ALTERED
            assert verify(content, Evidence(), OURS).answer in (Answer.ALTERED, Answer.SIGNER_UNKNOWN), at


class TestTrust:
    def test_who_knows_nobody_is_told_that_the_signer_is_unknown(self) -> None:
        one = certified()
        assert verify(one.content, one.evidence, Trust()).answer is Answer.SIGNER_UNKNOWN
        assert verify(one.content, Evidence(), Trust()).answer is Answer.SIGNER_UNKNOWN

    def test_a_certificate_by_strangers_is_not_trusted_for_a_signature_of_ours(
        self, examination: Examination
    ) -> None:
        told = certified(by="elsewhere.example").evidence
        assert judge(examination, told, OURS).answer is Answer.ALTERED
        own_key_only = replace(OURS, certificate_keys=())
        assert judge(examination, certified().evidence, own_key_only).answer is Answer.SIGNER_UNKNOWN

    def test_a_proof_of_an_unknown_log_does_not_count(self, examination: Examination) -> None:
        report = judge(examination, certified().evidence, replace(OURS, log_keys=()))
        assert report.answer is Answer.SIGNER_UNKNOWN
        assert outcomes(report)["log"] is Outcome.UNKNOWN

    def test_a_proof_of_another_place_or_another_log_proves_nothing(self, examination: Examination) -> None:
        told, other = certified().evidence, operator("elsewhere.example").log
        entry = read_document(told.certificate or b"").entry
        both = replace(OURS, log_keys=(*OURS.log_keys, other.verifier))
        for proof in (prove(entry, 4, operator().log), prove(entry, 3, other)):
            assert judge(examination, replace(told, proofs=(proof,)), both).answer is Answer.ALTERED

    def test_a_revoked_certificate_vouches_for_nothing(self, examination: Examination) -> None:
        for standing, answer in (
            (Standing(), Answer.INTACT),
            (Standing(transferred_at=NOW), Answer.INTACT),
            (Standing(revoked_at=NOW), Answer.SIGNER_UNKNOWN),
        ):
            assert judge(examination, certified().evidence, OURS, standing).answer is answer

    def test_a_certificate_alone_needs_no_log(self, examination: Examination) -> None:
        report = judge(examination, replace(certified().evidence, proofs=()), OURS)
        assert (report.answer, outcomes(report)["log"]) == (Answer.INTACT, Outcome.ABSENT)


class TestExports:
    def test_a_record_in_the_log_ties_another_file_to_the_certificate(self) -> None:
        one = exported(certified(), "image/webp")
        report = verify(one.content, one.evidence, OURS)
        assert (report.answer, outcomes(report)["content"]) == (Answer.INTACT, Outcome.PASSED)

    def test_a_record_without_its_proof_ties_nothing(self) -> None:
        one = exported(certified(), "image/webp")
        unproved = replace(one.evidence, proofs=one.evidence.proofs[:1])
        assert verify(one.content, unproved, OURS).answer is Answer.SIGNER_UNKNOWN
        unrecorded = replace(one.evidence, records=(), proofs=one.evidence.proofs[:1])
        assert verify(one.content, unrecorded, OURS).answer is Answer.ALTERED

    def test_an_entry_of_another_kind_is_no_record(self) -> None:
        one = exported(certified(), "image/webp")
        entry = one.evidence.records[0].replace(b'"type":"export"', b'"type":"expert"')
        proofs = (one.evidence.proofs[0], prove(entry, 5, operator().log))
        evidence = replace(one.evidence, records=(entry,), proofs=proofs)
        assert verify(one.content, evidence, OURS).answer is Answer.ALTERED

    def test_a_record_is_read_as_it_stands_in_the_log(self) -> None:
        one = exported(certified(), "image/webp")
        (record,) = one.evidence.records
        for other in (record + b"\n", record.replace(b'"v":1', b'"v":2,"v":1')):
            assert verify(one.content, replace(one.evidence, records=(other,)), OURS).answer is Answer.ALTERED

    def test_a_record_of_another_file_is_no_help(self) -> None:
        one, other = exported(certified(), "image/webp"), exported(certified(), "image/png")
        assert verify(other.content, one.evidence, OURS).answer is Answer.ALTERED

    def test_damaged_evidence_is_not_passed_over(self, examination: Examination) -> None:
        told = certified().evidence
        for change in (
            {"strays": 1},
            {"entry": b"{}"},
            {"records": (b'{"type":"export"}',)},
            {"certificate": b"{}"},
        ):
            assert judge(examination, replace(told, **change), OURS).answer is Answer.ALTERED


class TestLabels:
    def test_a_label_alone_is_a_trace_and_no_signature(self) -> None:
        labelled = (
            b"---\nAIGC:\n"
            + b"".join(
                f"  {key}: {json.dumps(value)}\n".encode() for key, value in json.loads(_label()).items()
            )
            + b"---\nwords\n"
        )
        report = verify(labelled, Evidence(), OURS)
        assert (report.answer, outcomes(report)["label"]) == (Answer.SIGNER_UNKNOWN, Outcome.PASSED)

    def test_plain_words_say_nothing(self) -> None:
        assert verify(b"plain words", Evidence(), OURS).answer is Answer.NOTHING_FOUND

    @pytest.mark.parametrize(
        "content", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\0\1\2\3", b"MZ\x90\0", b"\xff\xfe"]
    )
    def test_other_kinds_are_refused_unparsed(self, content: bytes) -> None:
        with pytest.raises(UnknownKindError):
            examine(content, OURS.credentials)


class TestExamination:
    @pytest.mark.parametrize("media_type", ["image/png", "video/mp4"])
    def test_it_travels_between_processes(self, media_type: str) -> None:
        one = certified(media_type)
        there = examine(one.content, OURS.credentials)
        back = Examination.from_json(there.to_json())
        assert judge(back, one.evidence, OURS).checks == judge(there, one.evidence, OURS).checks
        assert (back.looks is None) == (media_type == "video/mp4")

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"plain": [1], "looks": null}'])
    def test_anything_else_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match=r".*"):
            Examination.from_json(text)


class TestWording:
    def test_everything_that_can_be_said_is_said_in_both_languages(self, examination: Examination) -> None:
        facts = {
            "media_type",
            "size_bytes",
            "producer",
            "produce_id",
            "count",
            "signer",
            "generator",
            "codes",
        }
        facts |= {"number", "issuer", "sha256", "origin", "index", "size", "at", "bits"}

        for language in ("zh", "en"):
            for answer in Answer:
                assert title_of(answer, language) and summary_of(answer, language)
            assert all(name_of_step(step, language) for step in STEPS)
            assert all(name_of_outcome(one, language) for one in Outcome)
            assert all(never_checked(code, language) for code in NEVER_CHECKED)
            for code in wording._TEXTS["checks"]:
                assert text_of(Check("kind", Outcome.PASSED, code, dict.fromkeys(facts, "x")), language)
            report = judge(examination, certified().evidence, OURS, Standing(revoked_at=NOW))
            assert all(text_of(check, language) for check in report.checks)


def _label() -> str:
    found = examine(certified().content, OURS.credentials).labels[0].label
    assert found is not None
    return found.to_json()
