"""Whom this installation knows: itself, and whoever the operator's list of anchors names."""

from core.settings import Settings
from provenance.credentials.facts import CredentialTrust
from provenance.credentials.opening import read_anchors
from provenance.errors import SigningUnavailableError
from provenance.keyring import Keyring
from provenance.verification.report import Trust


def own_trust(settings: Settings, keyring: Keyring | None) -> Trust:
    """Reads files. keyring: None where nothing is certified. Anchors that cannot be read are none."""
    try:
        anchors = read_anchors(settings)
    except SigningUnavailableError:
        anchors = b""
    return Trust(
        certificate_keys=() if keyring is None else (keyring.certificates.verifier,),
        log_keys=() if keyring is None else (keyring.log.verifier,),
        credentials=CredentialTrust(anchors),
    )
