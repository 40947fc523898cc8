"""From settings to a signer: a configured one, a development one, or the reason why there is none."""

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from core.settings import Environment, ProvenanceSettings, Settings
from provenance.credentials.development import DevelopmentFolder
from provenance.credentials.examining import ChainFacts, examine_chain, matches, read_chain
from provenance.credentials.signers import ClaimSigner, FileSigner, load_key
from provenance.errors import SigningUnavailableError

FOLDER: Final = "credentials"  # in the data folder
UNCONFIGURED: Final = (
    "No certificate is configured: set HUAJIAN_PROVENANCE__CHAIN_FILE and HUAJIAN_PROVENANCE__KEY_FILE."
)


@dataclass(frozen=True, slots=True)
class NoSigner:
    """Refuses to sign, and says why. Its process does everything else."""

    reason: str
    time_authority_url: str | None = None

    @property
    def chain_pem(self) -> bytes:
        raise SigningUnavailableError(self.reason)

    def sign(self, claim: bytes) -> bytes:
        raise SigningUnavailableError(self.reason)


def open_signer(settings: Settings, *, now: datetime) -> ClaimSigner:
    """The signer of this installation; one that refuses where production has none that it could use.

    Writes the development folder at first use outside production.
    """
    try:
        return _open(settings, now)
    except SigningUnavailableError as error:
        return NoSigner(str(error))


def find_chain(settings: Settings, *, now: datetime) -> ChainFacts | None:
    """What the signer's certificate says; None before the development authority was made. Writes nothing.

    Raises: SigningUnavailableError: there is none that could be used, and why.
    """
    chosen = settings.provenance
    is_own = chosen.signer is not None or chosen.chain_file is not None
    if not is_own and settings.environment is not Environment.PRODUCTION:
        folder = development_folder(settings)
        with _usable(folder):
            return examine_chain(read_chain(folder.read_chain()), now=now) if folder.path.is_dir() else None
    try:
        return examine_chain(read_chain(_open(settings, now).chain_pem), now=now)
    except ValueError as error:
        raise SigningUnavailableError(f"The signer's chain cannot be read: {error}") from error


def development_folder(settings: Settings) -> DevelopmentFolder:
    return DevelopmentFolder(settings.data_dir.resolve() / FOLDER)


def read_anchors(settings: Settings) -> bytes:
    """The roots whose signers are known here: the operator's list, or outside production our own root.

    Raises: SigningUnavailableError: the list cannot be read.
    """
    own = settings.provenance.anchors_file
    if own is not None:
        return _read(own, "HUAJIAN_PROVENANCE__ANCHORS_FILE")
    root = development_folder(settings).root_file
    if settings.environment is Environment.PRODUCTION or not root.is_file():
        return b""
    return root.read_bytes()


def _open(settings: Settings, now: datetime) -> ClaimSigner:
    chosen = settings.provenance
    if chosen.signer is not None:
        return _load(chosen.signer)(settings)
    if chosen.chain_file is not None and chosen.key_file is not None:
        return _from_files(chosen, chosen.chain_file, chosen.key_file)
    if settings.environment is Environment.PRODUCTION:
        raise SigningUnavailableError(UNCONFIGURED)
    folder = development_folder(settings)
    with _usable(folder):
        chain, key = folder.read_signer(now=now)
    return FileSigner(load_key(key), chain, chosen.time_authority_url)


@contextmanager
def _usable(folder: DevelopmentFolder) -> Iterator[None]:
    """A folder that somebody damaged, or may not be read, stops signing and nothing else."""
    try:
        yield
    except (OSError, ValueError) as error:
        advice = "delete the folder, and it is made anew"
        raise SigningUnavailableError(f"{folder.path} cannot be used ({error}); {advice}") from error


def _from_files(chosen: ProvenanceSettings, chain_file: Path, key_file: Path) -> FileSigner:
    chain = _read(chain_file, "HUAJIAN_PROVENANCE__CHAIN_FILE")
    key = load_key(_read(key_file, "HUAJIAN_PROVENANCE__KEY_FILE"))
    try:
        leaf = read_chain(chain)[0]
    except ValueError as error:
        raise SigningUnavailableError(f"{chain_file}: {error}") from error
    if not matches(leaf, key.public_key()):
        raise SigningUnavailableError(
            "The configured certificate is for another key than the configured one."
        )
    return FileSigner(key, chain, chosen.time_authority_url)


def _load(name: str) -> Callable[[Settings], ClaimSigner]:
    """What "module:function" names. Raises: SigningUnavailableError."""
    module, _, function = name.partition(":")
    try:
        opener: Callable[[Settings], ClaimSigner] = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise SigningUnavailableError(f"HUAJIAN_PROVENANCE__SIGNER: {error}") from error
    return opener


def _read(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SigningUnavailableError(f"{name}: {path}: {error.strerror}") from error
