"""The assessor that the settings ask for."""

from pathlib import Path
from typing import Final

from redis.asyncio import Redis

from core.keys import Keys
from core.settings import RiskSettings
from referral.risk.assessor import Assessor
from referral.risk.networks import AsnTable, DataCentres
from referral.risk.pseudonyms import Pseudonyms
from referral.risk.traces import Tracer
from referral.risk.weights import read_weights
from referral.risk.windows import VelocityWindows

SHIPPED_CENTRES: Final = Path(__file__).with_name("datacentres.txt")


def open_assessor(settings: RiskSettings, keys: Keys, redis: Redis) -> Assessor:
    """Read the operator's files. A table of the whole internet takes seconds and some 15 MB.

    Raises: OSError, NetworkTableError, tomllib.TOMLDecodeError, pydantic.ValidationError.
    """
    weights = read_weights(
        settings.weights_file, hold_points=settings.hold_points, deny_points=settings.deny_points
    )
    lists = [SHIPPED_CENTRES, *([settings.datacentres_file] if settings.datacentres_file else [])]
    pseudonyms = Pseudonyms(keys)
    return Assessor(
        pseudonyms,
        Tracer(
            pseudonyms,
            AsnTable.read(settings.asn_file) if settings.asn_file else AsnTable(),
            DataCentres.read(*lists),
        ),
        VelocityWindows(redis),
        weights,
        weights.digest(),
        is_shadow=settings.is_shadow,
    )
