"""The authority and signer of an installation without a certificate of its own; nobody trusts them."""

import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from provenance.credentials.chains import (
    Authority,
    Subject,
    issue,
    key_to_pem,
    make_authority,
    make_key,
    to_pem,
)
from provenance.credentials.examining import SOON, read_chain
from provenance.credentials.signers import load_key

AUTHORITY: Final = Subject("CN", "Huajian development", "Huajian Development CA - not trusted")
SIGNER: Final = Subject("CN", "Huajian development", "Huajian development signer - not trusted")
_PRIVATE: Final = 0o600


@dataclass(frozen=True, slots=True)
class DevelopmentFolder:
    """Four files of mode 0600 in a folder of mode 0700. Processes that start at once agree on one set."""

    path: Path

    @property
    def root_file(self) -> Path:
        """What a validator is told to trust, for trying out how trust looks."""
        return self.path / "authority.pem"

    def read_root(self) -> bytes:
        return self.root_file.read_bytes()

    def read_chain(self) -> bytes:
        """Of a folder that is there already."""
        return (self.path / "signer.pem").read_bytes()

    def read_signer(self, *, now: datetime) -> tuple[bytes, bytes]:
        """Chain and key as PEM, made at first use and renewed before they expire."""
        if not self.path.is_dir():
            self._make(now)
        chain = read_chain(self.read_chain())
        if chain[0].not_valid_after_utc - now < SOON:
            self._renew(now)
        return self.read_chain(), (self.path / "signer-key.pem").read_bytes()

    def _make(self, now: datetime) -> None:
        """All four files appear at once or not at all; of two processes, one has its way."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{self.path.name}-", dir=self.path.parent))
        try:
            authority, key = make_authority(AUTHORITY, now=now), make_key()
            write_chain(fresh, authority, key, issue(authority, SIGNER, key.public_key(), now=now))
            fresh.rename(self.path)
        except OSError:
            if not (self.path / "signer.pem").is_file():
                raise
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def _renew(self, now: datetime) -> None:
        """A new certificate for the same key: whoever reads at this moment gets a pair that fits."""
        certificate = x509.load_pem_x509_certificate(self.read_root())
        authority = Authority(load_key((self.path / "authority-key.pem").read_bytes()), certificate)
        key = load_key((self.path / "signer-key.pem").read_bytes())
        fresh = self.path / f".signer-{os.getpid()}.pem"
        write_private(fresh, to_pem(issue(authority, SIGNER, key.public_key(), now=now)))
        fresh.replace(self.path / "signer.pem")


def write_chain(
    folder: Path, authority: Authority, key: EllipticCurvePrivateKey, certificate: x509.Certificate
) -> None:
    """An authority and a signer that it issued a certificate to, in four files."""
    write_private(folder / "authority.pem", to_pem(authority.certificate))
    write_private(folder / "authority-key.pem", key_to_pem(authority.key))
    write_private(folder / "signer-key.pem", key_to_pem(key))
    write_private(folder / "signer.pem", to_pem(certificate))


def write_private(path: Path, content: bytes) -> None:
    """Never readable by others, not even for a moment."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
