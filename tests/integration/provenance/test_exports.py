"""Exports: refused before certification, made once, the same bytes for ever, provable without us."""

import asyncio
import hashlib
import io
import json
import threading
import zipfile
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from PIL import Image
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from billing.invariants import find_breaches
from generators.specs import Kind
from models.certificate import Certificate
from models.export import UnlabelledAgreement, WorkExport, WorkExportState
from models.fingerprint import PictureFingerprint
from models.transparency import LogLeaf
from provenance.certificates import read_document
from provenance.containers.reading import read_labels
from provenance.credentials.facts import CredentialState, CredentialTrust
from provenance.credentials.opening import read_anchors
from provenance.credentials.reading import read_credentials
from provenance.credentials.signers import ClaimSigner
from provenance.log.proofs import parse_proof
from service.certificates import unlabelled
from service.certificates.bench import AT_ONCE, Bench
from service.flows import export_work
from service.flows.certification import Certification
from service.flows.erase_account import erase_account
from service.flows.export_work import ExportMaker
from service.invariants import JOB_INVARIANTS
from service.storage.store import FileStore
from service.transparency.audit import audit
from service.wiring import Services
from service.workers.provenance_chores import ProvenanceChores
from service.works import queries as works
from tests.factories.batches import credits_of
from tests.factories.people import Person, SignIn
from tests.factories.works import finish_work
from tests.fakes.clock import MovableClock
from tests.fakes.late_store import LateStore
from tests.integration.provenance.conftest import Certify, Export

SIGNED = ("image/png", "image/jpeg", "image/webp", "image/gif", "application/pdf")


async def fetch(client: httpx.AsyncClient, read: dict[str, str]) -> bytes:
    answer = await client.get(read["url"])
    assert answer.status_code == 200, answer.text
    return answer.content


