"""What can be looked at once every package is there."""

from billing.catalog import load_catalog
from core.settings import Settings
from service.main.doctor.backends import examine_backends
from service.main.doctor.engines import examine_engines
from service.main.doctor.findings import Section
from service.main.doctor.fonts import examine_fonts
from service.main.doctor.helps import examine_helps
from service.main.doctor.keyring import examine_keyring
from service.main.doctor.payments import examine_payments
from service.main.doctor.provenance import examine_provenance
from service.main.doctor.storage import examine_storage
from service.main.doctor.surroundings import examine_surroundings


async def examine_rest(settings: Settings, *, start: bool) -> list[Section]:
    """Every section but Python's, in the order in which a person would ask."""
    return [
        Section("Engines", await examine_engines(settings, start=start)),
        Section("Storage", await examine_storage(settings)),
        Section("Fonts", examine_fonts()),
        Section("Kinds of works", examine_backends()),
        Section("Provenance", [*examine_provenance(settings), *examine_keyring(settings)]),
        Section("Selling", await examine_payments(settings, load_catalog())),
        Section("Helps", examine_helps(settings)),
        Section("Surroundings", await examine_surroundings(settings)),
    ]
