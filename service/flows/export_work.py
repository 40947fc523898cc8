"""Export a certified work: asked for in one transaction, made without one, logged in another.

A file is made once. Its bytes, its hash and its place in the log never change; asking again is free.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

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
from provenance.leaves import export_entry
from provenance.log import queries as log_queries
from provenance.log.queries import NewLeaf
from service.certificates import exports, queries, unlabelled
from service.certificates.attempts import attempt
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
from service.certificates.formats import EXTENSIONS, WORDS, Choice, choose, formats_of
from service.certificates.orders import FileOrder, MadeFile
from service.certificates.shelf import discard
from service.certificates.sources import get_certified_work, read_source
from service.jobs.errors import IdempotencyKeyReusedError
from service.storage.store import FileStore
from service.transparency.growing import LogGrower

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
        try:
            await attempt(
                "export",
                export_id,
                lambda: self._make(export),
                lambda reason: self._give_up(export_id, reason),
                number=export.attempts,
                most=MOST_ATTEMPTS,
            )
        except Exception:  # which was said; one that was given up is queued no more
            async with self._sessions.begin() as session:
                await exports.retry_later(session, export_id, now=self._clock(), attempts=export.attempts)

    async def _give_up(self, export_id: UUID, reason: str) -> None:
        async with self._sessions.begin() as session:
            await exports.fail(session, export_id, reason)

    async def _make(self, export: WorkExport) -> None:
        certificate = export.certificate
        work, spec = await self._find_work(certificate)
        choice = choose(work, export.format, export.size)
        facts = seal_facts(work, certificate, self._producer_code)
        content = await self._source(work, choice, spec, is_labelled=export.is_labelled)
        await self._say(export.id, 30)
        is_as_stored = choice.is_as_stored and export.is_labelled
        order = FileOrder(
            choice.source.media_type,
            facts,
            wanted=None if is_as_stored else choice.format,
            size=choice.size,
            note=certificate.number,
            width_px=choice.source.width_px,
            height_px=choice.source.height_px,
        )
        made = await self._bench.make(content, order, self._signer)
        await self._say(export.id, 70)
        key = f"certified/{certificate.id}/{made.sha256.hex()}.{EXTENSIONS[choice.format]}"
        await self._store.put(key, made.content, media_type=made.media_type)
        async with self._sessions.begin() as session:
            is_ours = await self._write_down(session, export, work.owner_id, made, key)
        if is_ours:
            while await self._grower.grow():
                continue
        else:
            await discard(self._sessions, self._store, key)

    async def _find_work(self, certificate: Certificate) -> tuple[Work, dict[str, Any]]:
        if certificate.state is CertificateState.REVOKED:
            raise CannotBeMadeError("revoked")
        async with self._sessions() as session:
            work = await get_certified_work(session, certificate)
            job = await session.get_one(Generation, work.generation_id)
        return work, job.spec

    async def _source(self, work: Work, choice: Choice, spec: dict[str, Any], *, is_labelled: bool) -> bytes:
        """What the file is made of: words as the work keeps them, or a stored file."""
        if choice.format in WORDS and work.text is not None and not (choice.is_as_stored and is_labelled):
            text = work.text if is_labelled else unlabelled.words_without_label(work, work.text)
            return text.encode()
        if is_labelled:
            return await read_source(self._store, choice.source)
        return await self._bench.paint(spec)

    async def _write_down(
        self,
        session: AsyncSession,
        export: WorkExport,
        owner_id: UUID,
        made: MadeFile,
        object_key: str,
    ) -> bool:
        """Log the file's hash and mark it as made, together.

        False when somebody else did, or the certificate was revoked or given away meanwhile.
        """
        now, certificate = self._clock(), await queries.lock(session, export.certificate_id)
        if certificate.state is not CertificateState.ISSUED or certificate.owner_id != owner_id:
            return False
        entry = export_entry(
            number=certificate.number,
            sha256=made.sha256,
            manifest_sha256=made.manifest_sha256,
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
                "size_bytes": len(made.content),
                "sha256": made.sha256,
                "manifest_sha256": made.manifest_sha256,
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
