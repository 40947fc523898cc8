"""What is judged: a file's examination beside its evidence, everything parsed once and every proof tried."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from provenance.certificates import CertificateDocument, CertificateFormatError, read_document
from provenance.evidence import Evidence
from provenance.examination import Examination
from provenance.log.errors import LogFormatError, ProofError
from provenance.log.proofs import LogProof, parse_proof
from provenance.records import ExportRecord, RecordError, read_record
from provenance.verification.report import Trust

_Source = TypeVar("_Source")
_Found = TypeVar("_Found")


class Case:
    """document, records, proofs: None, or None among them, where malformed. proved: the entry of each."""

    def __init__(self, examination: Examination, evidence: Evidence, trust: Trust) -> None:
        self.examination, self.evidence, self.trust = examination, evidence, trust
        self.document: CertificateDocument | None = None
        if evidence.certificate is not None:
            try:
                self.document = read_document(evidence.certificate)
            except CertificateFormatError:
                self.document = None
        self.records = [_read(read_record, one) for one in evidence.records]
        self.proofs = [_read(parse_proof, one) for one in evidence.proofs]
        self.proved = [self._prove(proof) for proof in self.proofs]

    @property
    def is_certified_file(self) -> bool:
        return self.document is not None and self.document.facts.content_sha256 == self.examination.sha256

    @property
    def record(self) -> ExportRecord | None:
        """What says that this very file is one of the certified work, whether or not the log has it."""
        if self.document is None:
            return None
        wanted = self.document.facts.number, self.examination.sha256
        matching = [one for one in self.records if one and (one.number, one.sha256) == wanted]
        return next((one for one in matching if self.is_proved(one)), matching[0] if matching else None)

    def is_proved(self, record: ExportRecord) -> bool:
        return record.entry in self.proved

    def entries(self) -> Iterator[tuple[bytes, int | None, str | None]]:
        """Leaves that proofs may be about: entry, place and log as far as they are named."""
        if self.document is not None:
            yield self.document.entry, self.document.index, self.document.origin
        for one in self.records:
            if one is not None:
                yield one.entry, None, None

    def _prove(self, proof: LogProof | None) -> bytes | None:
        """The entry that a proof proves; None: none of them."""
        if proof is None:
            return None
        for entry, index, origin in self.entries():
            if index not in (None, proof.index):
                continue
            for key in self.trust.log_keys:
                if origin not in (None, key.name):
                    continue
                try:
                    proof.verify(entry, key, self.trust.witnesses)
                except (LogFormatError, ProofError):
                    continue
                return entry
        return None


def _read(read: Callable[[_Source], _Found], source: _Source) -> _Found | None:
    try:
        return read(source)
    except (LogFormatError, RecordError):
        return None
