"""Sealed files: label, then claim, then hash; each read back by somebody else's reader."""

import hashlib
import io
import json
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import c2pa
import pytest

from provenance.containers.carried import FoundLabel
from provenance.containers.manifests import find_manifest
from provenance.containers.reading import read_labels
from provenance.credentials.facts import CredentialState, CredentialTrust
from provenance.credentials.reading import read_credentials
from provenance.credentials.signing import SIGNABLE
from provenance.errors import SealError, SigningUnavailableError
from provenance.facts import MiningChoice, makers_of
from provenance.implicit import DEVELOPMENT_PRODUCER, produced
from provenance.labels import ALGORITHMIC, COMPOSITE, COMPOSITE_TRAINED, TRAINED, source_type
from provenance.sealing import SealedFile, seal
from tests.factories.sealed_files import EXTENSIONS, encoded, every_type, facts, signing_pair

EVERY = tuple(EXTENSIONS)
PAIR = signing_pair()
TRUST = CredentialTrust(PAIR.root_pem)
NOBODY = CredentialTrust()


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, bytes]:
    return every_type(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def sealed(plain: Mapping[str, bytes]) -> Mapping[str, SealedFile]:
    return {kind: seal(content, kind, facts(), PAIR.signer) for kind, content in plain.items()}


@pytest.fixture(scope="module")
def told(sealed: Mapping[str, SealedFile], tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """What exiftool says of each file that it knows."""
    folder = tmp_path_factory.mktemp("sealed")
    for kind, file in sealed.items():
        (folder / f"file.{EXTENSIONS[kind]}").write_bytes(file.content)
    command = [
        "exiftool",
        "-j",
        "-a",
        "-G1",
        "-XMP:all",
        "-Keys:all",
        "-PDF:all",
        "-Error",
        "-Warning",
        str(folder),
    ]
    said = subprocess.run(command, capture_output=True, check=False, timeout=60).stdout
    return {Path(one["SourceFile"]).suffix[1:]: one for one in json.loads(said)}


class TestSeal:
    @pytest.mark.parametrize("kind", EVERY)
    def test_label_hash_and_manifest_are_those_of_the_bytes(
        self, kind: str, sealed: Mapping[str, SealedFile]
    ) -> None:
        file = sealed[kind]
        label = produced(None, facts().produce_id)
        assert [one.label for one in read_labels(file.content, kind)] == [label] == [file.label]
        assert file.content.count(b"ContentProducer") == 1
        assert hashlib.sha256(file.content).digest() == file.sha256
        store = find_manifest(file.content, kind)
        digest = None if store is None else hashlib.sha256(store).digest()
        assert digest == file.manifest_sha256
        assert (digest is not None) == (kind in SIGNABLE)

    @pytest.mark.parametrize("kind", ["png", "jpg", "webp", "gif", "mp4", "pdf"])
    def test_exiftool_finds_one_label_and_the_source_type(self, kind: str, told: Mapping[str, Any]) -> None:
        one = told[kind]
        labels = [value for key, value in one.items() if key.rpartition(":")[2].upper() == "AIGC"]
        assert len(labels) == 1
        values = labels[0] if isinstance(labels[0], dict) else json.loads(labels[0])
        assert values["ContentProducer"] == DEVELOPMENT_PRODUCER
        assert one["XMP-iptcExt:DigitalSourceType"] == ALGORITHMIC
        assert not {key for key in one if key.endswith((":Error", ":Warning"))}

    @pytest.mark.parametrize("kind", ["image/png", "image/jpeg", "image/webp", "image/gif", "video/mp4"])
    def test_ffmpeg_shows_what_they_showed_before(
        self, kind: str, plain: Mapping[str, bytes], sealed: Mapping[str, SealedFile]
    ) -> None:
        before, after = shown(plain[kind]), shown(sealed[kind].content)
        assert len(before) == (12 if kind == "video/mp4" else 4 if kind == "image/gif" else 1)
        assert before == after

    def test_qpdf_finds_no_fault_in_a_signed_document(
        self, sealed: Mapping[str, SealedFile], tmp_path: Path
    ) -> None:
        path = tmp_path / "file.pdf"
        path.write_bytes(sealed["application/pdf"].content)
        checked = subprocess.run(["qpdf", "--check", str(path)], capture_output=True, check=False, timeout=30)
        assert checked.returncode == 0, checked.stdout

    @pytest.mark.parametrize("kind", sorted(SIGNABLE))
    def test_the_claim_says_how_the_work_was_made(self, kind: str, sealed: Mapping[str, SealedFile]) -> None:
        found = read_credentials(sealed[kind].content, kind, TRUST)
        assert found.state is CredentialState.INTACT
        assert (found.actions, found.source_types) == (("c2pa.created",), (ALGORITHMIC,))
        assert (found.produce_id, found.title, found.signer) == (
            facts().produce_id,
            "中秋快乐",
            "Test signer",
        )
        assert found.generator is not None and found.generator.startswith("Huajian ")
        assert found.manifest_sha256 == sealed[kind].manifest_sha256

    @pytest.mark.parametrize("kind", sorted(SIGNABLE))
    def test_who_does_not_know_the_signer_knows_that_the_file_is_whole(
        self, kind: str, sealed: Mapping[str, SealedFile]
    ) -> None:
        found = read_credentials(sealed[kind].content, kind, NOBODY)
        assert (found.state, found.codes) == (
            CredentialState.UNKNOWN_SIGNER,
            ("signingCredential.untrusted",),
        )

    @pytest.mark.parametrize("kind", sorted(SIGNABLE))
    def test_a_flipped_bit_is_noticed(self, kind: str, sealed: Mapping[str, SealedFile]) -> None:
        """In the picture, in the manifest, and in what the manifest reserves and does not use."""
        content = sealed[kind].content
        store = find_manifest(content, kind) or b""
        of_store = content.index(store[:200])
        used = store.index(b"com.github.huajian.produced")
        unused = store.rindex(b"\x63pad") + 400
        for at in (content.index(b"ContentProducer"), of_store + used, _place(content, store, unused)):
            broken = bytearray(content)
            broken[at] ^= 1
            assert read_credentials(bytes(broken), kind, TRUST).state is CredentialState.ALTERED

    def test_a_claim_has_no_thumbnail_and_all_that_was_done(self, sealed: Mapping[str, SealedFile]) -> None:
        with c2pa.Reader("image/jpeg", io.BytesIO(sealed["image/jpeg"].content)) as reader:
            (manifest,) = json.loads(reader.json())["manifests"].values()
        assert "thumbnail" not in manifest
        assertions = {one["label"]: one["data"] for one in manifest["assertions"]}
        assert assertions["c2pa.actions.v2"]["allActionsIncluded"] is True
        assert assertions["cawg.training-mining"]["entries"]["cawg.ai_training"] == {"use": "notAllowed"}
        assert set(manifest["claim_generator_info"][0]) >= {"name", "version", "specVersion"}

    def test_the_creator_decides_on_mining(self) -> None:
        chosen = replace(facts(), mining=MiningChoice.CONSTRAINED)
        content = seal(encoded("JPEG"), "image/jpeg", chosen, PAIR.signer).content
        with c2pa.Reader("image/jpeg", io.BytesIO(content)) as reader:
            assert '"use": "constrained"' in reader.json() and "notAllowed" not in reader.json()

    def test_without_a_signer_there_is_a_label_and_no_claim(self, plain: Mapping[str, bytes]) -> None:
        file = seal(plain["image/png"], "image/png", facts(), None)
        assert file.manifest_sha256 is None
        assert read_credentials(file.content, "image/png", TRUST).state is CredentialState.NONE

    def test_a_second_label_is_noticed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """As when another part of a file held one that the writer does not look at."""
        twice = [FoundLabel("xmp", produced(None, facts().produce_id))] * 2
        monkeypatch.setattr("provenance.sealing.read_labels", lambda *_: twice)
        with pytest.raises(SealError):
            seal(encoded("PNG"), "image/png", facts(), None)

    def test_where_nobody_signs_nothing_leaves(self) -> None:
        class Silent:
            chain_pem = PAIR.signer.chain_pem
            time_authority_url = None

            def sign(self, claim: bytes) -> bytes:
                raise SigningUnavailableError("away")

        with pytest.raises(SigningUnavailableError, match="away"):
            seal(encoded("PNG"), "image/png", facts(), Silent())


class TestSources:
    @pytest.mark.parametrize(
        ("is_model", "has_photo", "expected"),
        [
            (False, False, ALGORITHMIC),
            (True, False, TRAINED),
            (False, True, COMPOSITE),
            (True, True, COMPOSITE_TRAINED),
        ],
    )
    def test_a_model_is_claimed_only_where_one_ran(
        self, is_model: bool, has_photo: bool, expected: str
    ) -> None:
        assert source_type(is_model=is_model, has_photo=has_photo) == expected

    def test_the_record_of_a_work_names_who_made_it(self) -> None:
        made = {
            "backend": "studio", "model": "procedural-card", "revision": "1", "ai": True,
            "parts": {"background": {"backend": "diffusers", "model": "m", "revision": "2"}},
        }  # fmt: skip
        whole, part = makers_of(made)
        assert (whole.role, whole.is_model) == (None, False)
        assert (part.role, part.backend, part.version, part.is_model) == (
            "background",
            "diffusers",
            "2",
            True,
        )


def _place(content: bytes, store: bytes, at: int) -> int:
    """Where a byte of the store lies in the file; GIF and JPEG break it into pieces."""
    around = store[at - 40 : at + 1]
    found = content.find(store[:at][-600:])
    return found + 600 if found >= 0 and at > 600 else content.rindex(around) + 40


def shown(content: bytes) -> list[bytes]:
    """Every frame, as ffmpeg decodes it."""
    with av.open(io.BytesIO(content), "r") as container:
        return [frame.to_ndarray(format="rgb24").tobytes() for frame in container.decode(video=0)]
