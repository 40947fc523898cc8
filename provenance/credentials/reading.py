"""What the C2PA manifest of a file says, and whether it can be believed. Never opens a connection.

Source: C2PA 2.2 section 15 (validation), its status codes. A signer whom nobody knows, or whose certificate
has ended, takes nothing from the integrity of the file: both are told apart from an altered one.
"""

import functools
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import c2pa

from provenance.containers.boxes import walk
from provenance.containers.errors import ContainerError, ScatteredManifestError
from provenance.containers.manifests import find_manifest
from provenance.credentials.chains import CLAIM_SIGNING, DOCUMENT_SIGNING, EMAIL_PROTECTION
from provenance.credentials.facts import CredentialFacts, CredentialState, CredentialTrust
from provenance.credentials.manifests import PRODUCED
from provenance.credentials.signing import can_sign

_OF_SIGNER: Final = ("signingCredential.", "timeStamp.", "claimSignature.outsideValidity")
_PURPOSES: Final = "\n".join(use.dotted_string for use in (EMAIL_PROTECTION, DOCUMENT_SIGNING, CLAIM_SIGNING))
_LONGEST: Final = 300  # characters of anything that a manifest says
_MOST: Final = 50  # of anything that it lists
_TRUSTED_TIME: Final = "timeStamp.trusted"
_UNREADABLE: Final = "manifest.unreadable"  # our own code: there is one, and nobody can parse it
_SCATTERED: Final = "manifest.scattered"  # our own code: something lies between its parts
_PADDING: Final = "manifest.padding"  # our own code: something stands where the signature covers nothing
_UNREFERENCED: Final = "manifest.unreferenced"  # one in the store that nothing signed leads to
_PAD: Final = b"\x63pad"  # a text of three letters, then a string of bytes (RFC 8949)
_WIDTHS: Final = {0x58: 1, 0x59: 2, 0x5A: 4}  # bytes of that string's length


def read_credentials(content: bytes, media_type: str, trust: CredentialTrust) -> CredentialFacts:
    """Validate the manifest in a file and tell what it says. Hostile files belong into a limited process.

    Raises: ContainerError: not a file of that type.
    """
    try:
        store = find_manifest(content, media_type)
    except ScatteredManifestError:
        return CredentialFacts(CredentialState.ALTERED, codes=(_SCATTERED,))
    if store is None or not can_sign(media_type):
        return CredentialFacts(CredentialState.NONE)
    digest = hashlib.sha256(store).digest()
    try:
        with c2pa.Reader(
            media_type.partition(";")[0].strip(), io.BytesIO(content), context=_context(trust)
        ) as reader:
            told = json.loads(reader.json())
    except (c2pa.C2paError, ValueError):
        return CredentialFacts(CredentialState.ALTERED, manifest_sha256=digest, codes=(_UNREADABLE,))
    return _facts(told, digest, has_clean_padding=_has_clean_padding(store))


def _has_clean_padding(store: bytes) -> bool:
    """Whether all that was reserved and not used is zero: ten thousand bytes that no signature covers.

    Whoever takes some of them away may put as many behind the store.
    """
    try:
        end = next(walk(store)).end
    except (ContainerError, StopIteration):
        return False
    if any(store[end:]):
        return False
    at = store.find(_PAD)
    while at >= 0:
        begin = at + len(_PAD)
        width = _WIDTHS.get(store[begin] if begin < len(store) else 0, 0)
        start = begin + 1 + width
        size = int.from_bytes(store[begin + 1 : start], "big") if width else 0
        if any(store[start : start + size]):
            return False
        at = store.find(_PAD, start)
    return True


