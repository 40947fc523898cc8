"""What goes with a certified file: proofs, the certificate on paper, and all of it in one ZIP."""

import asyncio
import contextlib
import io
import tomllib
import zipfile
from collections.abc import Mapping
from importlib import resources
from typing import Any, Final
from uuid import UUID

from core.database import Sessions
from models.certificate import Certificate, CertificateState
from models.export import WorkExport
from models.transparency import LogLeaf
from models.work import Work
from provenance.certificates import read_document, write_document
from provenance.keyring import Keyring
from provenance.log.checkpoints import parse_checkpoint
from provenance.log.proofs import LogProof
from service.certificates import queries
from service.certificates.bench import Bench
from service.certificates.errors import CertificateOverError, NotIssuedError
from service.certificates.orders import PaperFacts
from service.storage.store import FileStore
from service.transparency.tile_shelf import TileShelf
from service.works.errors import ExportNotFoundError

CERTIFICATE: Final = "certificate"
EXPORT: Final = "export"
EDITION: Final = 1  # of what is printed
LANGUAGES: Final = ("zh", "en")
_STORED: Final = (1980, 1, 1, 0, 0, 0)  # the earliest time that a ZIP can name
_HOW_TO: Final[Mapping[str, Mapping[str, str]]] = tomllib.loads(
    (resources.files("service.certificates") / "howto.toml").read_text("utf-8")
)


class PaperMaker:
    """Prints and packs what was certified."""

    def __init__(
        self,
        sessions: Sessions,
        store: FileStore,
        keyring: Keyring,
        bench: Bench,
        *,
        public_url: str | None,
        own_url: str,
    ) -> None:
        """own_url: printed where nobody said a public one; such pages are not kept, for it changes."""
        self._sessions = sessions
        self._store = store
        self._keyring = keyring
        self._bench = bench
        self._public_url = (public_url or own_url).rstrip("/")
        self._is_kept = public_url is not None

    async def print(self, certificate: Certificate, language: str) -> bytes:
        """The certificate as a PDF; printed once, and kept where its address will hold.

        Raises: NotIssuedError: it is not signed, or its work was erased. CertificateOverError.
            MakingUnavailableError.
        """
        if certificate.state is CertificateState.REVOKED:
            raise CertificateOverError("This certificate was revoked.")
        key = paper_key(certificate.id, language)
        if self._is_kept:
            with contextlib.suppress(FileNotFoundError):
                return await self._store.read_whole(key)
        facts, picture = await self._gather(certificate)
        printed = await self._bench.print(facts, picture, language)
        if self._is_kept:
            await self._store.put(key, printed, media_type="application/pdf")
        return printed

    async def prove(self, leaf: LogLeaf) -> str:
        """The `.tlog-proof` of a leaf under the newest checkpoint. Raises: NotIssuedError."""
        shelf = TileShelf(self._sessions, self._store)
        head = await shelf.find_head()
        if head is None or head.checkpoint is None or leaf.leaf_index is None:
            raise NotIssuedError("The log has not taken it up yet; ask again in a second.")
        size = parse_checkpoint(head.checkpoint).checkpoint.size
        if leaf.leaf_index >= size:
            raise NotIssuedError("The log has not shown it yet; ask again in a second.")
        path = await shelf.inclusion(leaf.leaf_index, size)
        return LogProof(leaf.leaf_index, path, head.checkpoint).to_text()

    async def pack(self, export: WorkExport, language: str, *, name: str) -> bytes:
        """The ZIP of an export that is ready, with its certificate and leaves. name: of the file in it.

        Raises: ExportNotFoundError, NotIssuedError, CertificateOverError, MakingUnavailableError.
        """
        certificate, leaf = export.certificate, export.leaf
        if export.object_key is None or export.sha256 is None or leaf is None or certificate.leaf is None:
            raise ExportNotFoundError("This file is gone.")
        files = {
            name: await self._read(export.object_key),
            f"{CERTIFICATE}.json": _document(certificate),
            f"{CERTIFICATE}.pdf": await self.print(certificate, language),
            f"{CERTIFICATE}.entry.json": certificate.leaf.entry,
            f"{CERTIFICATE}.tlog-proof": (await self.prove(certificate.leaf)).encode(),
        }
        if leaf.id != certificate.leaf.id:
            files[f"{EXPORT}.entry.json"] = leaf.entry
            files[f"{EXPORT}.tlog-proof"] = (await self.prove(leaf)).encode()
        for how_to in _HOW_TO.values():
            files[how_to["name"]] = self._how_to(how_to, certificate, name, export.sha256).encode()
        return await asyncio.to_thread(_zip, files)

    def _how_to(self, how_to: Mapping[str, str], certificate: Certificate, name: str, sha256: bytes) -> str:
        return (
            how_to["text"]
            .lstrip()
            .format(
                number=certificate.number,
                file=name,
                sha256=sha256.hex(),
                url=self._page(certificate),
                verify_url=f"{self._public_url}/verify",
                log_key=self._keyring.log.verifier.vkey,
                certificate_key=self._keyring.certificates.verifier.vkey,
            )
        )

    async def _gather(self, certificate: Certificate) -> tuple[PaperFacts, bytes | None]:
        """What is printed, and the work's still picture if it has one."""
        document = read_document(_document(certificate))
        async with self._sessions() as session:
            work = None if certificate.work_id is None else await session.get(Work, certificate.work_id)
            picture_key = await queries.find_picture_key(session, certificate)
        if work is None or certificate.issued_at is None:
            raise NotIssuedError("There is nothing to print any more.")
        provenance: dict[str, Any] = work.provenance
        facts = PaperFacts(
            number=certificate.number,
            issuer=document.issuer,
            is_development=document.is_development,
            issued_at=certificate.issued_at,
            kind=certificate.kind,
            title=certificate.title or "",
            text=work.text if picture_key is None else None,
            made_by=f"{provenance['backend']} {provenance['model']} {provenance['revision']}",
            is_model=bool(provenance["ai"]),
            origin=document.origin,
            index=document.index,
            content_sha256=document.facts.content_sha256.hex(),
            commitment=document.facts.commitment.hex(),
            url=self._page(certificate),
        )
        return facts, None if picture_key is None else await self._read(picture_key)

    def _page(self, certificate: Certificate) -> str:
        return f"{self._public_url}/c/{certificate.number}"

    async def _read(self, key: str) -> bytes:
        try:
            return await self._store.read_whole(key)
        except FileNotFoundError as error:
            raise ExportNotFoundError("This file is gone.") from error


def paper_key(certificate_id: UUID, language: str) -> str:
    """Where the printed certificate lies, or would; raise the edition when it is to look otherwise."""
    return f"certified/{certificate_id}/certificate-{EDITION}-{language}.pdf"


def _document(certificate: Certificate) -> bytes:
    if certificate.statement is None or certificate.signature is None or certificate.key_id is None:
        raise NotIssuedError("This certificate is being made.")
    return write_document(certificate.statement, certificate.signature, certificate.key_id)


def _zip(files: Mapping[str, bytes]) -> bytes:
    """The same files make the same bytes; pictures and PDFs are compressed already."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, date_time=_STORED)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return target.getvalue()
