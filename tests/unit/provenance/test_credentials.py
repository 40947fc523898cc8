"""Certificates by the profile, the development authority, what is refused, and what time-stamps attest."""

import os
import stat
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from pydantic import ValidationError

from core.clock import utc_now
from core.settings import ProvenanceSettings, Settings
from provenance.credentials.chains import (
    ASSURANCE,
    CLAIM_SIGNING,
    EMAIL_PROTECTION,
    AssuranceLevel,
    Subject,
    issue,
    key_to_pem,
    make_authority,
    make_key,
    to_pem,
)
from provenance.credentials.development import DevelopmentFolder
from provenance.credentials.examining import examine_chain, read_chain
from provenance.credentials.facts import CredentialState, CredentialTrust
from provenance.credentials.following import FollowingSigner
from provenance.credentials.opening import UNCONFIGURED, find_chain, open_signer, read_anchors
from provenance.credentials.reading import read_credentials
from provenance.credentials.signers import FileSigner, load_key
from provenance.errors import SigningUnavailableError
from provenance.sealing import seal
from tests.factories.sealed_files import encoded, facts, signing_pair
from tests.fakes.time_authority import TimeAuthority, open_time_authority

NOW = utc_now()
AUTHORITY = make_authority(Subject("CN", "Test", "Test root"), now=NOW)
SUBJECT = Subject("CN", "Example Ltd", "Huajian")
PRODUCTION = {"environment": "production", "auth": {"secret": "s" * 40}}


def settings(folder: Path, **given: object) -> Settings:
    return Settings.model_validate({"data_dir": folder, **given})


class TestProfile:
    def test_openssl_accepts_the_chain_and_sees_the_profile(self, tmp_path: Path) -> None:
        key = make_key()
        leaf = issue(AUTHORITY, SUBJECT, key.public_key(), now=NOW, ocsp_url="http://ocsp.example.com")
        (tmp_path / "root.pem").write_bytes(to_pem(AUTHORITY.certificate))
        (tmp_path / "leaf.pem").write_bytes(to_pem(leaf))
        verify = ["openssl", "verify", "-x509_strict", "-CAfile", "root.pem", "leaf.pem"]
        subprocess.run(verify, cwd=tmp_path, check=True, capture_output=True, timeout=10)
        show = ["openssl", "x509", "-in", "leaf.pem", "-noout", "-text"]
        text = subprocess.run(show, cwd=tmp_path, check=True, capture_output=True, timeout=10).stdout.decode()
        for line in (
            "Version: 3", "CA:FALSE", "Digital Signature, Non Repudiation", "E-mail Protection",
            CLAIM_SIGNING.dotted_string, "Policy: 1.3.6.1.4.1.62558.1.1", "OCSP - URI:http://ocsp.example.com",
        ):  # fmt: skip
            assert line in text, line

    @pytest.mark.parametrize(("level", "last"), [(AssuranceLevel.ONE, 10), (AssuranceLevel.TWO, 20)])
    def test_the_assurance_level_is_stated(self, level: AssuranceLevel, last: int) -> None:
        leaf = issue(AUTHORITY, SUBJECT, make_key().public_key(), now=NOW, level=level)
        stated = leaf.extensions.get_extension_for_oid(ASSURANCE).value
        assert isinstance(stated, x509.UnrecognizedExtension)
        parser = ["openssl", "asn1parse", "-inform", "DER"]
        said = subprocess.run(parser, input=stated.value, check=True, capture_output=True, timeout=10).stdout
        assert said.decode().strip().endswith(f":1.3.6.1.4.1.62558.3.{last}")

    @pytest.mark.parametrize("days", [0, 367])
    def test_no_signer_lives_longer_than_the_programme_allows(self, days: int) -> None:
        with pytest.raises(ValueError, match="1 to 366"):
            issue(AUTHORITY, SUBJECT, make_key().public_key(), now=NOW, days=days)


