"""Keys come from files; development makes its own and says so, production makes none up."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr, ValidationError

from core.settings import AuthSettings, Environment, ProvenanceSettings, Settings
from provenance.keyring import KeyFileError, load_keyring, make_key, read_keyring
from service.main.doctor.findings import Verdict
from service.main.doctor.keyring import examine_keyring


def configured(folder: Path, **values: object) -> Settings:
    """A production service with keys of its own."""
    for name in ("log.pem", "certificates.pem"):
        make_key(folder / name)
    provenance = {
        "authority": "huajian.example",
        "log_key_file": folder / "log.pem",
        "certificate_key_file": folder / "certificates.pem",
    }
    return production(folder, ProvenanceSettings.model_validate(provenance | values))


def production(folder: Path, provenance: ProvenanceSettings) -> Settings:
    return Settings(
        environment=Environment.PRODUCTION,
        data_dir=folder,
        auth=AuthSettings(secret=SecretStr("x" * 40)),
        provenance=provenance,
    )


class TestDevelopment:
    def test_keys_are_made_once_and_are_nobody_elses_to_read(self, tmp_path: Path) -> None:
        settings = Settings(data_dir=tmp_path)
        assert read_keyring(settings) is None
        first, second = load_keyring(settings), load_keyring(settings)
        assert first is not None and second is not None
        assert first.is_development
        assert first.log.verifier == second.log.verifier != first.certificates.verifier
        assert first.log.name == "development.huajian.invalid/log"
        files = list((tmp_path / "development-keys").iterdir())
        assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
        assert len(files) == 2


class TestProduction:
    def test_without_keys_there_is_no_keyring_and_none_is_made(self, tmp_path: Path) -> None:
        settings = production(tmp_path, ProvenanceSettings())
        assert load_keyring(settings) is None
        assert list(tmp_path.iterdir()) == []
        keys, _ = examine_keyring(settings)
        assert (keys.verdict, "no keys" in keys.says) == (Verdict.NOTE, True)

    def test_its_own_are_used_under_its_name(self, tmp_path: Path) -> None:
        keyring = load_keyring(configured(tmp_path))
        assert keyring is not None
        assert not keyring.is_development
        assert (keyring.log.name, keyring.certificates.name) == (
            "huajian.example/log",
            "huajian.example/certificates",
        )

    @pytest.mark.parametrize("content", [b"", b"no key", None])
    def test_a_key_that_cannot_be_used_stops_the_start(self, tmp_path: Path, content: bytes | None) -> None:
        settings = configured(tmp_path)
        other = generate_private_key(SECP256R1())
        pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (tmp_path / "log.pem").write_bytes(pem if content is None else content)
        with pytest.raises(KeyFileError, match=r"log\.pem"):
            load_keyring(settings)
        assert examine_keyring(settings)[0].verdict is Verdict.BROKEN

    def test_half_of_the_settings_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ValidationError, match="go together"):
            ProvenanceSettings(authority="huajian.example", log_key_file=tmp_path / "log.pem")


class TestWitnesses:
    def test_the_doctor_names_them_or_says_what_is_wrong(self, tmp_path: Path) -> None:
        good = "w.example+5eda88e9+BDtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop https://w.example"
        bad = "w.example+00000000+AAAA https://w.example"
        for witness, verdict in ((bad, Verdict.BROKEN), (good, Verdict.OK)):
            found = examine_keyring(configured(tmp_path, witnesses=(witness,)))[1]
            assert found.verdict is verdict