class TestExporting:
    async def test_it_is_refused_until_the_work_is_certified(
        self, certify: Certify, export: Export, work_id: UUID
    ) -> None:
        answer = await export(work_id, "png")
        assert (answer.status_code, answer.json()["code"]) == (409, "not_certified")
        await certify(work_id)
        assert (await export(work_id, "png")).status_code == 201

    @pytest.mark.parametrize("kind", [Kind.IMAGE, Kind.LYRICS])
    async def test_every_format_is_labelled_once_signed_and_in_the_log(
        self,
        client: httpx.AsyncClient,
        services: Services,
        owner: Person,
        certify: Certify,
        export: Export,
        kind: Kind,
    ) -> None:
        work_id = await finish_work(services, owner.id, kind)
        await certify(work_id)
        offered = (await client.get(f"/v1/works/{work_id}/exports", headers=owner.headers)).json()
        assert len(offered["formats"]) >= 3
        trust = CredentialTrust(read_anchors(services.settings))
        for wanted in offered["formats"]:
            answer = await export(work_id, wanted)
            assert answer.status_code == 201, answer.text
            read = answer.json()
            content = await fetch(client, read)
            assert hashlib.sha256(content).hexdigest() == read["sha256"]
            assert len(read_labels(content, read["media_type"])) == 1
            if read["media_type"] in SIGNED:
                found = read_credentials(content, read["media_type"], trust)
                assert found.state is CredentialState.INTACT, wanted
            await prove(services, client, read)

    async def test_the_original_is_the_certified_file(
        self, certify: Certify, export: Export, work_id: UUID
    ) -> None:
        certificate = (await certify(work_id)).json()
        read = (await export(work_id, "png")).json()
        assert read["sha256"] == certificate["content_sha256"]
        assert read["log_index"] == certificate["log"]["index"]

    async def test_asking_again_is_free_and_gives_the_same_bytes(
        self, client: httpx.AsyncClient, services: Services, owner: Person, certify: Certify, export: Export
    ) -> None:
        work_id = await finish_work(services, owner.id)
        await certify(work_id)
        before = await credits_of(services, owner.id)
        reads = [(await export(work_id, "jpeg")).json() for _ in range(2)]
        assert reads[0]["id"] == reads[1]["id"]
        assert await fetch(client, reads[0]) == await fetch(client, reads[1])
        assert await credits_of(services, owner.id) == before

    async def test_a_size_is_that_of_the_shortest_side_and_nothing_is_enlarged(
        self, client: httpx.AsyncClient, services: Services, owner: Person, certify: Certify, export: Export
    ) -> None:
        spec = {"prompt": "ink hills", "width_px": 768, "height_px": 512, "seed": 3}
        work_id = await finish_work(services, owner.id, spec=spec)
        await certify(work_id)
        small = (await export(work_id, "webp", size="480")).json()
        with Image.open(io.BytesIO(await fetch(client, small))) as picture:
            assert picture.size == (720, 480) == (small["width_px"], small["height_px"])
        assert (await export(work_id, "webp", size="1080")).json()["size"] == "original"

    async def test_a_format_that_the_work_has_not_names_those_that_it_has(
        self, certify: Certify, export: Export, work_id: UUID
    ) -> None:
        await certify(work_id)
        answer = await export(work_id, "mp4")
        assert answer.status_code == 422
        assert answer.json()["formats"] == ["png", "jpeg", "webp", "gif"]

    async def test_a_stranger_sees_none_of_it(
        self, client: httpx.AsyncClient, certify: Certify, export: Export, work_id: UUID, sign_in: SignIn
    ) -> None:
        certificate = (await certify(work_id)).json()
        read = (await export(work_id, "png")).json()
        stranger = (await sign_in()).headers
        for path in (
            f"/v1/exports/{read['id']}",
            f"/v1/works/{work_id}/exports",
            f"/v1/certificates/{certificate['number']}/exports",
            f"/v1/works/{work_id}/certificate",
        ):
            assert (await client.get(path, headers=stranger)).status_code == 404, path
        forged = read["url"].replace("signature=", "signature=0")[:-1]
        assert (await client.get(forged)).status_code == 403

    async def test_a_maker_that_went_silent_is_replaced(
        self,
        client: httpx.AsyncClient,
        services: Services,
        owner: Person,
        certify: Certify,
        export: Export,
        clock: MovableClock,
    ) -> None:
        work_id = await finish_work(services, owner.id)
        await certify(work_id)
        made = (await export(work_id, "jpeg")).json()
        async with services.sessions.begin() as session:
            found = await session.get_one(WorkExport, UUID(made["id"]))
            for name in ("object_key", "sha256", "size_bytes", "leaf_id", "manifest_sha256"):
                setattr(found, name, None)
            found.state, found.next_attempt_at = WorkExportState.QUEUED, clock() + timedelta(minutes=1)
        chores = ProvenanceChores(services)
        assert services.certification is not None
        await chores.export(services.certification)
        path = f"/v1/exports/{made['id']}"
        assert (await client.get(path, headers=owner.headers)).json()["state"] == "queued"
        clock.advance(minutes=3)
        await chores.export(services.certification)
        assert (await client.get(path, headers=owner.headers)).json()["state"] == "ready"

    async def test_a_slow_maker_leaves_the_file_of_a_faster_one(
        self,
        client: httpx.AsyncClient,
        services: Services,
        owner: Person,
        certify: Certify,
        lyrics_id: UUID,
        clock: MovableClock,
        bench: Bench,
    ) -> None:
        await certify(lyrics_id)
        assert services.certification is not None
        export_id = await queue_export(services, lyrics_id, owner.id, "md")
        faster = services.certification.exports

        async def meanwhile() -> None:
            clock.advance(minutes=3)
            await faster.bring_forward(export_id)

        slower = maker_over(services, LateStore(services.store, meanwhile), bench)
        await slower.bring_forward(export_id)
        read = (await client.get(f"/v1/exports/{export_id}", headers=owner.headers)).json()
        assert hashlib.sha256(await fetch(client, read)).hexdigest() == read["sha256"]

    async def test_nothing_more_is_made_of_what_was_revoked_meanwhile(
        self, client: httpx.AsyncClient, services: Services, owner: Person, certify: Certify, work_id: UUID
    ) -> None:
        number = (await certify(work_id)).json()["number"]
        export_id = await queue_export(services, work_id, owner.id, "jpeg")
        await revoke(client, owner, number)
        assert services.certification is not None
        await services.certification.exports.bring_forward(export_id)
        async with services.sessions() as session:
            found = await session.get_one(WorkExport, export_id)
        assert (found.state, found.failure) == (WorkExportState.FAILED, "revoked")

    async def test_what_is_revoked_while_a_file_is_made_has_no_later_leaf(
        self,
        client: httpx.AsyncClient,
        services: Services,
        owner: Person,
        certify: Certify,
        work_id: UUID,
        clock: MovableClock,
        bench: Bench,
    ) -> None:
        number = (await certify(work_id)).json()["number"]
        export_id = await queue_export(services, work_id, owner.id, "jpeg")
        assert services.certification is not None

        async def meanwhile() -> None:
            await revoke(client, owner, number)

        store = LateStore(services.store, meanwhile)
        maker = maker_over(services, store, bench)
        await maker.bring_forward(export_id)
        clock.advance(minutes=3)
        await maker.bring_forward(export_id)
        async with services.sessions() as session:
            found = await session.get_one(WorkExport, export_id)
            kinds = (await session.scalars(select(LogLeaf.kind).order_by(LogLeaf.id))).all()
        assert (found.state, found.failure) == (WorkExportState.FAILED, "revoked")
        assert kinds == ["certificate", "revocation"]
        (key,) = store.stored
        with pytest.raises(FileNotFoundError):
            await services.store.read_whole(key)

    async def test_one_that_kills_its_makers_ends(
        self, services: Services, owner: Person, certify: Certify, work_id: UUID
    ) -> None:
        await certify(work_id)
        assert services.certification is not None
        export_id = await queue_export(services, work_id, owner.id, "jpeg")
        async with services.sessions.begin() as session:
            (await session.get_one(WorkExport, export_id)).attempts = export_work.MOST_ATTEMPTS
        await services.certification.exports.bring_forward(export_id)
        async with services.sessions() as session:
            found = await session.get_one(WorkExport, export_id)
        assert (found.state, found.failure) == (WorkExportState.FAILED, "attempts_spent")

    async def test_a_signer_that_hangs_keeps_no_paper_waiting(
        self, services: Services, owner: Person, certify: Certify, work_id: UUID, bench: Bench
    ) -> None:
        await certify(work_id)
        assert services.keyring is not None
        signer = HangingSigner(services.signer)
        certification = Certification.over(
            services.sessions,
            services.store,
            services.keyring,
            signer,
            services.clock,
            bench,
            producer_code=None,
            public_url=None,
            own_url="http://127.0.0.1:8000",
        )
        try:
            for wanted in ("jpeg", "webp", "gif"):
                export_id = await queue_export(services, work_id, owner.id, wanted)
                certification.begin(certification.exports.bring_forward(export_id))
            for _ in range(AT_ONCE):
                assert await asyncio.to_thread(signer.asked.acquire, timeout=120)
            async with asyncio.timeout(120):
                async with services.sessions() as session:
                    (certificate,) = await session.scalars(select(Certificate))
                assert (await certification.papers.print(certificate, "en")).startswith(b"%PDF-")
        finally:
            signer.answers.set()
            await asyncio.gather(*certification.running)