class TestExamining:
    def test_a_good_chain_has_nothing_against_it(self) -> None:
        leaf = issue(AUTHORITY, SUBJECT, make_key().public_key(), now=NOW)
        found = examine_chain([leaf, AUTHORITY.certificate], now=NOW)
        assert (found.warnings, found.days_left, found.is_development) == ((), 364, False)
        assert "CN=Huajian" in found.subject and "CN=Test root" in found.issuer

    @pytest.mark.parametrize(
        ("later", "warning"),
        [(340, "it expires in 24 days"), (366, "it has expired"), (-1, "it is not valid yet")],
    )
    def test_its_end_is_told(self, later: int, warning: str) -> None:
        leaf = issue(AUTHORITY, SUBJECT, make_key().public_key(), now=NOW)
        assert examine_chain([leaf], now=NOW + timedelta(days=later)).warnings == (warning,)

    def test_an_authority_is_no_signer(self) -> None:
        assert len(examine_chain([AUTHORITY.certificate], now=NOW).warnings) == 5

    def test_a_chain_in_the_wrong_order_is_noticed(self) -> None:
        stranger = make_authority(Subject("CN", "Test", "Stranger"), now=NOW).certificate
        leaf = issue(AUTHORITY, SUBJECT, make_key().public_key(), now=NOW)
        assert "in order" in examine_chain([leaf, stranger], now=NOW).warnings[0]

    @pytest.mark.parametrize("pem", [b"", b"x" * 70_000, b"-----BEGIN CERTIFICATE-----\n"])
    def test_what_is_no_chain_is_refused(self, pem: bytes) -> None:
        with pytest.raises(ValueError, match=r"longer|PEM|certificate"):
            read_chain(pem)

    def test_validators_want_the_use_that_we_state(self) -> None:
        """c2pa-rs in its factory settings knows claimSigning not, and refuses who has nothing else."""
        leaf = issue(AUTHORITY, SUBJECT, make_key().public_key(), now=NOW)
        uses = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert set(uses) == {EMAIL_PROTECTION, CLAIM_SIGNING}


class TestDevelopment:
    def test_it_is_made_once_marked_and_private(self, tmp_path: Path) -> None:
        chosen = settings(tmp_path)
        assert find_chain(chosen, now=NOW) is None
        signer = open_signer(chosen, now=NOW)
        assert open_signer(chosen, now=NOW).chain_pem == signer.chain_pem
        folder = tmp_path / "credentials"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
        found = find_chain(chosen, now=NOW)
        assert found is not None and found.is_development
        assert "CN=Huajian Development CA - not trusted" in found.issuer
        assert sorted(path.name for path in tmp_path.iterdir()) == ["credentials"]

    def test_processes_that_start_at_once_agree(self, tmp_path: Path) -> None:
        with ThreadPoolExecutor(8) as threads:
            pairs = set(
                threads.map(lambda _: DevelopmentFolder(tmp_path / "c").read_signer(now=NOW), range(8))
            )
        assert len(pairs) == 1
        assert [path.name for path in tmp_path.iterdir()] == ["c"]

    def test_it_renews_itself_before_its_end_with_the_same_key(self, tmp_path: Path) -> None:
        folder = DevelopmentFolder(tmp_path / "c")
        chain, key = folder.read_signer(now=NOW)
        later = NOW + timedelta(days=340)
        renewed, same = folder.read_signer(now=later)
        assert (renewed != chain, same) == (True, key)
        assert examine_chain(read_chain(renewed), now=later).warnings == ()
        assert folder.read_signer(now=later) == (renewed, key)

    @pytest.mark.parametrize("name", ["signer.pem", "signer-key.pem", "authority-key.pem"])
    def test_a_damaged_folder_stops_signing_and_nothing_else(self, tmp_path: Path, name: str) -> None:
        chosen = settings(tmp_path)
        open_signer(chosen, now=NOW)
        (tmp_path / "credentials" / name).write_bytes(b"-----BEGIN CERTIFICATE-----\n")
        later = NOW + timedelta(days=340)
        with pytest.raises(SigningUnavailableError):
            open_signer(chosen, now=later).sign(b"claim")

    def test_its_own_root_is_known_outside_production_only(self, tmp_path: Path) -> None:
        chosen = settings(tmp_path)
        assert read_anchors(chosen) == b""
        file = seal(encoded("JPEG"), "image/jpeg", facts(), open_signer(chosen, now=NOW))
        trust = CredentialTrust(read_anchors(chosen))
        assert read_credentials(file.content, "image/jpeg", trust).state is CredentialState.INTACT
        assert read_anchors(settings(tmp_path, **PRODUCTION)) == b""


