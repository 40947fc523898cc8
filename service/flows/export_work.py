"""Export a certified work: asked for in one transaction, made without one, logged in another.

A file is made once. Its bytes, its hash and its place in the log never change; asking again is free.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from core.database import Sessions
from core.ids import new_id
from models.certificate import Certificate, CertificateState
from models.export import WorkExport, WorkExportState
from models.generation import Generation
from models.transparency import LeafKind
from models.work import Work
from provenance.credentials.signers import ClaimSigner
from provenance.facts import SealFacts
from provenance.leaves import export_entry
from provenance.log import queries as log_queries
from provenance.log.queries import NewLeaf
from service.certificates import exports, queries, unlabelled
from service.certificates.bench import Bench
from service.certificates.errors import (
    AgreementRequiredError,
    CannotBeMadeError,
    CertificateNotFoundError,
    CertificateOverError,
    NotCertifiedError,
    NotIssuedError,
    UnknownExportError,
)
from service.certificates.facts import seal_facts
from service.certificates.formats import EXTENSIONS, MEDIA_TYPES, WORDS, Choice, choose, formats_of
from service.certificates.making import MadeExport, convert, seal_file
from service.certificates.shelf import discard
from service.certificates.words import write_words
from service.jobs.errors import IdempotencyKeyReusedError
from service.storage.store import FileStore
from service.transparency.growing import LogGrower
from service.works import queries as works
from service.works.errors import WorkNotFoundError

log = structlog.get_logger()

MOST_ATTEMPTS: Final = 4


async def ask_export(
    session: AsyncSession,
    work: Work,
    *,
    wanted: str,
    size: str,
    key: str,
    language: str,
    agreed_to: str | None,
    is_labelled: bool,
    now: datetime,
) -> WorkExport:
    """The export of a certified work; queued when it was not made before.

    Args:
        agreed_to: the version of the terms that the user agreed to, for a file without a visible label.
    Raises: NotCertifiedError, NotIssuedError, CertificateOverError, CertificateNotFoundError,
        UnknownExportError, AgreementRequiredError, IdempotencyKeyReusedError.
    """
    certificate = _require_issued(await queries.find_of_work(session, work.id), work)
    choice = choose(work, wanted, size)
    if not is_labelled:
        _require_agreement(work, choice, agreed_to)
    asked = await exports.ask(session, _queued(certificate, choice, now, is_labelled=is_labelled), now=now)
    if not is_labelled:
        await exports.agree_once(session, _agreement(asked.id, work.owner_id, key, language, now))
        if not await exports.has_agreed(session, asked.id, work.owner_id):
            raise IdempotencyKeyReusedError("This key was used to agree to another file.")
    return asked


def _require_issued(certificate: Certificate | None, work: Work) -> Certificate:
    if certificate is None:
        raise NotCertifiedError("Certify the work first: POST /v1/works/{id}/certificate.")
    if certificate.owner_id != work.owner_id:
        raise CertificateNotFoundError("The certificate of this work belongs to somebody else now.")
    if certificate.state is CertificateState.REVOKED:
        raise CertificateOverError("The certificate of this work was revoked.")
    if certificate.state is not CertificateState.ISSUED:
        raise NotIssuedError("The certificate of this work is being made.")
    return certificate


def _require_agreement(work: Work, choice: Choice, agreed_to: str | None) -> None:
    if not unlabelled.can_be_made(work, choice.format):
        raise UnknownExportError(
            "This work cannot be made again without its label.",
            formats=[one for one in formats_of(work) if unlabelled.can_be_made(work, one)],
        )
    if agreed_to != unlabelled.TERMS_VERSION:
        raise AgreementRequiredError(terms_version=unlabelled.TERMS_VERSION, terms=unlabelled.TERMS)


def _queued(certificate: Certificate, choice: Choice, now: datetime, *, is_labelled: bool) -> dict[str, Any]:
    return {
        "id": new_id(),
        "certificate_id": certificate.id,
        "format": choice.format.value,
        "size": choice.size,
        "is_labelled": is_labelled,
        "state": WorkExportState.QUEUED,
        "progress_percent": 0,
        "attempts": 0,
        "next_attempt_at": now,
        "created_at": now,
    }


def _agreement(export_id: UUID, user_id: UUID, key: str, language: str, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "user_id": user_id,
        "idempotency_key": key,
        "export_id": export_id,
        "terms_version": unlabelled.TERMS_VERSION,
        "terms_sha256": unlabelled.terms_sha256(language),
        "language": language,
        "created_at": now,
        "keep_until": now + unlabelled.KEPT,
    }


class ExportMaker:
    """Makes exports; any number of them, in any processes."""

    def __init__(
        self,
        sessions: Sessions,
        store: FileStore,
        signer: ClaimSigner,
        grower: LogGrower,
        clock: Clock,
        bench: Bench,
        *,
        producer_code: str | None,
    ) -> None:
        self._sessions = sessions
        self._store = store
        self._signer = signer
        self._grower = grower
        self._clock = clock
        self._bench = bench
        self._producer_code = producer_code

    async def bring_forward(self, export_id: UUID) -> None:
        """Make one export, if nobody else is at it. What fails is tried again, a few times."""
        async with self._sessions.begin() as session:
            if not await exports.claim(session, export_id, now=self._clock()):
                return
        async with self._sessions() as session:
            export = await exports.get(session, export_id)
        if export.attempts > MOST_ATTEMPTS:  # whoever was at it died, every time
            await self._put_off(export)
            return
        try:
            await self._make(export)
        except CannotBeMadeError as error:
            log.error("export.cannot_be_made", id=str(export_id), reason=error.reason)
            async with self._sessions.begin() as session:
                await exports.fail(session, export_id, error.reason)
        except Exception as error:
            log.warning("export.attempt_failed", id=str(export_id), error=repr(error))
            await self._put_off(export)

    async def _put_off(self, export: WorkExport) -> None:
        async with self._sessions.begin() as session:
            if export.attempts >= MOST_ATTEMPTS:
                await exports.fail(session, export.id, "attempts_spent")
            else:
                await exports.retry_later(session, export.id, now=self._clock(), attempts=export.attempts)

    async def _make(self, export: WorkExport) -> None:
        certificate = export.certificate
        work, spec = await self._find_work(certificate)
        choice = choose(work, export.format, export.size)
        facts = seal_facts(work, certificate, self._producer_code)
        content = await self._source(work, choice, spec, is_labelled=export.is_labelled)
        await self._say(export.id, 30)
        is_as_stored = choice.is_as_stored and export.is_labelled
        task = _Task(content, choice, facts, certificate.number, is_as_stored)
        made = await self._bench.run(_render, task, self._signer)
        await self._say(export.id, 70)
        extension = EXTENSIONS[choice.format]
        key = f"certified/{certificate.id}/{made.sealed.sha256.hex()}.{extension}"
        await self._store.put(key, made.sealed.content, media_type=made.media_type)
        async with self._sessions.begin() as session:
            is_ours = await self._write_down(session, export, certificate, made, key)
        if is_ours:
            while await self._grower.grow():
                continue
        else:
            await discard(self._sessions, self._store, key)

    async def _find_work(self, certificate: Certificate) -> tuple[Work, dict[str, Any]]:
        if certificate.work_id is None or certificate.owner_id is None:
            raise CannotBeMadeError("erased")
        if certificate.state is CertificateState.REVOKED:
            raise CannotBeMadeError("revoked")
        async with self._sessions() as session:
            try:
                work = await works.get_work(session, certificate.work_id, owner_id=certificate.owner_id)
            except WorkNotFoundError as error:
                raise CannotBeMadeError("erased") from error
            job = await session.get_one(Generation, work.generation_id)
        return work, job.spec

    async def _source(self, work: Work, choice: Choice, spec: dict[str, Any], *, is_labelled: bool) -> bytes:
        """What the file is made of: words as the work keeps them, or a stored file."""
        if choice.format in WORDS and work.text is not None and not (choice.is_as_stored and is_labelled):
            text = work.text if is_labelled else unlabelled.words_without_label(work, work.text)
            return text.encode()
        if is_labelled:
            try:
                return await self._store.read_whole(choice.source.object_key)
            except FileNotFoundError as error:
                raise CannotBeMadeError("gone") from error
        return await self._bench.run(unlabelled.paint_without_label, spec)

    async def _write_down(
        self,
        session: AsyncSession,
        export: WorkExport,
        certificate: Certificate,
        made: MadeExport,
        object_key: str,
    ) -> bool:
        """Log the file's hash and mark it as made, together; False when somebody else did."""
        now = self._clock()
        entry = export_entry(
            number=certificate.number,
            sha256=made.sealed.sha256,
            manifest_sha256=made.sealed.manifest_sha256,
            media_type=made.media_type,
            made_at=now,
        )
        leaf = NewLeaf(LeafKind.EXPORT, export.id, entry)
        (leaf_id,) = await log_queries.append(session, [leaf], now=now)
        is_ours = await exports.finish(
            session,
            export.id,
            {
                "media_type": made.media_type,
                "width_px": made.width_px,
                "height_px": made.height_px,
                "size_bytes": len(made.sealed.content),
                "sha256": made.sealed.sha256,
                "manifest_sha256": made.sealed.manifest_sha256,
                "object_key": object_key,
                "leaf_id": leaf_id,
                "finished_at": now,
            },
        )
        if not is_ours:
            await session.rollback()
        return is_ours

    async def _say(self, export_id: UUID, percent: int) -> None:
        async with self._sessions.begin() as session:
            await exports.note_progress(session, export_id, percent)


@dataclass(frozen=True, slots=True)
class _Task:
    """note: what stands small at the foot of a document. is_as_stored: nothing but the sealing is to do."""

    content: bytes
    choice: Choice
    facts: SealFacts
    note: str
    is_as_stored: bool


def _render(task: _Task, signer: ClaimSigner) -> MadeExport:
    """Blocks; runs in a thread. Encoders and signing let other threads run."""
    wanted, facts, source = task.choice.format, task.facts, task.choice.source
    if task.is_as_stored:
        sealed = seal_file(task.content, source.media_type, facts, signer)
        return MadeExport(sealed, source.media_type, source.width_px, source.height_px)
    if wanted in WORDS:
        words = write_words(task.content.decode(), wanted, language=facts.language, note=task.note)
        return MadeExport(
            seal_file(words, MEDIA_TYPES[wanted], facts, signer), MEDIA_TYPES[wanted], None, None
        )
    return convert(task.content, wanted, task.choice.size, facts, signer)