class HangingSigner:
    """Signs once it is let, as one that waits for somebody else's answer."""

    def __init__(self, signer: ClaimSigner) -> None:
        self._signer = signer
        self.time_authority_url = None
        self.answers = threading.Event()
        self.asked = threading.Semaphore(0)

    @property
    def chain_pem(self) -> bytes:
        return self._signer.chain_pem

    def sign(self, claim: bytes) -> bytes:
        self.asked.release()
        self.answers.wait()
        return self._signer.sign(claim)


def maker_over(services: Services, store: FileStore, bench: Bench) -> ExportMaker:
    assert services.certification is not None
    return ExportMaker(
        services.sessions,
        store,
        services.signer,
        services.certification.grower,
        services.clock,
        bench,
        producer_code=None,
    )


async def revoke(client: httpx.AsyncClient, owner: Person, number: str) -> None:
    headers = {**owner.headers, "idempotency-key": "end"}
    url = f"/v1/certificates/{number}/revocation"
    taken = await client.post(url, json={"reason": "mistaken"}, headers=headers)
    assert taken.status_code == 200, taken.text


async def queue_export(services: Services, work_id: UUID, owner_id: UUID, wanted: str) -> UUID:
    """Asked for, and nobody is at it."""
    async with services.sessions.begin() as session:
        work = await works.get_work(session, work_id, owner_id=owner_id)
        asked = await export_work.ask_export(
            session,
            work,
            wanted=wanted,
            size="original",
            key=wanted,
            language="zh",
            agreed_to=None,
            is_labelled=True,
            now=services.clock(),
        )
    return asked.id


