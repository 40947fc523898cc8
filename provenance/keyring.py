"""The keys that sign the log and the certificates: configured files, or development keys made once."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from core.errors import DomainError, ErrorKind
from core.settings import Environment, Settings
from provenance.log.notes import Signer

DEVELOPMENT_AUTHORITY: Final = "development.huajian.invalid"  # a name that can belong to nobody (RFC 2606)
DEVELOPMENT_FOLDER: Final = "development-keys"
LOG_FILE: Final = "log.pem"
CERTIFICATES_FILE: Final = "certificates.pem"


class CertificationUnavailableError(DomainError):
    """No keys are configured here, and production makes none up: nothing is certified or exported."""

    code = "certification_unavailable"
    kind = ErrorKind.UNAVAILABLE


class KeyFileError(Exception):
    """A configured key cannot be used; the process must not start."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """log: signs checkpoints, its name is the log's origin. certificates: signs statements."""

    log: Signer
    certificates: Signer
    is_development: bool


def load_keyring(settings: Settings) -> Keyring | None:
    """The configured keys; in development they are made once, in the data folder, mode 0600, and named so.

    Returns: None in production without keys. Raises: KeyFileError.
    """
    if _is_development(settings):
        for path in _development_files(settings):
            make_key(path)
    return read_keyring(settings)


def read_keyring(settings: Settings) -> Keyring | None:
    """The same without making any; None where there are none. Raises: KeyFileError."""
    own = settings.provenance
    if own.authority and own.log_key_file and own.certificate_key_file:
        return _keyring(own.authority, own.log_key_file, own.certificate_key_file, is_development=False)
    files = _development_files(settings)
    if not _is_development(settings) or not all(path.is_file() for path in files):
        return None
    return _keyring(DEVELOPMENT_AUTHORITY, *files, is_development=True)


def _is_development(settings: Settings) -> bool:
    return settings.provenance.authority is None and settings.environment is not Environment.PRODUCTION


def _development_files(settings: Settings) -> tuple[Path, Path]:
    folder = settings.data_dir / DEVELOPMENT_FOLDER
    return folder / LOG_FILE, folder / CERTIFICATES_FILE


def make_key(path: Path) -> bool:
    """A new Ed25519 key in a file that only its owner can read; False when there is a file already."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    content = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
        os.link(draft, path)  # whole or not at all, and never over another
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    return True


def _keyring(authority: str, log: Path, certificates: Path, *, is_development: bool) -> Keyring:
    return Keyring(
        Signer(f"{authority}/log", _read_key(log)),
        Signer(f"{authority}/certificates", _read_key(certificates)),
        is_development,
    )


def _read_key(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyFileError(f"{path} is not a private key: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path} holds no Ed25519 key")
    return key
