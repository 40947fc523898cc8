"""Whether works can be certified here, and under which name."""

from core.settings import Environment, Settings
from provenance.keyring import DEVELOPMENT_AUTHORITY, KeyFileError, read_keyring
from provenance.log.errors import LogFormatError
from provenance.log.witness import configured_witnesses
from service.main.doctor.findings import Finding, broken, note, ok

NAME = "Certificates"
ADVICE = (
    "huajian log make-keys, then HUAJIAN_PROVENANCE__AUTHORITY, HUAJIAN_PROVENANCE__LOG_KEY_FILE and "
    "HUAJIAN_PROVENANCE__CERTIFICATE_KEY_FILE"
)


def examine_keyring(settings: Settings) -> list[Finding]:
    """Makes no keys."""
    return [_examine_keys(settings), _examine_witnesses(settings)]


def _examine_keys(settings: Settings) -> Finding:
    try:
        keyring = read_keyring(settings)
    except KeyFileError as error:
        return broken(NAME, str(error), "give the service a key that it can read")
    if keyring is None and settings.environment is not Environment.PRODUCTION:
        return note(NAME, "by development keys, made at the first start; they prove nothing", ADVICE)
    if keyring is None:
        return note(NAME, "nothing is certified or exported: no keys", ADVICE)
    if keyring.is_development:
        return note(NAME, f"signed as {DEVELOPMENT_AUTHORITY}, which proves nothing to anybody", ADVICE)
    return ok(NAME, f"signed as {keyring.certificates.name}, logged in {keyring.log.name}")


def _examine_witnesses(settings: Settings) -> Finding:
    try:
        names = [witness.verifier.name for witness in configured_witnesses(settings)]
    except LogFormatError as error:
        return broken("Witnesses", f"a key cannot be read: {error}", "HUAJIAN_PROVENANCE__WITNESSES")
    if not names:
        return note("Witnesses", "nobody else signs the log", "HUAJIAN_PROVENANCE__WITNESSES")
    return ok("Witnesses", ", ".join(names))
