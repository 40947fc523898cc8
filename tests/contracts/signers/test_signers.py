"""What every signer of claims keeps to: one with its key in a file, and one whose key a service keeps."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from provenance.credentials.examining import read_chain
from provenance.credentials.facts import CredentialState, CredentialTrust
from provenance.credentials.reading import read_credentials
from provenance.credentials.signers import ClaimSigner, KeyServiceSigner
from provenance.errors import SigningUnavailableError
from provenance.sealing import seal
from tests.factories.sealed_files import encoded, facts, signing_pair
from tests.fakes.key_service import KeyService, is_signature

PAIR = signing_pair()
SIGNERS: dict[str, ClaimSigner] = {
    "a key in a file": PAIR.signer,
    "a key with a service": KeyServiceSigner(KeyService(PAIR.signer.key).sign, PAIR.signer.chain_pem),
}


@pytest.fixture(params=list(SIGNERS.values()), ids=list(SIGNERS))
def signer(request: pytest.FixtureRequest) -> ClaimSigner:
    found: ClaimSigner = request.param
    return found


def key_of(signer: ClaimSigner) -> EllipticCurvePublicKey:
    key = read_chain(signer.chain_pem)[0].public_key()
    assert isinstance(key, EllipticCurvePublicKey)
    return key


class TestSigner:
    @pytest.mark.parametrize("size", [1, 64, 5000])
    def test_the_certificate_in_front_is_the_one_that_signs(self, signer: ClaimSigner, size: int) -> None:
        claim = bytes(range(256)) * (size // 256) + bytes(size % 256)
        raw = signer.sign(claim)
        assert len(raw) == 64
        assert is_signature(key_of(signer), raw, claim)
        assert not is_signature(key_of(signer), raw, claim + b"x")

    def test_the_root_is_not_in_the_chain(self, signer: ClaimSigner) -> None:
        assert all(one.subject != one.issuer for one in read_chain(signer.chain_pem))

    def test_many_threads_may_sign_at_once(self, signer: ClaimSigner) -> None:
        claims = [bytes([n]) * 100 for n in range(40)]
        with ThreadPoolExecutor(4) as threads:
            signed = list(threads.map(signer.sign, claims))
        assert all(
            is_signature(key_of(signer), raw, claim) for raw, claim in zip(signed, claims, strict=True)
        )

    def test_a_file_that_it_sealed_is_intact(self, signer: ClaimSigner) -> None:
        file = seal(encoded("JPEG"), "image/jpeg", facts(), signer)
        found = read_credentials(file.content, "image/jpeg", CredentialTrust(PAIR.root_pem))
        assert (found.state, found.codes) == (CredentialState.INTACT, ())


class TestAway:
    def test_a_service_that_does_not_answer_is_said_to_be_away_and_nothing_is_sealed(self) -> None:
        service = KeyService(PAIR.signer.key)
        signer = KeyServiceSigner(service.sign, PAIR.signer.chain_pem)
        service.is_away = True
        with pytest.raises(SigningUnavailableError, match="keeps the signing key"):
            signer.sign(b"claim")
        with pytest.raises(SigningUnavailableError, match="keeps the signing key"):
            seal(encoded("JPEG"), "image/jpeg", facts(), signer)

    @pytest.mark.parametrize("answer", [b"", b"\x30\x06\x02\x01\x01\x02\x01", b"signed"])
    def test_an_answer_that_is_no_signature_is_none(self, answer: bytes) -> None:
        signer = KeyServiceSigner(lambda _: answer, PAIR.signer.chain_pem)
        with pytest.raises(SigningUnavailableError):
            signer.sign(b"claim")

    def test_a_signature_by_another_key_does_not_leave(self) -> None:
        """The service was given a new key, and we its old certificate."""
        other = KeyService(signing_pair.__wrapped__().signer.key)
        with pytest.raises(SigningUnavailableError):
            seal(encoded("JPEG"), "image/jpeg", facts(), KeyServiceSigner(other.sign, PAIR.signer.chain_pem))
