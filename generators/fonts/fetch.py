"""Fetch the pinned fonts: `python -m generators.fonts.fetch [--into DIR]`. Safe to repeat, and at once."""

import argparse
import fcntl
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from generators.fonts import debian, npm
from generators.fonts.catalogue import Catalogue, FontEntry, load_catalogue
from generators.fonts.errors import FontSourceError
from generators.fonts.store import default_folder, install, is_current
from generators.fonts.woff import Unpacker

Say = Callable[[str], None]
STAND_IN: Final = "Cards are still made with the fonts that are there, at the least with Noto Sans SC."


@dataclass(frozen=True, slots=True)
class FetchResult:
    """Ids of fonts by what happened to them; `missing` maps to the reason."""

    kept: tuple[str, ...]
    fetched: tuple[str, ...]
    missing: dict[str, str]


@dataclass(slots=True)
class _Fetcher:
    """One run: packages already downloaded are shared between the fonts that come from them."""

    catalogue: Catalogue
    folder: Path
    scratch: Path
    say: Say
    unpacker: Unpacker
    tarballs: dict[str, Path | FontSourceError]

    def fetch(self, entry: FontEntry) -> None:
        """Raises: FontSourceError naming every source that was tried."""
        failures: list[str] = []
        for get in (self._from_npm, self._from_debian):
            started = time.monotonic()
            try:
                source = get(entry)
            except FontSourceError as error:
                failures.append(str(error))
                continue
            self.say(f"  {entry.id}: {source} ({time.monotonic() - started:.1f} s)")
            return
        raise FontSourceError("; ".join(failures))

    def _from_npm(self, entry: FontEntry) -> str:
        pinned = entry.npm
        tarball = self._tarball(entry)
        data = self.unpacker.to_truetype(npm.read_member(tarball, pinned.file))
        licence = npm.read_member(tarball, "LICENSE").decode()
        install(self.folder, entry, data, licence, source="npm", version=pinned.version)
        return f"npm {pinned.package} {pinned.version}"

    def _tarball(self, entry: FontEntry) -> Path:
        """Each package is tried once; a failure is remembered, not repeated for its other fonts."""
        package = entry.npm.package
        if package not in self.tarballs:
            try:
                self.tarballs[package] = npm.pack(
                    package, entry.npm.version, entry.npm.integrity, self.scratch
                )
            except FontSourceError as error:
                self.tarballs[package] = error
        tarball = self.tarballs[package]
        if isinstance(tarball, FontSourceError):
            raise tarball
        return tarball

    def _from_debian(self, entry: FontEntry) -> str:
        if entry.debian is None:
            raise FontSourceError("Debian has no package of it")
        font = debian.get_font(entry.debian, self.scratch)
        install(self.folder, entry, font.data, font.licence, source="debian", version=font.version)
        return f"debian {entry.debian.package} {font.version}"


def fetch_fonts(folder: Path, say: Say) -> FetchResult:
    """Bring the folder to what the catalogue pins; a second caller waits for the first.

    Raises: OSError when the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder, say):
        return _fetch_missing(folder, say)


def _fetch_missing(folder: Path, say: Say) -> FetchResult:
    catalogue = load_catalogue()
    kept = [entry for entry in catalogue.font if is_current(folder, entry)]
    wanted = [entry for entry in catalogue.font if entry not in kept]
    fetched: list[str] = []
    missing: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="huajian-fonts-") as name:
        scratch = Path(name)
        unpacker = Unpacker(catalogue.converter, scratch)
        fetcher = _Fetcher(catalogue, folder, scratch, say, unpacker, {})
        for entry in wanted:
            try:
                fetcher.fetch(entry)
                fetched.append(entry.id)
            except FontSourceError as error:
                missing[entry.id] = str(error)
    if unpacker.why_slow:
        say(f"  converted the slow way: {unpacker.why_slow}")
    return FetchResult(tuple(entry.id for entry in kept), tuple(fetched), missing)


@contextmanager
def _alone(folder: Path, say: Say) -> Iterator[None]:
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("  another fetch is running; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns: 0 when every font is there, 1 when some are missing (the product still works)."""
    parser = argparse.ArgumentParser(prog="python -m generators.fonts.fetch", description=__doc__)
    parser.add_argument("--into", type=Path, help="folder to fill (default: fonts/ in the data folder)")
    folder = parser.parse_args(arguments).into or default_folder()
    _print(f"Fonts in {folder}")
    try:
        result = fetch_fonts(folder, _print)
    except OSError as error:
        _print(f"Cannot write there: {error}. {STAND_IN}")
        return 1
    _print(f"{len(result.kept)} were there, {len(result.fetched)} fetched, {len(result.missing)} missing.")
    for font_id, reason in result.missing.items():
        _print(f"  missing {font_id}: {reason}")
    if result.missing:
        _print(STAND_IN)
    return 1 if result.missing else 0


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
