"""The public page of a certificate shows what its owner lets it show, and no more."""

import json
import re
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.factories.people import Person
from tests.integration.provenance.conftest import Certify

TITLE = "plum blossom in snow"


def structured(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert found is not None
    told: dict[str, Any] = json.loads(found[1])
    return told


class TestCertificatePage:
    async def test_a_shown_work_has_title_picture_and_preview(
        self, client: httpx.AsyncClient, certify: Certify, work_id: UUID
    ) -> None:
        number = (await certify(work_id, show_work=True)).json()["number"]
        page = (await client.get(f"/c/{number}")).text
        assert TITLE in page
        assert f'property="og:image" content="http://huajian/c/{number}/picture"' in page
        assert structured(page)["name"] == TITLE
        picture = await client.get(f"/c/{number}/picture")
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/webp")

    async def test_one_that_is_not_shown_tells_neither_title_nor_looks_nor_owner(
        self, client: httpx.AsyncClient, owner: Person, certify: Certify, work_id: UUID
    ) -> None:
        read = (await certify(work_id)).json()
        answer = await client.get(f"/c/{read['number']}")
        assert answer.status_code == 200
        for secret in (TITLE, str(owner.id), str(work_id), read["disclosure"]["salt"], "og:image"):
            assert secret not in answer.text
        assert structured(answer.text)["hasCertification"]["certificationStatus"].endswith("Active")
        assert (await client.get(f"/c/{read['number']}/picture")).status_code == 404

    async def test_a_revoked_one_says_so_in_both_languages_and_to_machines(
        self, client: httpx.AsyncClient, owner: Person, certify: Certify, work_id: UUID
    ) -> None:
        number = (await certify(work_id, show_work=True)).json()["number"]
        headers = {**owner.headers, "idempotency-key": str(uuid4())}
        path = f"/v1/certificates/{number}/revocation"
        assert (await client.post(path, json={"reason": "mistaken"}, headers=headers)).status_code == 200
        for language, words in (("zh", "已撤销"), ("en", "Revoked")):
            page = (await client.get(f"/c/{number}", params={"lang": language})).text
            assert words in page
            assert structured(page)["hasCertification"]["certificationStatus"].endswith("Inactive")

    @pytest.mark.parametrize(
        "reference", ["HJ-0000-0000-0000", "nothing", "3f1e2d4c-5b6a-4978-8877-665544332211"]
    )
    async def test_a_wrong_number_is_a_page_that_says_so(
        self, client: httpx.AsyncClient, reference: str
    ) -> None:
        answer = await client.get(f"/c/{reference}")
        assert answer.status_code == 404
        assert "<h1>" in answer.text
        assert (await client.get(f"/c/{reference}/picture")).status_code == 404
