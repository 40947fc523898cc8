"""Who signs what leaves, and until when. Nothing is made, not even a development authority."""

from typing import Final

from core.clock import utc_now
from core.settings import Environment, Settings
from provenance.credentials.examining import ChainFacts
from provenance.credentials.opening import find_chain
from provenance.errors import SigningUnavailableError
from service.main.doctor.findings import Finding, broken, note, ok

OWN: Final = "a certificate of your own: HUAJIAN_PROVENANCE__CHAIN_FILE and HUAJIAN_PROVENANCE__KEY_FILE"
CODE: Final = "the code of your registration: HUAJIAN_PROVENANCE__PRODUCER_CODE"
TIME: Final = "an RFC 3161 authority: HUAJIAN_PROVENANCE__TIME_AUTHORITY_URL"


def examine_provenance(settings: Settings) -> list[Finding]:
    """Certificate, time-stamps, producer's code."""
    return [_signer(settings), _time(settings), _producer(settings)]


def _signer(settings: Settings) -> Finding:
    try:
        facts = find_chain(settings, now=utc_now())
    except SigningUnavailableError as error:
        return broken("Signing", f"exports are refused: {error}", OWN)
    if facts is None:
        return note("Signing", "by a development authority, made at the first start; nobody trusts it", OWN)
    return _described(facts, is_production=settings.environment is Environment.PRODUCTION)


def _described(facts: ChainFacts, *, is_production: bool) -> Finding:
    says = f"{facts.subject}, {facts.days_left} days left"
    if facts.days_left < 0:
        return broken("Signing", f"{says}: it has expired", "huajian certs show; renew it and start again")
    if facts.is_development:
        return (broken if is_production else note)("Signing", f"{says}; nobody trusts it", OWN)
    if facts.warnings:
        return note("Signing", f"{says}; {'; '.join(facts.warnings)}", "huajian certs show")
    return ok("Signing", says)


def _time(settings: Settings) -> Finding:
    url = settings.provenance.time_authority_url
    if url is None:
        return note("Time-stamps", "none: claims hold as long as the certificate", TIME)
    return ok("Time-stamps", f"from {url} (it was not asked)")


def _producer(settings: Settings) -> Finding:
    code = settings.provenance.producer_code
    if code is None:
        return note("Producer's code", "none: labels say DEVELOPMENT-NOT-REGISTERED", CODE)
    return ok("Producer's code", code)
