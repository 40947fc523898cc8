"""Seal a finished file: label, then sign, then hash. Nothing may touch its bytes afterwards.

The visible label is in the pixels or the text already; whoever made them saw to that.
"""

import hashlib
from dataclasses import dataclass

from provenance.containers.files import write_label
from provenance.containers.reading import read_labels
from provenance.credentials.signers import ClaimSigner
from provenance.credentials.signing import can_sign, sign
from provenance.errors import SealError
from provenance.facts import SealFacts
from provenance.implicit import ImplicitLabel, produced


@dataclass(frozen=True, slots=True)
class SealedFile:
    """The bytes that leave, and what is to be remembered of them.

    sha256: of the whole file.
    manifest_sha256: of the C2PA manifest store in it; None where there is none.
    """

    content: bytes
    sha256: bytes
    manifest_sha256: bytes | None
    label: ImplicitLabel


def seal(content: bytes, media_type: str, facts: SealFacts, signer: ClaimSigner | None) -> SealedFile:
    """Label, sign and hash a file. Blocks for some milliseconds, or for a time-stamp: keep it off the loop.

    Args:
        content: encoded, with its visible label; an implicit label of ours in it is replaced.
        signer: None signs nothing; types that cannot carry a manifest (text, pages) are never signed.
    Raises:
        ContainerError: the file cannot carry a label.
        SigningUnavailableError: nobody signed; nothing should leave.
        SealError: the label was not there exactly once in the end.
    """
    label = produced(facts.producer_code, facts.produce_id)
    labelled = write_label(content, media_type, label, source_type=facts.source_type)
    manifest: bytes | None = None
    sealed = labelled
    if signer is not None and can_sign(media_type):
        sealed, manifest = sign(labelled, media_type, facts, signer)
    _require_once(sealed, media_type, label)
    return SealedFile(
        content=sealed,
        sha256=hashlib.sha256(sealed).digest(),
        manifest_sha256=None if manifest is None else hashlib.sha256(manifest).digest(),
        label=label,
    )


def _require_once(content: bytes, media_type: str, label: ImplicitLabel) -> None:
    found = read_labels(content, media_type)
    if [one.label for one in found] != [label]:
        raise SealError(f"{media_type} holds {len(found)} implicit labels, or another than was written")
