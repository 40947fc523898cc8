"""Make what was ordered: sealed without a transaction, logged and paid in one, signed in another.

Dying between any two of these loses nothing: the keeper takes up what was ordered or logged where it stands.
Nobody pays for what could not be made.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing import holds
from core.clock import Clock
from core.database import Sessions
from core.ids import new_id
from models.certificate import Certificate, CertificateState, Payment
from models.export import WorkExport, WorkExportState
from models.transparency import LeafKind
from models.work import Work, WorkFile
from provenance import leaves
from provenance.certificates import CertificateFacts, sign_statement, write_statement
from provenance.credentials.signers import ClaimSigner
from provenance.keyring import Keyring
from provenance.log import queries as log_queries
from provenance.log.queries import NewLeaf
from provenance.looks import Fingerprint
from provenance.similar import queries as similar
from service.certificates import queries
from service.certificates.attempts import attempt
from service.certificates.bench import Bench
from service.certificates.errors import CannotBeMadeError
from service.certificates.facts import seal_facts
from service.certificates.formats import EXTENSIONS, ORIGINAL, choose, format_of, original_of
from service.certificates.orders import FileOrder, MadeFile
from service.certificates.shelf import discard
from service.certificates.sources import get_certified_work, read_source
from service.flows.sell_certificate import return_money
from service.storage.store import FileStore
from service.transparency.growing import LogGrower

MOST_ATTEMPTS: Final = 5
PICTURE_ROLES: Final = ("poster", "preview")


@dataclass(frozen=True, slots=True)
class _Sealed:
    """What was made without a transaction, and is about to be written down."""

    work: Work
    source: WorkFile
    file: MadeFile
    object_key: str
    fingerprint: Fingerprint | None


class CertificateMaker:
    """Brings certificates forward; any number of them, in any processes."""

    def __init__(
        self,
        sessions: Sessions,
        store: FileStore,
        keyring: Keyring,
        signer: ClaimSigner,
        grower: LogGrower,
        clock: Clock,
        bench: Bench,
        *,
        producer_code: str | None,
    ) -> None:
        self._sessions = sessions
        self._store = store
        self._keyring = keyring
        self._signer = signer
        self._grower = grower
        self._clock = clock
        self._bench = bench
        self._producer_code = producer_code

    async def bring_forward(self, certificate_id: UUID) -> None:
        """Make, log and sign a certificate, as far as it has not got yet; what fails is tried again."""
        async with self._sessions.begin() as session:
            claimed = await queries.claim(session, certificate_id, now=self._clock())
        if claimed is not None:
            await attempt(
                "certificate",
                certificate_id,
                lambda: self._make(claimed),
                lambda _: self.give_up(certificate_id),
                number=claimed.attempts,
                most=MOST_ATTEMPTS,
            )
        await self.sign(certificate_id)

    async def _make(self, certificate: Certificate) -> None:
        """Raises: CannotBeMadeError; what storage and signing raise."""
        sealed = await self._seal(certificate)
        async with self._sessions.begin() as session:
            is_ours = await self._write_down(session, certificate.id, sealed)
        if not is_ours:
            await discard(self._sessions, self._store, sealed.object_key)

    async def _seal(self, certificate: Certificate) -> _Sealed:
        async with self._sessions() as session:
            work = await get_certified_work(session, certificate)
        source = original_of(work)
        content = await read_source(self._store, source)
        order = FileOrder(
            source.media_type,
            seal_facts(work, certificate, self._producer_code),
            width_px=source.width_px,
            height_px=source.height_px,
        )
        file = await self._bench.make(content, order, self._signer)
        key = f"certified/{certificate.id}/{file.sha256.hex()}.{EXTENSIONS[format_of(source)]}"
        await self._store.put(key, file.content, media_type=source.media_type)
        return _Sealed(work, source, file, key, await self._look(work, source, content))

    async def _look(self, work: Work, source: WorkFile, content: bytes) -> Fingerprint | None:
        """The fingerprint of the work's still picture; None for words."""
        for role in PICTURE_ROLES:
            for file in work.files:
                if file.role == role and file.media_type.startswith("image/"):
                    picture = content if file is source else await read_source(self._store, file)
                    return await self._bench.look(picture)
        return None

    async def _write_down(self, session: AsyncSession, certificate_id: UUID, sealed: _Sealed) -> bool:
        """Put it into the log, and settle what was held; False when somebody else did, or nobody wants it."""
        certificate = await queries.lock(session, certificate_id)
        if certificate.state is not CertificateState.ORDERED or certificate.owner_id is None:
            return False
        now = self._clock()
        with session.no_autoflush:  # the row is whole only with its leaf
            await _log(session, certificate, sealed, now)
        session.add(_original(certificate, sealed, now))
        await session.flush()
        if certificate.paid_with is Payment.CREDITS:
            await holds.settle(session, certificate.id, now=now)
        if sealed.fingerprint is not None:
            await similar.add(session, certificate.id, sealed.fingerprint)
        return True

    async def sign(self, certificate_id: UUID) -> None:
        """Sign a certificate whose leaf has its place; let the log grow first, if it has none."""
        async with self._sessions() as session:
            certificate = await queries.get(session, certificate_id)
        if certificate.state is not CertificateState.LOGGED or certificate.leaf is None:
            return
        if certificate.leaf.leaf_index is None:
            while await self._grower.grow():
                continue
        async with self._sessions.begin() as session:
            await self._sign(session, certificate_id)

    async def _sign(self, session: AsyncSession, certificate_id: UUID) -> None:
        certificate = await queries.lock(session, certificate_id)
        leaf_id, work_id = certificate.leaf_id, certificate.work_id
        if certificate.state is not CertificateState.LOGGED or leaf_id is None or work_id is None:
            return
        leaf = await log_queries.find_leaf(session, leaf_id)
        if leaf is None or leaf.leaf_index is None:
            return  # the next round
        work = await session.get_one(Work, work_id)
        original = await queries.get_original(session, certificate_id)
        found = await queries.find_fingerprint(session, certificate_id)
        facts = _facts(certificate, work, original.media_type or "", leaf.created_at, found)
        signer = self._keyring.certificates
        certificate.statement = write_statement(
            facts,
            issuer=signer.name,
            is_development=self._keyring.is_development,
            origin=self._keyring.log.name,
            index=leaf.leaf_index,
        )
        certificate.signature = sign_statement(certificate.statement, signer)
        certificate.key_id = signer.verifier.id.hex()
        certificate.issued_at = leaf.created_at
        certificate.state = CertificateState.ISSUED

    async def give_up(self, certificate_id: UUID) -> None:
        """End what cannot be made; credits go back to their lots, and money the way it came."""
        now = self._clock()
        async with self._sessions.begin() as session:
            certificate = await queries.lock(session, certificate_id)
            if certificate.state is not CertificateState.ORDERED:
                return
            certificate.state = CertificateState.FAILED
            if certificate.paid_with is Payment.CREDITS:
                await holds.release(session, certificate_id, now=now)
            elif certificate.order_id is not None:
                await return_money(session, certificate.order_id)


