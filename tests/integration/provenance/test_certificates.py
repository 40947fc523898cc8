"""Certificates: once per work, paid when they are in the log, signed with their place there."""

import asyncio
import json
from dataclasses import replace
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, text

from models.certificate import Certificate, CertificateState
from models.work import WorkFile
from provenance import leaves
from provenance.certificates import read_document
from provenance.credentials.opening import NoSigner
from provenance.facts import MiningChoice
from provenance.log.proofs import parse_proof
from service.certificates import queries
from service.certificates.bench import Bench
from service.flows.build_export import describe_account
from service.flows.bundle_export import PaperMaker
from service.flows.erase_account import erase_account
from service.flows.make_certificate import MOST_ATTEMPTS, CertificateMaker
from service.flows.order_certificate import order_with_credits
from service.wiring import Services
from service.works import queries as works
from tests.factories.batches import credits_of
from tests.factories.credits import skip_month
from tests.factories.people import Person, SignIn
from tests.factories.works import finish_work
from tests.fakes.killer import Killed, killing
from tests.fakes.late_store import LateStore
from tests.integration.provenance.conftest import Certify


async def count_certificates(services: Services) -> int:
    async with services.sessions() as session:
        return await session.scalar(select(func.count()).select_from(Certificate)) or 0


class TestCertifying:
    async def test_it_is_signed_logged_and_provable_offline(
        self, client: httpx.AsyncClient, services: Services, certify: Certify, work_id: UUID
    ) -> None:
        answer = await certify(work_id)
        assert answer.status_code == 201, answer.text
        read = answer.json()
        assert read["state"] == "issued"
        document = read_document(json.dumps(read["document"]).encode())
        keyring = services.keyring
        assert keyring is not None
        document.verify([keyring.certificates.verifier])
        text = (await client.get(read["proof_url"])).text
        proof = parse_proof(text)
        proof.verify(document.entry, keyring.log.verifier)
        assert proof.index == document.index == read["log"]["index"]

    async def test_the_commitment_opens_with_what_only_the_owner_is_told(
        self, client: httpx.AsyncClient, certify: Certify, work_id: UUID
    ) -> None:
        read = (await certify(work_id)).json()
        opened = read["disclosure"]
        expected = leaves.commit(bytes.fromhex(opened["salt"]), opened["owner"], opened["title"])
        assert read["document"]["statement"]["owner_commitment"] == expected.hex()
        public = (await client.get(f"/v1/certificates/{read['number']}")).json()
        assert public["disclosure"] is public["title"] is public["work_id"] is public["pdf_url"] is None
        assert public["document"] == read["document"]

    async def test_a_second_request_costs_nothing_and_finds_the_same(
        self, services: Services, owner: Person, certify: Certify, work_id: UUID
    ) -> None:
        before, _ = await credits_of(services, owner.id)
        answers = await asyncio.gather(*(certify(work_id) for _ in range(4)))
        assert {answer.status_code for answer in answers} <= {201, 202}
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert (await certify(work_id)).json()["state"] == "issued"
        assert await credits_of(services, owner.id) == (before - 1, 0)

    async def test_without_credits_nothing_is_written_and_the_way_out_is_told(
        self, services: Services, certify: Certify, sign_in: SignIn
    ) -> None:
        poor = await sign_in()
        async with services.sessions.begin() as session:
            await skip_month(session, poor.id, now=services.clock())
        work_id = await finish_work(services, poor.id)
        answer = await certify(work_id, person=poor)
        assert answer.status_code == 402
        assert answer.json()["needed_credits"] == 1
        assert await count_certificates(services) == 0

    async def test_somebody_elses_work_is_not_found(
        self, certify: Certify, sign_in: SignIn, work_id: UUID
    ) -> None:
        stranger = await sign_in(credits=2)
        assert (await certify(work_id, person=stranger)).status_code == 404

    async def test_a_key_is_for_one_work(self, certify: Certify, work_id: UUID, lyrics_id: UUID) -> None:
        assert (await certify(work_id, key="once")).status_code == 201
        assert (await certify(lyrics_id, key="once")).json()["code"] == "idempotency_key_reused"

    async def test_a_work_whose_file_is_gone_costs_nothing(
        self, services: Services, owner: Person, certify: Certify, work_id: UUID
    ) -> None:
        async with services.sessions() as session:
            keys = (await session.scalars(select(WorkFile.object_key))).all()
        await services.store.delete(*keys)
        before = await credits_of(services, owner.id)
        assert (await certify(work_id)).json()["code"] == "certification_failed"
        assert await credits_of(services, owner.id) == before

    async def test_where_nobody_signs_nothing_is_ordered(
        self, app: FastAPI, services: Services, owner: Person, certify: Certify, work_id: UUID
    ) -> None:
        before = await credits_of(services, owner.id)
        for without, code in (
            (replace(services, signer=NoSigner("no certificate")), "signing_unavailable"),
            (replace(services, certification=None, keyring=None), "certification_unavailable"),
        ):
            app.state.services = without
            answer = await certify(work_id)
            assert (answer.status_code, answer.json()["code"]) == (503, code)
        assert await count_certificates(services) == 0
        assert await credits_of(services, owner.id) == before

    async def test_it_is_taken_up_wherever_its_maker_died(
        self, services: Services, owner: Person, certify: Certify, work_id: UUID
    ) -> None:
        before, _ = await credits_of(services, owner.id)
        maker = services.certification
        assert maker is not None
        statement = 0
        for statement in range(1, 60):
            with killing(services.engine, at_statement=statement):
                try:
                    await certify(work_id, key="once")
                    break
                except Killed:
                    pass
            await self._expire_leases(services)
        assert statement > 10
        async with services.sessions() as session:
            certificate = (await session.scalars(select(Certificate))).one()
        await maker.certificates.bring_forward(certificate.id)
        assert (await certify(work_id, key="once")).json()["state"] == "issued"
        assert await credits_of(services, owner.id) == (before - 1, 0)

    async def test_one_that_kills_its_makers_ends_and_costs_nothing(
        self, services: Services, owner: Person, work_id: UUID
    ) -> None:
        assert services.certification is not None
        before = await credits_of(services, owner.id)
        certificate_id = await order(services, work_id, owner.id)
        async with services.sessions.begin() as session:
            (await session.get_one(Certificate, certificate_id)).attempts = MOST_ATTEMPTS
        await services.certification.certificates.bring_forward(certificate_id)
        async with services.sessions() as session:
            assert (await queries.get(session, certificate_id)).state is CertificateState.FAILED
        assert await credits_of(services, owner.id) == before

    async def test_what_is_made_for_somebody_who_leaves_meanwhile_is_deleted(
        self, client: httpx.AsyncClient, services: Services, owner: Person, work_id: UUID, bench: Bench
    ) -> None:
        assert services.certification is not None and services.keyring is not None
        certificate_id = await order(services, work_id, owner.id)

        async def leave() -> None:
            answer = await client.request("DELETE", "/v1/me", headers=owner.headers)
            assert answer.status_code < 300, answer.text
            assert await erase_account(services.sessions, services.store, owner.id, now=services.clock())

        store = LateStore(services.store, leave)
        maker = CertificateMaker(
            services.sessions,
            store,
            services.keyring,
            services.signer,
            services.certification.grower,
            services.clock,
            bench,
            producer_code=None,
        )
        await maker.bring_forward(certificate_id)
        (key,) = store.stored
        with pytest.raises(FileNotFoundError):
            _ = [chunk async for chunk in services.store.read(key)]

    @staticmethod
    async def _expire_leases(services: Services) -> None:
        async with services.sessions.begin() as session:
            for certificate in await session.scalars(select(Certificate)):
                certificate.next_attempt_at = services.clock()
                certificate.attempts = 0