class TestProduction:
    def test_without_a_certificate_nothing_is_signed_and_nothing_is_made(self, tmp_path: Path) -> None:
        chosen = settings(tmp_path, **PRODUCTION)
        signer = open_signer(chosen, now=NOW)
        with pytest.raises(SigningUnavailableError, match="HUAJIAN_PROVENANCE__CHAIN_FILE"):
            seal(encoded("JPEG"), "image/jpeg", facts(), signer)
        with pytest.raises(SigningUnavailableError, match=UNCONFIGURED):
            find_chain(chosen, now=NOW)
        assert list(tmp_path.iterdir()) == []

    def test_a_configured_certificate_signs(self, tmp_path: Path) -> None:
        chosen = configured(tmp_path, _signer())
        file = seal(encoded("JPEG"), "image/jpeg", facts(), open_signer(chosen, now=NOW))
        found = read_credentials(file.content, "image/jpeg", CredentialTrust(read_anchors(chosen)))
        assert (found.state, found.signer) == (CredentialState.INTACT, "Huajian")

    @pytest.mark.parametrize(
        ("chain", "key", "why"),
        [
            (None, b"", "cannot be read as an unencrypted PEM"),
            (b"nothing", None, "signer.pem"),
            (to_pem(AUTHORITY.certificate), None, "another key"),
        ],
    )
    def test_files_that_do_not_fit_are_refused(
        self, tmp_path: Path, chain: bytes | None, key: bytes | None, why: str
    ) -> None:
        chosen = configured(tmp_path, _signer())
        for name, content in (("signer.pem", chain), ("key.pem", key)):
            if content is not None:
                (tmp_path / name).write_bytes(content)
        with pytest.raises(SigningUnavailableError, match=why):
            open_signer(chosen, now=NOW).sign(b"claim")

    def test_a_missing_file_is_named(self, tmp_path: Path) -> None:
        chosen = configured(tmp_path, _signer())
        os.unlink(tmp_path / "key.pem")  # noqa: PTH108 - as an operator would
        with pytest.raises(SigningUnavailableError, match=r"KEY_FILE: .*key\.pem: No such file"):
            open_signer(chosen, now=NOW).sign(b"claim")

    def test_a_key_service_is_opened_by_its_name(self, tmp_path: Path) -> None:
        chosen = settings(
            tmp_path, **PRODUCTION, provenance={"signer": "tests.fakes.key_service:open_signer"}
        )
        file = seal(encoded("JPEG"), "image/jpeg", facts(), open_signer(chosen, now=NOW))
        trust = CredentialTrust(signing_pair().root_pem)
        assert read_credentials(file.content, "image/jpeg", trust).state is CredentialState.INTACT

    def test_a_key_service_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        chosen = settings(tmp_path, **PRODUCTION, provenance={"signer": "no_such:thing"})
        with pytest.raises(SigningUnavailableError, match=r"HUAJIAN_PROVENANCE__SIGNER.*no_such"):
            open_signer(chosen, now=NOW).sign(b"claim")

    def test_chain_and_key_go_together(self) -> None:
        with pytest.raises(ValidationError, match="go together"):
            ProvenanceSettings(chain_file=Path("x"))

    def test_other_keys_are_refused(self) -> None:
        command = ["openssl", "genpkey", "-algorithm", "ed25519"]
        pem = subprocess.run(command, check=True, capture_output=True, timeout=10).stdout
        with pytest.raises(SigningUnavailableError, match="P-256"):
            load_key(pem)

    def test_an_expired_certificate_does_not_sign(self) -> None:
        key = make_key()
        leaf = issue(AUTHORITY, SUBJECT, key.public_key(), now=NOW - timedelta(days=400))
        with pytest.raises(SigningUnavailableError, match="expired"):
            seal(encoded("JPEG"), "image/jpeg", facts(), FileSigner(key, to_pem(leaf)))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimeAuthority]:
    with open_time_authority(tmp_path_factory.mktemp("tsa")) as authority:
        yield authority