def _facts(told: Mapping[str, Any], digest: bytes, *, has_clean_padding: bool) -> CredentialFacts:
    manifests: Mapping[str, Any] = told.get("manifests") or {}
    history = _history(manifests, told.get("active_manifest", ""))
    active = history[-1]
    actions = [action for one in history for action in _actions(one)]
    signature = active.get("signature_info") or {}
    padded = () if has_clean_padding else (_PADDING,)
    stray = (_UNREFERENCED,) if len(history) < len(manifests) else ()
    failed = tuple(dict.fromkeys([*padded, *stray, *_codes(told, "failure")]))
    return CredentialFacts(
        state=_state(str(told.get("validation_state")), failed),
        generator=_generator(active),
        title=_text(active.get("title")),
        actions=_listed(action.get("action") for action in actions),
        source_types=_listed(action.get("digitalSourceType") for action in actions),
        ingredients=_listed(one.get("title") for one in active.get("ingredients") or ()),
        signer=_text(signature.get("common_name")),
        organisation=_text(signature.get("issuer")),
        signed_at=_moment(signature.get("time")),
        has_known_time=_TRUSTED_TIME in _codes(told, "success"),
        produce_id=_produce_id(active),
        manifest_sha256=digest,
        codes=failed[:_MOST],
    )


def _history(manifests: Mapping[str, Any], active: str) -> list[Mapping[str, Any]]:
    """The active manifest, and before it those that its ingredients lead to: anybody may add others."""
    found: dict[str, Mapping[str, Any]] = {}
    waiting = [active]
    while waiting:
        label = waiting.pop()
        if label not in found:
            found[label] = manifests.get(label) or {}
            below = (one.get("active_manifest") for one in found[label].get("ingredients") or ())
            waiting += [one for one in below if one in manifests]
    return list(found.values())[::-1]


def _state(said: str, failed: tuple[str, ...]) -> CredentialState:
    if said == "Trusted" and not failed:
        return CredentialState.INTACT
    if (said == "Valid" or failed) and all(code.startswith(_OF_SIGNER) for code in failed):
        return CredentialState.UNKNOWN_SIGNER
    return CredentialState.ALTERED


def _codes(told: Mapping[str, Any], outcome: str) -> Iterator[str]:
    """Of what failed or went well, in this manifest and in those of its ingredients."""
    results = told.get("validation_results") or {}
    below = [one.get("validationDeltas") or {} for one in results.get("ingredientDeltas") or ()]
    for part in (results.get("activeManifest") or {}, *below):
        for one in part.get(outcome) or ():
            yield str(one.get("code"))[:_LONGEST]


def _actions(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    for assertion in manifest.get("assertions") or ():
        if str(assertion.get("label")).startswith("c2pa.actions"):
            actions = _data(assertion).get("actions")
            return [one for one in actions if isinstance(one, dict)] if isinstance(actions, list) else []
    return []


def _data(assertion: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an assertion says: whatever somebody wrote, and nothing where it is not what we know."""
    data = assertion.get("data")
    return data if isinstance(data, dict) else {}


def _generator(manifest: Mapping[str, Any]) -> str | None:
    info = (manifest.get("claim_generator_info") or [{}])[0]
    named = " ".join(str(info[key]) for key in ("name", "version") if info.get(key))
    return _text(named or manifest.get("claim_generator"))


def _produce_id(manifest: Mapping[str, Any]) -> str | None:
    for assertion in manifest.get("assertions") or ():
        if assertion.get("label") == PRODUCED:
            return _text(_data(assertion).get("produce_id"))
    return None


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _listed(values: Iterator[object]) -> tuple[str, ...]:
    texts = (_text(value) for value in values)
    return tuple(dict.fromkeys(text for text in texts if text))[:_MOST]


def _text(value: object) -> str | None:
    return str(value)[:_LONGEST] if value else None


@functools.lru_cache(maxsize=8)
def _context(trust: CredentialTrust) -> c2pa.Context:
    """Trust and no network: neither remote manifests nor OCSP are asked for."""
    settings: dict[str, Any] = {
        "trust": {"trust_config": _PURPOSES},
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    }
    if trust.anchors_pem:
        settings["trust"]["trust_anchors"] = trust.anchors_pem.decode("ascii")
    return c2pa.Context.from_dict(settings)