async def order(services: Services, work_id: UUID, owner_id: UUID) -> UUID:
    """Ordered for credits, and nobody is at it."""
    async with services.sessions.begin() as session:
        certificate, _ = await order_with_credits(
            session,
            services.catalog,
            await works.get_work(session, work_id, owner_id=owner_id),
            owner_id=owner_id,
            key="once",
            language="zh",
            mining=MiningChoice.NOT_ALLOWED,
            shows_work=False,
            now=services.clock(),
        )
    return certificate.id


class TestChanges:
    async def test_a_transfer_is_a_leaf_and_names_nobody(
        self, client: httpx.AsyncClient, services: Services, certify: Certify, work_id: UUID, sign_in: SignIn
    ) -> None:
        read = (await certify(work_id)).json()
        recipient = await sign_in()
        url = f"/v1/certificates/{read['number']}"
        for _ in range(2):  # the second is a retry
            answer = await client.post(
                f"{url}/transfer",
                json={"recipient_id": str(recipient.id)},
                headers={**self.owner_headers, "idempotency-key": "give"},
            )
            assert answer.status_code == 200, answer.text
        theirs = (await client.get(url, headers=recipient.headers)).json()
        assert [change["kind"] for change in theirs["changes"]] == ["transfer"]
        opened = theirs["disclosure"]
        assert opened["owner"] == str(recipient.id)
        async with services.sessions() as session:
            (change,) = await queries.list_changes(session, UUID(read["id"]))
        entry = json.loads(change.leaf.entry)
        commitment = leaves.commit(bytes.fromhex(opened["salt"]), opened["owner"], opened["title"])
        assert entry["commitment"] == commitment.hex()
        assert str(recipient.id) not in change.leaf.entry.decode()
        mine = (await client.get(url, headers=self.owner_headers)).json()
        assert mine["disclosure"] is None

    async def test_of_two_transfers_at_once_only_the_owners_holds(
        self, client: httpx.AsyncClient, services: Services, certify: Certify, work_id: UUID, sign_in: SignIn
    ) -> None:
        read = (await certify(work_id)).json()
        people = [await sign_in(), await sign_in()]

        async def give(person: Person) -> httpx.Response:
            return await client.post(
                f"/v1/certificates/{read['number']}/transfer",
                json={"recipient_id": str(person.id)},
                headers={**self.owner_headers, "idempotency-key": f"to {person.id}"},
            )

        async with services.sessions.begin() as session, asyncio.TaskGroup() as tasks:
            await queries.lock(session, UUID(read["id"]))
            giving = [tasks.create_task(give(person)) for person in people]
            await until_waiting(services, count=2)
            await session.rollback()
        assert sorted(one.result().status_code for one in giving) == [200, 404]

    async def test_a_new_owners_key_is_not_taken_for_the_former_ones(
        self, client: httpx.AsyncClient, certify: Certify, work_id: UUID, owner: Person, sign_in: SignIn
    ) -> None:
        url = f"/v1/certificates/{(await certify(work_id)).json()['number']}/transfer"
        second, third = await sign_in(), await sign_in()

        async def give(giver: Person, recipient: Person) -> httpx.Response:
            headers = {**giver.headers, "idempotency-key": "1"}
            return await client.post(url, json={"recipient_id": str(recipient.id)}, headers=headers)

        assert (await give(owner, second)).status_code == 200
        refused = await give(second, third)
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
        assert (await give(owner, second)).status_code == 200  # a retry of what was done

    async def test_a_revocation_is_for_ever(
        self, client: httpx.AsyncClient, certify: Certify, work_id: UUID
    ) -> None:
        read = (await certify(work_id)).json()
        url = f"/v1/certificates/{read['id']}/revocation"
        headers = {**self.owner_headers, "idempotency-key": "end"}
        first = await client.post(url, json={"reason": "mistaken"}, headers=headers)
        assert first.json()["state"] == "revoked"
        again = await client.post(
            url, json={"reason": "mistaken"}, headers={**headers, "idempotency-key": "x"}
        )
        assert again.json()["code"] == "certificate_revoked"

    @pytest.fixture(autouse=True)
    def _owner(self, owner: Person) -> None:
        self.owner_headers = owner.headers


