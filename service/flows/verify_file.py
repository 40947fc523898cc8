"""Verify a file that somebody sent: nothing of it is kept, and nothing is fetched because of it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from core.database import Sessions
from models.certificate import Certificate
from models.transparency import LogLeaf
from provenance.certificates import CertificateFormatError, read_document, write_document
from provenance.evidence import Evidence
from provenance.examination import Examination
from provenance.verification.judging import judge
from provenance.verification.report import Answer, Report, Standing, Trust
from service.certificates import queries
from service.certificates.errors import CertificateNotFoundError, NotIssuedError
from service.flows.bundle_export import PaperMaker
from service.verification import queries as own
from service.verification.sandbox import VerificationSandbox
from service.verification.similar import SimilarPicture, SimilarPictures

MOST_SIMILAR: Final = 5


@dataclass(frozen=True, slots=True)
class Similar:
    """A certified picture that looks like the file. bits: of 256, in which they differ."""

    certificate: Certificate
    bits: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """name: of the file, when it came in a bundle. certificate: ours, when it is one that we issued."""

    report: Report
    name: str | None
    certificate: Certificate | None
    similar: Sequence[Similar]


@dataclass(frozen=True, slots=True)
class _Known:
    """What this installation has to say for a file."""

    certificate: Certificate | None
    evidence: Evidence
    standing: Standing | None


class FileVerifier:
    """One per process. papers: None where nothing is certified.

    read_trust: reads files, so that an authority that appears later is known without a restart.
    """

    def __init__(
        self, sessions: Sessions, papers: PaperMaker | None, read_trust: Callable[[], Trust]
    ) -> None:
        self._sessions = sessions
        self._papers = papers
        self._read_trust = read_trust
        self._sandbox = VerificationSandbox()
        self._similar = SimilarPictures(sessions)

    async def close(self) -> None:
        """End what it keeps in other processes."""
        await self._similar.close()

    async def verify(self, content: bytes, given: Evidence) -> Verdict:
        """The answer for a file, with evidence that came with it; else with what we have ourselves.

        Raises: FileNotVerifiableError, FileUnreadableError, VerificationBusyError.
        """
        trust = await asyncio.to_thread(self._read_trust)
        examined = await self._sandbox.examine(content, trust.credentials)
        given = given or examined.evidence
        known = await self._look_up(examined.examination, given)
        report = judge(examined.examination, known.evidence, trust, known.standing)
        similar = await self._find_similar(report)
        return Verdict(report, examined.name, known.certificate, similar)

    async def _look_up(self, examination: Examination, given: Evidence) -> _Known:
        if given:
            async with self._sessions() as session:
                certificate = await _named(session, given)
            evidence = given
        else:
            certificate, evidence = await self._own_evidence(examination)
        if certificate is None:
            return _Known(None, evidence, None)
        async with self._sessions() as session:
            return _Known(certificate, evidence, await _standing(session, certificate))

    async def _own_evidence(self, examination: Examination) -> tuple[Certificate | None, Evidence]:
        """What we certified of exactly these bytes, or of those that their manifest was made for."""
        async with self._sessions() as session:  # given back first: proving takes one of its own
            found = await queries.find_by_file(
                session, examination.sha256, examination.credentials.manifest_sha256
            )
        document = None if found is None else _document(found[0])
        if found is None or document is None:
            return None, Evidence()
        certificate, export = found
        leaves = [certificate.leaf]
        records: tuple[bytes, ...] = ()
        if export.leaf is not None and export.leaf_id != certificate.leaf_id:
            leaves.append(export.leaf)
            records = (export.leaf.entry,)
        proofs = [await self._prove(leaf) for leaf in leaves]
        return certificate, Evidence(document, records=records, proofs=tuple(filter(None, proofs)))

    async def _prove(self, leaf: LogLeaf | None) -> str | None:
        """None while the log does not show the leaf yet."""
        if self._papers is None or leaf is None:
            return None
        try:
            return await self._papers.prove(leaf)
        except NotIssuedError:
            return None

    async def _find_similar(self, report: Report) -> Sequence[Similar]:
        looks = report.examination.looks
        if looks is None or report.answer is Answer.INTACT:
            return ()
        found = await self._similar.find(looks, limit=MOST_SIMILAR)
        async with self._sessions() as session:
            certificates = await own.list_signed(session, [one.certificate_id for one in found])
        return _joined(found, certificates)


def _joined(found: Sequence[SimilarPicture], certificates: Sequence[Certificate]) -> Sequence[Similar]:
    by_id: dict[UUID, Certificate] = {certificate.id: certificate for certificate in certificates}
    return [Similar(by_id[one.certificate_id], one.bits) for one in found if one.certificate_id in by_id]


async def _named(session: AsyncSession, given: Evidence) -> Certificate | None:
    """Our certificate, where the evidence is that one to the byte: anybody can write our number in theirs."""
    try:
        document = read_document(given.certificate or b"")
        found = await queries.get_public(session, document.facts.number)
    except (CertificateFormatError, CertificateNotFoundError):
        return None
    return found if found.statement == document.statement else None


async def _standing(session: AsyncSession, certificate: Certificate) -> Standing:
    return Standing(certificate.revoked_at, await own.find_transfer(session, certificate.id))


def _document(certificate: Certificate) -> bytes | None:
    """None of one that is not signed yet."""
    if certificate.statement is None or certificate.signature is None or certificate.key_id is None:
        return None
    return write_document(certificate.statement, certificate.signature, certificate.key_id)
