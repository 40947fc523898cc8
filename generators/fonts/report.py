"""Which fonts are in use, under which licence, and what to do about missing ones."""

from dataclasses import dataclass
from pathlib import Path

from generators.fonts.catalogue import BundledEntry, FontEntry, load_catalogue
from generators.fonts.store import default_folder, is_current, read_receipt

HOW_TO_FETCH = "run `python -m generators.fonts.fetch`; until then Noto Sans SC stands in"
HOW_TO_REINSTALL = "reinstall the wheel justmytype-intl-cjk; without it nothing can be set"
HOW_TO_REFRESH = "differs from the pinned one: run `python -m generators.fonts.fetch`"


@dataclass(frozen=True, slots=True)
class FontReport:
    """One line for `huajian doctor`. `source` is where it came from, or would come from."""

    id: str
    family: str
    role: str
    version: str
    licence: str
    source: str
    is_in_use: bool
    advice: str | None


def in_use(folder: Path | None = None) -> list[FontReport]:
    """Every font of the catalogue, fetched ones first; `folder` None means this installation's."""
    where = folder or default_folder()
    catalogue = load_catalogue()
    return [*(_fetched(where, entry) for entry in catalogue.font), *map(_bundled, catalogue.bundled)]


def _fetched(folder: Path, entry: FontEntry) -> FontReport:
    receipt = read_receipt(folder, entry.id)
    advice: str | None = HOW_TO_FETCH
    if receipt is None:
        source, version = f"npm {entry.npm.package}", entry.npm.version
    else:
        source, version = f"{receipt.source} {receipt.package}", receipt.version
        advice = None if is_current(folder, entry) else HOW_TO_REFRESH
    return FontReport(
        id=entry.id,
        family=entry.family,
        role=entry.role,
        version=version,
        licence=entry.licence,
        source=source,
        is_in_use=receipt is not None,
        advice=advice,
    )


def _bundled(entry: BundledEntry) -> FontReport:
    is_there = entry.path().is_file()
    return FontReport(
        id=entry.id,
        family=entry.family,
        role=entry.role,
        version="bundled",
        licence=entry.licence,
        source=f"wheel {entry.package}",
        is_in_use=is_there,
        advice=None if is_there else HOW_TO_REINSTALL,
    )