async def until_waiting(services: Services, *, count: int) -> None:
    """Return when so many statements wait for a lock."""
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    async with asyncio.timeout(20):
        while True:
            async with services.sessions() as session:
                if (await session.scalar(waiting)) == count:
                    return


class TestProofs:
    async def test_a_rush_for_them_does_not_wait_for_itself(
        self, client: httpx.AsyncClient, services: Services, certify: Certify, work_id: UUID
    ) -> None:
        url = (await certify(work_id)).json()["proof_url"]
        rush = 2 * services.settings.database_pool_size
        async with asyncio.timeout(20):  # the pool itself would wait for 30
            answers = await asyncio.gather(*(client.get(url) for _ in range(rush)))
        assert {answer.status_code for answer in answers} == {200}


class TestPaper:
    async def test_it_prints_for_its_owner_only(
        self, client: httpx.AsyncClient, owner: Person, certify: Certify, work_id: UUID, sign_in: SignIn
    ) -> None:
        read = (await certify(work_id)).json()
        url = f"/v1/certificates/{read['number']}.pdf"
        page = await client.get(url, headers={**owner.headers, "accept-language": "zh"})
        assert page.content.startswith(b"%PDF-")
        assert (await client.get(url, headers=(await sign_in()).headers)).status_code == 404
        assert (await client.get(read["pdf_url"])).headers["content-type"] == "application/pdf"

    async def test_it_names_where_pages_are_found_today(
        self, services: Services, certify: Certify, work_id: UUID, bench: Bench
    ) -> None:
        read = (await certify(work_id)).json()

        async def printed(public_url: str | None, own_url: str) -> bytes:
            assert services.keyring is not None
            papers = PaperMaker(
                services.sessions,
                services.store,
                services.keyring,
                bench,
                public_url=public_url,
                own_url=own_url,
            )
            async with services.sessions() as session:
                certificate = await queries.get(session, UUID(read["id"]))
            return await papers.print(certificate, "en")

        local = await printed(None, "http://127.0.0.1:8123")
        assert await printed(None, "http://127.0.0.1:8124") != local
        public = await printed("https://huajian.example", "http://127.0.0.1:8123")
        assert public != local
        assert await printed("https://huajian.example", "http://127.0.0.1:8124") == public


