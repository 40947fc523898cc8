"""A certificate says one thing in one way: whatever is changed, it is refused or not signed."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from provenance.certificates import (
    NUMBER,
    CertificateAlteredError,
    CertificateFacts,
    CertificateFormatError,
    UnknownIssuerError,
    new_number,
    read_document,
    sign_statement,
    write_document,
    write_statement,
)
from provenance.leaves import commit
from provenance.log.notes import Signer

SIGNER = Signer("huajian.example/certificates", Ed25519PrivateKey.from_private_bytes(bytes(32)))
AT = datetime(2026, 11, 28, 1, 40, 5, tzinfo=UTC)
FACTS = CertificateFacts(
    number="HJ-7X2M-0C5F-G5MK",
    kind="card",
    media_type="image/png",
    content_sha256=bytes(32),
    manifest_sha256=bytes(31) + b"\1",
    commitment=commit(bytes(32), "owner", "中秋快乐"),
    source_type="http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia",
    made_at=AT,
    issued_at=AT,
    fingerprints={"algorithm": "x", "coarse": "00"},
)


def document() -> bytes:
    statement = write_statement(
        FACTS, issuer=SIGNER.name, is_development=False, origin="huajian.example/log", index=7
    )
    return write_document(statement, sign_statement(statement, SIGNER), SIGNER.verifier.id.hex())


def changed(path: list[str], value: object) -> bytes:
    found = json.loads(document())
    place: Any = found
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return json.dumps(found).encode()


class TestDocuments:
    def test_it_is_read_as_it_was_signed(self) -> None:
        read = read_document(document())
        assert read.verify([SIGNER.verifier]) == SIGNER.verifier
        assert (read.facts, read.index, read.origin) == (FACTS, 7, "huajian.example/log")
        assert read.entry == FACTS.entry

    def test_how_it_is_laid_out_does_not_matter(self) -> None:
        pretty = json.dumps(json.loads(document()), indent=2, ensure_ascii=False).encode()
        read_document(pretty).verify([SIGNER.verifier])

    def test_the_entry_names_nobody(self) -> None:
        assert set(json.loads(FACTS.entry)) == {
            "v",
            "type",
            "certificate",
            "content_sha256",
            "manifest_sha256",
            "commitment",
            "at",
        }

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            (["statement", "log", "index"], 8),
            (["statement", "development"], True),
            (["statement", "work", "kind"], "image"),
            (["statement", "work", "fingerprints", "coarse"], "01"),
            (["statement", "work", "made_at"], "2026-11-28T01:40:06Z"),
        ],
    )
    def test_a_changed_statement_is_not_signed(self, path: list[str], value: object) -> None:
        with pytest.raises(CertificateAlteredError):
            read_document(changed(path, value)).verify([SIGNER.verifier])

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            (["statement", "work", "content_sha256"], "00" * 31 + "02"),  # the leaf would be another one
            (["statement", "number"], "HJ-0000-0000-0000"),
            (["statement", "number"], "HJ-1"),
            (["statement", "v"], 2),
            (["statement", "log", "index"], -1),
            (["statement", "issued_at"], "yesterday"),
            (["signature", "algorithm"], "none"),
            (["signature", "value"], "!"),
            (["statement"], []),
            (["statement", "work"], None),
        ],
    )
    def test_what_contradicts_itself_is_no_certificate(self, path: list[str], value: object) -> None:
        with pytest.raises(CertificateFormatError):
            read_document(changed(path, value))

    def test_nothing_stands_beside_what_is_signed(self) -> None:
        """People read all of it, and other programs the first of two keys where we read the last."""
        own = document().decode()
        statement = own[own.index('"statement":') : -1]
        for more in (
            own.replace("{", '{"owner":"Mallory",', 1),
            own.replace('"signature":{', '"signature":{"signed_for":"Mallory",'),
            own.replace("{", f"{{{statement.replace('image/png', 'image/gif')},", 1),
            own.replace('"kind":"card"', '"kind":"photo","kind":"card"'),
        ):
            assert json.loads(more)["statement"] == json.loads(own)["statement"]
            with pytest.raises(CertificateFormatError):
                read_document(more.encode())

    def test_a_key_that_is_not_known_is_neither_good_nor_bad(self) -> None:
        other = Signer(SIGNER.name, Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\1"))
        with pytest.raises(UnknownIssuerError):
            read_document(document()).verify([other.verifier])

    @given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
    def test_anything_may_be_brought(self, content: bytes) -> None:
        with pytest.raises(CertificateFormatError):
            read_document(content)

    def test_nesting_and_length_are_bounded(self) -> None:
        for hostile in (b"[" * 30_000, b'{"statement":' * 2000, b" " * 40_000):
            with pytest.raises(CertificateFormatError):
                read_document(hostile)


def test_numbers_are_as_they_are_checked_and_do_not_repeat() -> None:
    numbers = {new_number() for _ in range(200)}
    assert len(numbers) == 200
    assert all(NUMBER.fullmatch(number) for number in numbers)
