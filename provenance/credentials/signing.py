"""Put a signed C2PA manifest into a finished file.

Source: C2PA 2.2 sections 10, 18; thumbnails are off: 75 ms and 400 kB for what the file shows anyway.
"""

import functools
import io
import json
from datetime import datetime
from typing import Final

import c2pa

from core.clock import utc_now
from provenance.credentials.manifests import describe
from provenance.credentials.signers import ClaimSigner, read_leaf, require_signed
from provenance.errors import SealError, SigningUnavailableError
from provenance.facts import SealFacts

SIGNABLE: Final = frozenset(
    {"image/jpeg", "image/png", "image/webp", "image/gif", "video/mp4", "application/pdf"}
)
_SETTINGS: Final = {
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {"verify_after_sign": False, "remote_manifest_fetch": False, "ocsp_fetch": False},
}


def can_sign(media_type: str) -> bool:
    """Whether files of that type can carry a manifest."""
    return media_type.partition(";")[0].strip() in SIGNABLE


def sign(content: bytes, media_type: str, facts: SealFacts, signer: ClaimSigner) -> tuple[bytes, bytes]:
    """The same file with a manifest, and the manifest store as it stands in it.

    Raises: SigningUnavailableError: nobody signed; SealError: the file cannot carry a manifest.
    """
    chain_pem = signer.chain_pem  # once: it may be exchanged at any moment
    _require_current(chain_pem)
    calls = _Calls(signer, chain_pem)
    native = c2pa.Signer.from_callback(
        calls.sign, c2pa.C2paSigningAlg.ES256, chain_pem.decode("ascii"), signer.time_authority_url
    )
    file = io.BytesIO()
    try:
        with native, c2pa.Builder(json.dumps(describe(facts, media_type)), context=_context()) as builder:
            manifest = builder.sign(native, media_type, io.BytesIO(content), file)
    except c2pa.C2paError as error:
        raise calls.refusal(error, timed=signer.time_authority_url is not None) from error
    if not manifest:
        raise SealError("the manifest was not handed out")
    return file.getvalue(), bytes(manifest)


def _require_current(chain_pem: bytes) -> None:
    """Native code signs with whatever it is given, and every validator would refuse it."""
    begins_at, ends_at = _validity(chain_pem)
    if not begins_at <= utc_now() < ends_at:
        raise SigningUnavailableError("The certificate that signs has expired, or is not valid yet.")


@functools.lru_cache(maxsize=4)
def _validity(chain_pem: bytes) -> tuple[datetime, datetime]:
    leaf = read_leaf(chain_pem)
    return leaf.not_valid_before_utc, leaf.not_valid_after_utc


class _Calls:
    """Remembers what went wrong in a call from native code, which would only say that something did."""

    def __init__(self, signer: ClaimSigner, chain_pem: bytes) -> None:
        self._signer = signer
        self._chain_pem = chain_pem
        self._refused: SigningUnavailableError | None = None

    def sign(self, claim: bytes) -> bytes:
        try:
            signature = self._signer.sign(claim)
            require_signed(self._chain_pem, signature, claim)
        except SigningUnavailableError as error:
            self._refused = error
            return b""  # which native code takes as a refusal
        return signature

    def refusal(self, error: c2pa.C2paError, *, timed: bool) -> Exception:
        if self._refused is not None:
            return self._refused
        if timed and isinstance(error, c2pa.C2paError.Signature):
            return SigningUnavailableError("The time-stamp authority did not answer as it should.")
        return SealError(f"the file cannot be signed: {error}")


@functools.cache
def _context() -> c2pa.Context:
    return c2pa.Context.from_dict(_SETTINGS)