class TestOwning:
    async def test_a_printed_page_is_kept_until_the_certificate_ends(
        self, client: httpx.AsyncClient, owner: Person, certify: Certify, work_id: UUID
    ) -> None:
        read = (await certify(work_id)).json()
        url = f"/v1/certificates/{read['number']}"
        first, second = [(await client.get(f"{url}.pdf", headers=owner.headers)).content for _ in range(2)]
        assert first == second
        headers = {**owner.headers, "idempotency-key": "end"}
        await client.post(f"{url}/revocation", json={"reason": "withdrawn"}, headers=headers)
        ended = await client.get(f"{url}.pdf", headers=owner.headers)
        assert (ended.status_code, ended.json()["code"]) == (409, "certificate_revoked")

    async def test_the_work_is_shown_only_while_its_owner_wants_it(
        self, client: httpx.AsyncClient, owner: Person, certify: Certify, work_id: UUID, sign_in: SignIn
    ) -> None:
        read = (await certify(work_id, show_work=True)).json()
        url = f"/v1/certificates/{read['number']}"
        assert (await client.get(url)).json()["title"] == read["title"]
        stranger = await sign_in()
        for person, status in ((stranger, 404), (owner, 200)):
            changed = await client.patch(url, json={"show_work": False}, headers=person.headers)
            assert changed.status_code == status
        assert (await client.get(url)).json()["title"] is None

    async def test_a_copy_of_ones_data_holds_what_opens_the_commitment(
        self, services: Services, owner: Person, certify: Certify, work_id: UUID
    ) -> None:
        read = (await certify(work_id)).json()
        async with services.sessions() as session:
            described = await describe_account(session, owner.id)
        (certificate,) = described["certificates"]
        assert certificate["salt"] == read["disclosure"]["salt"]
        assert certificate["exports"][0]["sha256"] == read["content_sha256"]

    async def test_who_gave_it_away_is_nobodys_to_find_out(
        self,
        client: httpx.AsyncClient,
        services: Services,
        owner: Person,
        certify: Certify,
        work_id: UUID,
        sign_in: SignIn,
    ) -> None:
        read = (await certify(work_id)).json()
        url, giver = f"/v1/certificates/{read['number']}", owner
        for recipient in (await sign_in(), await sign_in()):
            answer = await client.post(
                f"{url}/transfer",
                json={"recipient_id": str(recipient.id)},
                headers={**giver.headers, "idempotency-key": str(recipient.id)},
            )
            assert answer.status_code == 200, answer.text
            giver = recipient
        opened = (await client.get(url, headers=giver.headers)).json()["disclosure"]
        async with services.sessions() as session:
            (described,) = (await describe_account(session, giver.id))["certificates"]
            changes = await queries.list_changes(session, UUID(read["id"]))
        assert described["salt"] == opened["salt"]
        assert [change.salt and change.salt.hex() for change in changes] == [None, opened["salt"]]
