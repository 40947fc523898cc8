"""Verifying what people send: real exports, what became of them, and files that mean harm."""

import asyncio
import hashlib
import io
import json
import zipfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import httpx
import numpy as np
import pytest
from PIL import Image
from sqlalchemy import func, select

from benchmarks.fingerprints import cropped
from models.base import Base
from provenance.certificates import read_document, write_document, write_statement
from provenance.credentials.facts import CredentialTrust
from provenance.similar import queries as similar
from service.verification.errors import FileUnreadableError, VerificationBusyError
from service.verification.sandbox import MOST_AT_ONCE, MOST_WAITING, VerificationSandbox
from service.wiring import Services
from tests.factories.people import Person, SignIn
from tests.factories.tampering import flipped
from tests.integration.provenance.conftest import Certify, Export

Verify = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def verify(client: httpx.AsyncClient) -> Verify:
    async def verifying(content: bytes, **options: Any) -> dict[str, Any]:
        answer = await client.post("/v1/verify", content=content, **options)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    return verifying


@pytest.fixture
async def number(certify: Certify, work_id: UUID) -> str:
    """Of the work's certificate."""
    return str((await certify(work_id)).json()["number"])


@pytest.fixture
async def exported(client: httpx.AsyncClient, export: Export, work_id: UUID, number: str) -> dict[str, Any]:
    """The work as a JPEG: its export, the file and its bundle."""
    answer = await export(work_id, "jpeg")
    read: dict[str, Any] = answer.json()
    assert read["state"] == "ready", read
    for what in ("url", "bundle_url"):
        read[what] = (await client.get(read[what])).content
    return read


def outcomes(verdict: dict[str, Any]) -> dict[str, str]:
    return {check["code"]: check["outcome"] for check in verdict["checks"]}


def pixels_of(content: bytes) -> Any:  # noqa: ANN401
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture.convert("RGB"))


def encoded(pixels: Any, quality: int = 70) -> bytes:  # noqa: ANN401
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return file.getvalue()


