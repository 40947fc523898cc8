"""A signer that follows its files: a renewed certificate signs from then on, without a restart."""

import threading
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from core.clock import Clock, utc_now
from core.settings import Environment, Settings
from provenance.credentials.opening import NoSigner, development_folder, open_signer
from provenance.credentials.signers import ClaimSigner

Stamp = tuple[date, tuple[tuple[int, int, int] | None, ...]]


class FollowingSigner:
    """Opens the signer again when one of its files has changed, and once a day: development renews its own.

    Where only one of two files was exchanged so far, the pair that fits signs on. An operator's own signer
    is opened once; what it keeps is its own business.
    """

    def __init__(self, settings: Settings, clock: Clock = utc_now) -> None:
        self._settings = settings
        self._clock = clock
        self._files = _files_of(settings)
        self._turn = threading.Lock()
        self._seen = self._look()  # before opening: what changes meanwhile is seen next time
        self._signer = open_signer(settings, now=clock())

    @property
    def chain_pem(self) -> bytes:
        return self._current().chain_pem

    @property
    def time_authority_url(self) -> str | None:
        return self._current().time_authority_url

    def sign(self, claim: bytes) -> bytes:
        return self._current().sign(claim)

    def _current(self) -> ClaimSigner:
        if not self._files:
            return self._signer
        with self._turn:
            found = self._look()
            if found != self._seen:
                fresh = open_signer(self._settings, now=self._clock())
                if not isinstance(fresh, NoSigner) or isinstance(self._signer, NoSigner):
                    self._signer = fresh
                self._seen = found
            return self._signer

    def _look(self) -> Stamp:
        return self._clock().date(), tuple(_stamp_of(path) for path in self._files)


def _files_of(settings: Settings) -> Sequence[Path]:
    chosen = settings.provenance
    if chosen.signer is not None:
        return ()
    if chosen.chain_file is not None and chosen.key_file is not None:
        return (chosen.chain_file, chosen.key_file)
    if settings.environment is Environment.PRODUCTION:
        return ()
    folder = development_folder(settings).path
    return (folder / "signer.pem", folder / "signer-key.pem")


def _stamp_of(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
