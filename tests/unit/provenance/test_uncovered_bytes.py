"""What a manifest reserves is covered by no signature: nothing else may be put into its room unnoticed."""

import io
import json

import c2pa
import pytest
import regex
from PIL import Image

from provenance.containers import jpeg
from provenance.containers.boxes import walk
from provenance.containers.manifests import find_manifest
from provenance.credentials.facts import CredentialFacts, CredentialState
from provenance.credentials.manifests import PRODUCED
from provenance.credentials.reading import _facts, read_credentials
from provenance.credentials.signing import _context
from provenance.evidence import Evidence
from provenance.labels import ALGORITHMIC
from provenance.verification.report import Answer
from provenance.verification.verifying import verify
from tests.factories.certified import certified, operator

JPEG = "image/jpeg"
OURS = operator().trust
PHOTO = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapturesX"  # as long as what it replaces
UPSIDE_DOWN = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x03\0\0\0\0\0\0\0"


def segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(data) + 2).to_bytes(2, "big") + data


def shrunk(store: bytes, count: int) -> bytes:
    """The store without `count` of the bytes that it reserves; every box around them is smaller."""
    at = store.rindex(b"\x63pad\x59") + 5
    smaller = bytearray(store)
    smaller[at : at + 2] = (int.from_bytes(store[at : at + 2], "big") - count).to_bytes(2, "big")

    def shrink_around(start: int, end: int) -> None:
        for one in walk(store, start, end):
            if one.start < at < one.end:
                smaller[one.start : one.start + 4] = (one.end - one.start - count).to_bytes(4, "big")
                if one.kind == b"jumb":
                    shrink_around(one.body, one.end)

    shrink_around(0, len(store))
    del smaller[at + 2 : at + 2 + count]
    return bytes(smaller)


def store_of(content: bytes) -> bytes:
    return find_manifest(content, JPEG) or b""


def with_store(content: bytes, *parts: bytes, between: bytes = b"") -> bytes:
    """The picture with another store of the same length, in one segment or more."""
    (old,) = (one for one in jpeg.segments(content) if one.marker == 0xEB)
    name, repeated = content[old.body : old.body + 4], parts[0][:8]
    segments = [
        segment(0xEB, name + number.to_bytes(4, "big") + (repeated if number > 1 else b"") + part)
        for number, part in enumerate(parts, start=1)
    ]
    changed = content[: old.start] + between.join(segments) + content[old.end :]
    assert len(changed) == len(content)
    return changed


def read(content: bytes) -> CredentialFacts:
    return read_credentials(content, JPEG, OURS.credentials)


class TestJpeg:
    def test_a_store_in_two_segments_is_read(self) -> None:
        content = certified().content
        store = shrunk(store_of(content), 20)
        assert read(with_store(content, store[:4000], store[4000:])).state is CredentialState.INTACT

    def test_a_picture_cannot_be_turned_between_two_parts_of_its_manifest(self) -> None:
        content = certified().content
        turn = segment(0xE1, UPSIDE_DOWN)
        store = shrunk(store_of(content), 20 + len(turn))
        turned = with_store(content, store[:4000], store[4000:], between=turn)
        with Image.open(io.BytesIO(turned)) as picture:
            assert picture.getexif()[0x112] == 3
        assert read(turned).codes == ("manifest.scattered",)
        assert verify(turned, Evidence(), OURS).answer is Answer.ALTERED

    def test_nothing_can_lie_behind_the_store(self) -> None:
        content = certified().content
        hidden = with_store(content, shrunk(store_of(content), 1000) + b"hide" * 250)
        assert (read(hidden).state, read(hidden).codes) == (CredentialState.ALTERED, ("manifest.padding",))


class TestShapes:
    @pytest.mark.parametrize("data", ["[]", "1", "null", '{"actions":5,"produce_id":[]}', '{"actions":[1]}'])
    def test_assertions_of_any_shape_are_altered_and_no_accident(self, data: str) -> None:
        """One bit of an assertion may make another kind of value of it."""
        told = {
            "active_manifest": "one",
            "manifests": {
                "one": {
                    "assertions": [
                        {"label": label, "data": json.loads(data)} for label in ("c2pa.actions.v2", PRODUCED)
                    ]
                }
            },
            "validation_state": "Invalid",
        }
        assert _facts(told, bytes(32), has_clean_padding=True).state is CredentialState.ALTERED

    def test_a_bit_that_turns_a_map_into_a_list_is_noticed(self) -> None:
        content = certified().content
        at = content.index(b"\xa3gmade_by")  # a map of three in CBOR
        turned = content[:at] + bytes([content[at] ^ 0x20]) + content[at + 1 :]
        assert verify(turned, Evidence(), OURS).answer is Answer.ALTERED


class TestHistory:
    def test_a_manifest_that_nobody_signed_tells_nothing(self) -> None:
        """The bytes of ours under another name, with a made-up source, before the one that counts."""
        content = certified().content
        store = store_of(content)
        small = shrunk(store, 9500)[38:]
        (label,) = {found[0] for found in regex.finditer(rb"urn:c2pa:[0-9a-f-]{36}", small)}
        other = small.replace(label, label[:-4] + b"beef").replace(ALGORITHMIC.encode(), PHOTO.encode())
        rest = shrunk(store, len(other))
        size = len(store).to_bytes(4, "big")
        found = read(with_store(content, size + rest[4:38] + other + rest[38:]))
        assert (found.state, found.codes) == (CredentialState.ALTERED, ("manifest.unreferenced",))
        assert found.source_types == (ALGORITHMIC,)

    def test_what_ingredients_say_is_told_oldest_first(self) -> None:
        found = read(edited(edited(certified().content)))
        assert found.state is CredentialState.INTACT
        assert found.actions == ("c2pa.created", "c2pa.opened")
        assert found.source_types == (ALGORITHMIC,)


def edited(content: bytes) -> bytes:
    """Opened and saved by a program that keeps the history."""
    action = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["before"]}}
    definition = {
        "claim_generator_info": [{"name": "editor", "version": "1"}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [action]}}],
    }
    parent = {"title": "before", "relationship": "parentOf", "label": "before"}
    key, file = operator().signer, io.BytesIO()
    with (
        c2pa.Signer.from_callback(
            key.sign, c2pa.C2paSigningAlg.ES256, key.chain_pem.decode(), None
        ) as signer,
        c2pa.Builder(json.dumps(definition), context=_context()) as builder,
    ):
        builder.add_ingredient(json.dumps(parent), JPEG, io.BytesIO(content))
        builder.sign(signer, JPEG, io.BytesIO(content), file)
    return file.getvalue()