class TestExports:
    async def test_an_export_is_intact_and_names_its_certificate(
        self, verify: Verify, exported: dict[str, Any], number: str
    ) -> None:
        verdict = await verify(exported["url"])
        assert verdict["answer"] == "intact", verdict
        assert (verdict["certificate"]["number"], verdict["certificate"]["state"]) == (number, "issued")
        assert verdict["certificate"]["page_url"] == f"/c/{number}"
        assert verdict["file"]["sha256"] == exported["sha256"]
        told = outcomes(verdict)
        for code in ("label_found", "manifest_development", "certificate_development", "content_recorded"):
            assert told[code] == "passed"
        assert [check["code"] for check in verdict["checks"]].count("proof_holds") == 2
        assert verdict["similar"] == []

    async def test_its_bundle_is_intact_and_a_form_with_the_pieces_too(
        self, client: httpx.AsyncClient, verify: Verify, exported: dict[str, Any]
    ) -> None:
        verdict = await verify(exported["bundle_url"])
        assert verdict["answer"] == "intact", verdict
        assert verdict["file"]["name"].endswith(".jpg")
        with zipfile.ZipFile(io.BytesIO(exported["bundle_url"])) as bundle:
            form = [
                ("file", ("x", exported["url"])),
                ("certificate", ("certificate.json", bundle.read("certificate.json"))),
                ("record", ("export.entry.json", bundle.read("export.entry.json"))),
                ("proof", ("export.tlog-proof", bundle.read("export.tlog-proof"))),
            ]
        answer = await client.post("/v1/verify", files=form, headers={"accept-language": "zh"})
        assert (answer.json()["answer"], answer.json()["title"]) == ("intact", "完好")
        form[1] = ("certificate", ("certificate.json", flipped(form[1][1][1], 900)))
        assert (await client.post("/v1/verify", files=form)).json()["answer"] == "altered"

    async def test_words_are_intact_in_every_format_by_their_certificate_alone(
        self, client: httpx.AsyncClient, verify: Verify, certify: Certify, export: Export, lyrics_id: UUID
    ) -> None:
        number = (await certify(lyrics_id)).json()["number"]
        for wanted in ("pdf", "md", "txt"):
            content = (await client.get((await export(lyrics_id, wanted)).json()["url"])).content
            verdict = await verify(content)
            assert (verdict["answer"], verdict["certificate"]["number"]) == ("intact", number), wanted
            assert outcomes(verdict)["label_found"] == "passed"
            altered = await verify(flipped(content, len(content) - 40))
            assert altered["answer"] != "intact", wanted

    async def test_an_altered_copy_is_told_apart_and_its_original_hinted_at(
        self, verify: Verify, exported: dict[str, Any], number: str
    ) -> None:
        content = exported["url"]
        verdict = await verify(flipped(content, len(content) - 1500))
        assert (verdict["answer"], verdict["certificate"]["number"]) == ("altered", number)  # by its manifest
        verdict = await verify(encoded(cropped(pixels_of(content), 0.05, 0, 0.05, 0)))
        assert verdict["answer"] == "nothing_found"
        assert [one["number"] for one in verdict["similar"]] == [number]
        assert verdict["similar"][0]["difference_bits"] <= 40
        other = encoded(np.asarray(Image.linear_gradient("L").convert("RGB")))
        assert (await verify(other))["similar"] == []

    async def test_what_is_no_longer_vouched_for_is_not_intact(
        self,
        client: httpx.AsyncClient,
        owner: Person,
        sign_in: SignIn,
        verify: Verify,
        exported: dict[str, Any],
        number: str,
    ) -> None:
        friend = await sign_in()
        headers = {**owner.headers, "idempotency-key": str(uuid4())}
        path = f"/v1/certificates/{number}"
        given = await client.post(f"{path}/transfer", json={"recipient_id": str(friend.id)}, headers=headers)
        assert given.status_code == 200, given.text
        verdict = await verify(exported["url"])
        assert (verdict["answer"], outcomes(verdict)["standing_transferred"]) == ("intact", "passed")
        headers = {**friend.headers, "idempotency-key": str(uuid4())}
        taken = await client.post(f"{path}/revocation", json={"reason": "mistaken"}, headers=headers)
        assert taken.status_code == 200, taken.text
        for sent in ("url", "bundle_url"):
            verdict = await verify(exported[sent])
            assert (verdict["answer"], outcomes(verdict)["standing_revoked"]) == ("signer_unknown", "unknown")
        verdict = await verify(flipped(exported["url"], len(exported["url"]) - 1500))
        assert (verdict["answer"], outcomes(verdict)["standing_revoked"]) == ("altered", "unknown")

    async def test_a_strangers_certificate_under_our_number_is_not_taken_for_ours(
        self, client: httpx.AsyncClient, verify: Verify, exported: dict[str, Any], number: str
    ) -> None:
        content = encoded(np.asarray(Image.linear_gradient("L").convert("RGB")))
        ours = (await client.get(f"/v1/certificates/{number}")).json()["document"]
        facts = read_document(json.dumps(ours).encode()).facts
        statement = write_statement(
            replace(facts, content_sha256=hashlib.sha256(content).digest(), manifest_sha256=None),
            issuer="stranger.example/certificates",
            is_development=False,
            origin="stranger.example/log",
            index=0,
        )
        document = write_document(statement, bytes(64), "00c0ffee")
        form = [("file", ("x", content)), ("certificate", ("certificate.json", document))]
        verdict = (await client.post("/v1/verify", files=form)).json()
        assert verdict["answer"] == "signer_unknown", verdict
        assert (verdict["certificate"]["state"], verdict["certificate"]["page_url"]) == (None, None)
        assert "standing_good" not in outcomes(verdict)

    async def test_nothing_of_what_was_sent_is_kept(
        self, services: Services, verify: Verify, exported: dict[str, Any]
    ) -> None:
        before = await everything(services)
        await verify(exported["url"])
        await verify(encoded(pixels_of(exported["url"])))
        assert await everything(services) == before