async def _log(session: AsyncSession, certificate: Certificate, sealed: _Sealed, now: datetime) -> None:
    """Commit to owner and title, and write the leaf."""
    certificate.salt = secrets.token_bytes(leaves.SALT_BYTES)
    certificate.commitment = leaves.commit(
        certificate.salt, str(certificate.owner_id), certificate.title or ""
    )
    certificate.content_sha256 = sealed.file.sha256
    certificate.manifest_sha256 = sealed.file.manifest_sha256
    facts = _facts(certificate, sealed.work, sealed.source.media_type, now, sealed.fingerprint)
    leaf = NewLeaf(LeafKind.CERTIFICATE, certificate.id, facts.entry)
    (certificate.leaf_id,) = await log_queries.append(session, [leaf], now=now)
    certificate.state = CertificateState.LOGGED
    certificate.next_attempt_at = now


def _facts(
    certificate: Certificate, work: Work, media_type: str, issued_at: datetime, found: Fingerprint | None
) -> CertificateFacts:
    if certificate.content_sha256 is None or certificate.commitment is None:
        raise CannotBeMadeError("unsealed")
    return CertificateFacts(
        number=certificate.number,
        kind=certificate.kind,
        media_type=media_type,
        content_sha256=certificate.content_sha256,
        manifest_sha256=certificate.manifest_sha256,
        commitment=certificate.commitment,
        source_type=str(work.provenance["source_type"]),
        made_at=work.created_at,
        issued_at=issued_at,
        fingerprints=found.to_statement() if found is not None else {},
    )


def _original(certificate: Certificate, sealed: _Sealed, now: datetime) -> WorkExport:
    """The certified file is the work's first export."""
    choice = choose(sealed.work, format_of(sealed.source), ORIGINAL)
    return WorkExport(
        id=new_id(),
        certificate_id=certificate.id,
        format=choice.format.value,
        size=choice.size,
        state=WorkExportState.READY,
        progress_percent=100,
        attempts=1,
        next_attempt_at=now,
        media_type=sealed.file.media_type,
        width_px=sealed.file.width_px,
        height_px=sealed.file.height_px,
        size_bytes=len(sealed.file.content),
        sha256=sealed.file.sha256,
        manifest_sha256=sealed.file.manifest_sha256,
        object_key=sealed.object_key,
        leaf_id=certificate.leaf_id,
        finished_at=now,
    )