class TestBundles:
    async def test_a_bundle_proves_its_file_without_us(
        self, client: httpx.AsyncClient, services: Services, certify: Certify, export: Export, work_id: UUID
    ) -> None:
        await certify(work_id)
        read = (await export(work_id, "jpeg")).json()
        answer = await client.get(read["bundle_url"])
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        keyring = services.keyring
        assert keyring is not None
        document = read_document(files["certificate.json"])
        document.verify([keyring.certificates.verifier])
        assert document.entry == files["certificate.entry.json"]
        for name in ("certificate", "export"):
            proof = parse_proof(files[f"{name}.tlog-proof"].decode())
            proof.verify(files[f"{name}.entry.json"], keyring.log.verifier)
        entry = json.loads(files["export.entry.json"])
        (picture,) = [name for name in files if name.endswith(".jpg")]
        assert entry["sha256"] == hashlib.sha256(files[picture]).hexdigest()
        assert entry["certificate"] == document.facts.number
        assert files["certificate.pdf"].startswith(b"%PDF-")
        assert {"如何查验.md", "how-to-verify.md"} <= set(files)
        assert keyring.log.verifier.vkey in files["how-to-verify.md"].decode()


class TestUnlabelled:
    async def test_it_needs_the_agreement_which_is_kept_for_six_months(
        self, client: httpx.AsyncClient, services: Services, owner: Person, certify: Certify, export: Export
    ) -> None:
        work_id = await finish_work(services, owner.id, Kind.LYRICS)
        await certify(work_id)
        refused = await export(work_id, "txt", unlabelled=True)
        assert (refused.status_code, refused.json()["code"]) == (409, "agreement_required")
        version = refused.json()["terms_version"]
        made = await export(work_id, "txt", unlabelled=True, agree_to=version)
        assert made.status_code == 201, made.text
        content = await fetch(client, made.json())
        assert "算法生成" not in content.decode()
        assert len(read_labels(content, "text/plain")) == 1  # the implicit one stays
        async with services.sessions() as session:
            agreement = (await session.scalars(select(UnlabelledAgreement))).one()
        assert agreement.terms_sha256 == unlabelled.terms_sha256(agreement.language)
        assert agreement.user_id == owner.id
        with pytest.raises(DBAPIError, match="are kept until"):
            async with services.sessions.begin() as session:
                await session.execute(text("DELETE FROM unlabelled_agreements"))

    async def test_a_picture_is_painted_again_and_differs_where_the_label_was(
        self, client: httpx.AsyncClient, certify: Certify, export: Export, work_id: UUID
    ) -> None:
        await certify(work_id)
        asked = {"unlabelled": True, "agree_to": unlabelled.TERMS_VERSION}
        pictures = [(await export(work_id, "png")).json(), (await export(work_id, "png", **asked)).json()]
        assert pictures[0]["id"] != pictures[1]["id"]
        first, second = [Image.open(io.BytesIO(await fetch(client, one))) for one in pictures]
        difference = [
            (x, y)
            for x in range(0, first.width, 2)
            for y in range(0, first.height, 2)
            if first.getpixel((x, y)) != second.getpixel((x, y))
        ]
        assert difference
        assert all(x > first.width * 0.5 and y > first.height * 0.8 for x, y in difference)

    async def test_what_cannot_be_made_again_is_not_offered(
        self, services: Services, owner: Person, certify: Certify, export: Export
    ) -> None:
        work_id = await finish_work(services, owner.id, Kind.LYRICS)
        await certify(work_id)
        answer = await export(work_id, "pdf", unlabelled=True, agree_to=unlabelled.TERMS_VERSION)
        assert answer.json()["code"] == "export_unavailable"

    async def test_whoever_is_given_the_certificate_has_agreed_to_nothing(
        self,
        client: httpx.AsyncClient,
        owner: Person,
        certify: Certify,
        export: Export,
        work_id: UUID,
        sign_in: SignIn,
    ) -> None:
        url = f"/v1/certificates/{(await certify(work_id)).json()['number']}"
        bare = (await export(work_id, "png", unlabelled=True, agree_to=unlabelled.TERMS_VERSION)).json()
        recipient = await sign_in()
        for person, labelled, status in ((owner, {True, False}, 200), (recipient, {True}, 404)):
            if person is recipient:
                body = {"recipient_id": str(recipient.id)}
                headers = {**owner.headers, "idempotency-key": "gift"}
                assert (await client.post(f"{url}/transfer", json=body, headers=headers)).status_code == 200
            listed = (await client.get(f"{url}/exports", headers=person.headers)).json()
            assert {one["labelled"] for one in listed} == labelled
            path = f"/v1/exports/{bare['id']}"
            assert (await client.get(path, headers=person.headers)).status_code == status