class TestSimilar:
    async def test_a_picture_is_found_by_every_process_until_it_is_forgotten(
        self, services: Services, verify: Verify, exported: dict[str, Any], number: str
    ) -> None:
        copy = encoded(pixels_of(exported["url"]))
        assert (await verify(copy))["similar"][0]["number"] == number
        async with services.sessions.begin() as session:
            certificates = await similar.list_certificates(session, range(1, 10))
            await similar.forget(session, list(certificates.values()))
        assert (await verify(copy))["similar"] == []


class TestHostileFiles:
    async def test_what_cannot_be_checked_is_refused_unparsed(self, client: httpx.AsyncClient) -> None:
        for content in (
            b"",
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>",
            b"\x7fELF" + bytes(200),
        ):
            answer = await client.post("/v1/verify", content=content)
            assert (answer.status_code, answer.json()["code"]) == (422, "file_not_verifiable")
        answer = await client.post("/v1/verify", files={"other": ("x", b"x")})
        assert (answer.status_code, answer.json()["code"]) == (422, "file_not_verifiable")
        two = [("file", ("a", b"words")), ("file", ("b", b"others"))]
        answer = await client.post("/v1/verify", files=two)
        assert (answer.status_code, answer.json()["code"]) == (422, "file_not_verifiable")
        headers = {"content-type": "multipart/form-data; boundary=x"}
        answer = await client.post("/v1/verify", content=b"--y\r\nbroken", headers=headers)
        assert answer.status_code in (400, 422)

    async def test_a_bundle_that_unpacks_to_gigabytes_is_refused(self, client: httpx.AsyncClient) -> None:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bomb, bomb.open("x.png", "w") as file:
            for _ in range(300):
                file.write(bytes(1 << 20))
        answer = await client.post("/v1/verify", content=target.getvalue())
        assert (answer.status_code, answer.json()["code"]) == (422, "file_unreadable")

    async def test_more_bytes_than_allowed_are_refused(self, client: httpx.AsyncClient) -> None:
        answer = await client.post("/v1/verify", content=bytes(32 * 1024 * 1024 + 1))
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")

    @pytest.mark.parametrize("child", ["greedy", "hanging"])
    async def test_a_trap_costs_its_own_process(self, monkeypatch: pytest.MonkeyPatch, child: str) -> None:
        monkeypatch.setattr("service.verification.sandbox.CHILD", f"tests.fakes.{child}_decoder")
        monkeypatch.setattr("service.children.asking.TIMEOUT_SECONDS", 2 if child == "hanging" else 30)
        with pytest.raises(FileUnreadableError):
            await VerificationSandbox().examine(b"anything", CredentialTrust())

    async def test_a_crowd_is_asked_to_come_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        hold = asyncio.Event()

        async def waiting(*_: object) -> bytes:
            await hold.wait()
            return b""

        monkeypatch.setattr("service.verification.sandbox.ask_child", waiting)
        sandbox = VerificationSandbox()
        crowd = MOST_AT_ONCE + MOST_WAITING
        tasks = [asyncio.create_task(sandbox.examine(b"x", CredentialTrust())) for _ in range(crowd)]
        await asyncio.sleep(0)
        with pytest.raises(VerificationBusyError):
            await sandbox.examine(b"x", CredentialTrust())
        hold.set()
        assert {type(one) for one in await asyncio.gather(*tasks, return_exceptions=True)} == {
            FileUnreadableError
        }
        with pytest.raises(FileUnreadableError):
            await sandbox.examine(b"x", CredentialTrust())


async def everything(services: Services) -> dict[str, int]:
    """How many rows every table has, and how many objects there are."""
    async with services.sessions() as session:
        counts = {
            name: await session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
        }
    folder = services.settings.data_dir.resolve() / "files"
    return {**counts, "objects": sum(path.is_file() for path in folder.rglob("*"))}