class TestTime:
    def test_a_known_authority_attests_the_time(self, authority: TimeAuthority) -> None:
        pair = signing_pair()
        timed = replace(pair.signer, time_authority_url=authority.url)
        before = utc_now().replace(microsecond=0)
        file = seal(encoded("JPEG"), "image/jpeg", facts(), timed)
        assert len(authority.requests) == 1
        known = CredentialTrust(pair.root_pem + authority.anchor_pem)
        found = read_credentials(file.content, "image/jpeg", known)
        assert (found.state, found.has_known_time) == (CredentialState.INTACT, True)
        assert found.signed_at is not None and before <= found.signed_at <= utc_now()
        unknown = read_credentials(file.content, "image/jpeg", CredentialTrust(pair.root_pem))
        assert (unknown.state, unknown.has_known_time) == (CredentialState.INTACT, False)

    def test_without_an_authority_nobody_attests_it(self) -> None:
        file = seal(encoded("JPEG"), "image/jpeg", facts(), signing_pair().signer)
        found = read_credentials(file.content, "image/jpeg", CredentialTrust(signing_pair().root_pem))
        assert (found.signed_at, found.has_known_time) == (None, False)

    def test_an_authority_that_is_away_stops_the_sealing(self, authority: TimeAuthority) -> None:
        timed = replace(signing_pair().signer, time_authority_url=authority.url)
        authority.is_broken = True
        try:
            with pytest.raises(SigningUnavailableError, match="time-stamp"):
                seal(encoded("JPEG"), "image/jpeg", facts(), timed)
        finally:
            authority.is_broken = False


def _signer() -> FileSigner:
    key = make_key()
    return FileSigner(key, to_pem(issue(AUTHORITY, SUBJECT, key.public_key(), now=NOW)))


def configured(folder: Path, signer: FileSigner) -> Settings:
    """Production with that signer's files, and its root among the anchors."""
    (folder / "signer.pem").write_bytes(signer.chain_pem)
    (folder / "key.pem").write_bytes(key_to_pem(signer.key))
    (folder / "anchors.pem").write_bytes(to_pem(AUTHORITY.certificate))
    files = {"chain_file": "signer.pem", "key_file": "key.pem", "anchors_file": "anchors.pem"}
    return settings(folder, **PRODUCTION, provenance={name: folder / file for name, file in files.items()})


class TestFollowing:
    """`pair`: a chain and its key, as an operator is given them each year."""

    @staticmethod
    def pair() -> tuple[bytes, bytes]:
        key = make_key()
        return to_pem(issue(AUTHORITY, SUBJECT, key.public_key(), now=NOW)), key_to_pem(key)

    def test_a_renewed_certificate_signs_without_a_restart(self, tmp_path: Path) -> None:
        chain_file, key_file = tmp_path / "chain.pem", tmp_path / "key.pem"
        given = {"chain_file": chain_file, "key_file": key_file}
        signer = FollowingSigner(settings(tmp_path, **PRODUCTION, provenance=given))
        with pytest.raises(SigningUnavailableError):
            _ = signer.chain_pem  # nothing is there yet
        trust = CredentialTrust(to_pem(AUTHORITY.certificate))
        for chain, key in (self.pair(), self.pair()):
            before = b"" if not chain_file.exists() else signer.chain_pem
            chain_file.write_bytes(chain)
            if before:
                assert signer.chain_pem == before  # half of it was exchanged: the old pair signs
            key_file.write_bytes(key)
            assert signer.chain_pem == chain
            file = seal(encoded("JPEG"), "image/jpeg", facts(), signer)
            assert read_credentials(file.content, "image/jpeg", trust).state is CredentialState.INTACT

    def test_development_renews_its_own_in_time(self, tmp_path: Path) -> None:
        now = NOW
        signer = FollowingSigner(settings(tmp_path), lambda: now)
        first = signer.chain_pem
        now = NOW + timedelta(days=350)
        assert signer.chain_pem != first

    def test_a_signature_of_a_key_exchanged_meanwhile_does_not_leave(self, tmp_path: Path) -> None:
        chain_file, key_file = tmp_path / "chain.pem", tmp_path / "key.pem"
        (chain, key), renewed = self.pair(), self.pair()
        chain_file.write_bytes(chain)
        key_file.write_bytes(key)
        given = {"chain_file": chain_file, "key_file": key_file}

        class Renewed(FollowingSigner):
            def sign(self, claim: bytes) -> bytes:
                for path, content in zip((chain_file, key_file), renewed, strict=True):
                    path.write_bytes(content)
                return super().sign(claim)

        signer = Renewed(settings(tmp_path, **PRODUCTION, provenance=given))
        with pytest.raises(SigningUnavailableError, match="not by the certificate's key"):
            seal(encoded("JPEG"), "image/jpeg", facts(), signer)
        assert seal(encoded("JPEG"), "image/jpeg", facts(), signer).manifest_sha256 is not None
