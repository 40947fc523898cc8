"""Whether helps are weighed, and what with. The operator's files are read as the start reads them."""

import tomllib
from typing import Final

from pydantic import ValidationError

from core.settings import RiskSettings, Settings
from referral.risk.errors import NetworkTableError
from referral.risk.networks import AsnTable, DataCentres
from referral.risk.opening import SHIPPED_CENTRES
from referral.risk.weights import read_weights
from service.main.doctor.findings import Finding, broken, note, ok, one_line

WEIGHTS: Final = "compare it with referral/risk/weights.toml"
TABLE: Final = "fetch ip2asn-combined.tsv.gz from iptoasn.com: HUAJIAN_RISK__ASN_FILE"


def examine_helps(settings: Settings) -> list[Finding]:
    """Points, then networks."""
    if not settings.referral.is_open:
        return [ok("Unlock links", "off: nobody can be asked for help")]
    return [_score(settings.risk), _networks(settings.risk)]


def _score(settings: RiskSettings) -> Finding:
    try:
        weights = read_weights(
            settings.weights_file, hold_points=settings.hold_points, deny_points=settings.deny_points
        )
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        return broken("Risk score", one_line(error), WEIGHTS)
    says = f"holds from {weights.hold_points} points, denies from {weights.deny_points}"
    if settings.is_shadow:
        return note(
            "Risk score", f"only looks on, nobody is stopped: {says}", "HUAJIAN_RISK__IS_SHADOW=false"
        )
    return ok("Risk score", says)


def _networks(settings: RiskSettings) -> Finding:
    own = [settings.datacentres_file] if settings.datacentres_file else []
    try:
        centres = len(DataCentres.read(SHIPPED_CENTRES, *own))
        ranges = len(AsnTable.read(settings.asn_file)) if settings.asn_file else 0
    except (OSError, NetworkTableError) as error:
        return broken("Networks", one_line(error), "correct the file, or unset its variable")
    if not ranges:
        return note("Networks", "no AS table: data centres are not told from homes", TABLE)
    return ok("Networks", f"{ranges} ranges, {centres} data centres")