class TestLeaving:
    async def test_erasing_a_user_unlinks_their_leaves_and_leaves_the_tree_valid(
        self, client: httpx.AsyncClient, services: Services, owner: Person, certify: Certify, export: Export
    ) -> None:
        work_id = await finish_work(services, owner.id)
        read = (await certify(work_id)).json()
        exported = (await export(work_id, "jpeg")).json()
        async with services.sessions() as session:
            before = (await session.execute(select(LogLeaf.leaf_index, LogLeaf.entry))).all()
        answer = await client.request("DELETE", "/v1/me", headers=owner.headers)
        assert answer.status_code < 300, answer.text
        assert await erase_account(services.sessions, services.store, owner.id, now=services.clock())
        assert (await client.get(exported["url"])).status_code == 404
        async with services.sessions() as session:
            certificate = (await session.scalars(select(Certificate))).one()
            after = (await session.execute(select(LogLeaf.leaf_index, LogLeaf.entry))).all()
            for table in (WorkExport, PictureFingerprint):
                assert await session.scalar(select(func.count()).select_from(table)) == 0
            assert await find_breaches(session, JOB_INVARIANTS) == []
        assert after == before
        assert (certificate.owner_id, certificate.work_id, certificate.title, certificate.salt) == (None,) * 4
        public = (await client.get(f"/v1/certificates/{read['number']}")).json()
        assert public["erased_at"] is not None
        document = read_document(json.dumps(public["document"]).encode())
        assert services.keyring is not None
        proof = parse_proof((await client.get(read["proof_url"])).text)
        proof.verify(document.entry, services.keyring.log.verifier)
        report = await audit(
            services.sessions, services.store, services.keyring.log.verifier, seen=proof.checkpoint
        )
        assert report.faults == []

    async def test_a_file_that_is_made_while_its_owner_is_erased_does_not_stay(
        self, client: httpx.AsyncClient, services: Services, owner: Person, certify: Certify, work_id: UUID
    ) -> None:
        await certify(work_id)
        assert services.certification is not None
        export_id = await queue_export(services, work_id, owner.id, "jpeg")
        maker = services.certification.exports

        answer = await client.request("DELETE", "/v1/me", headers=owner.headers)
        assert answer.status_code < 300, answer.text
        store = DeletingStore(services.store, lambda: maker.bring_forward(export_id))
        assert await erase_account(services.sessions, store, owner.id, now=services.clock())
        async with services.sessions() as session:
            kinds = (await session.scalars(select(LogLeaf.kind))).all()
        assert kinds == ["certificate"]


class DeletingStore(LateStore):
    """Something happens when what is to be deleted has been listed, and is there still."""

    async def delete(self, *keys: str) -> None:
        happens, self._meanwhile = self._meanwhile, None
        if happens is not None:
            await happens()
        await super().delete(*keys)


async def prove(services: Services, client: httpx.AsyncClient, read: dict[str, str]) -> None:
    """Every export's hash stands in a leaf."""
    async with services.sessions() as session:
        leaf = await session.scalar(select(LogLeaf).where(LogLeaf.leaf_index == read["log_index"]))
    assert leaf is not None
    entry = json.loads(leaf.entry)
    assert read["sha256"] in (entry.get("sha256"), entry.get("content_sha256"))
