"""What must differ between a laptop and a service on the net: secrets, mail, addresses."""

import asyncio
from typing import Final

from core.keys import MIN_SECRET_BYTES
from core.settings import Environment, MailSettings, ModerationSettings, Settings
from moderation.errors import LexiconError
from moderation.prompts import load_lexicon
from service.main.doctor.findings import Finding, broken, note, ok, one_line

ANSWER_SECONDS: Final = 5.0
KEY_ADVICE: Final = (
    "set HUAJIAN_AUTH__SECRET, for instance to what `openssl rand -hex 32` prints; the same for every process"
)
DEVELOPMENT_FILE: Final = "development-secret"


async def examine_surroundings(settings: Settings) -> list[Finding]:
    """One finding each for the environment, the secret, mail, terms, the public address and proxies."""
    return [
        _environment(settings),
        _secret(settings),
        await _mail(settings.mail),
        _lexicon(settings.moderation),
        _public_url(settings),
        _proxies(settings),
    ]


def _is_production(settings: Settings) -> bool:
    return settings.environment is Environment.PRODUCTION


def _environment(settings: Settings) -> Finding:
    if _is_production(settings):
        return ok("Environment", "production")
    return note("Environment", "development", "on the net: HUAJIAN_ENVIRONMENT=production")


def _secret(settings: Settings) -> Finding:
    if settings.auth.secret is not None:
        size = len(settings.auth.secret.get_secret_value().encode())
        if size < MIN_SECRET_BYTES:
            return broken("Secret", f"of {size} bytes; {MIN_SECRET_BYTES} are needed", KEY_ADVICE)
        return ok("Secret", "configured")
    if _is_production(settings):
        return broken("Secret", "missing; production does not start without", KEY_ADVICE)
    file = settings.data_dir / DEVELOPMENT_FILE
    says = f"of development, in {file}" if file.exists() else f"will be made in {file}"
    return note("Secret", says, KEY_ADVICE)


async def _mail(mail: MailSettings) -> Finding:
    if mail.smtp_host is None:
        return note("Mail", "off: codes are printed to the log", "set HUAJIAN_MAIL__SMTP_HOST")
    place = f"{mail.smtp_host}:{mail.smtp_port}"
    if mail.smtp_user is not None and mail.smtp_password is None:
        return broken("Mail", f"{place}, a user without a password", "set HUAJIAN_MAIL__SMTP_PASSWORD")
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            _, writer = await asyncio.open_connection(mail.smtp_host, mail.smtp_port)
    except (OSError, TimeoutError) as error:
        return broken("Mail", f"{place}: {one_line(error)}", "check HUAJIAN_MAIL__SMTP_HOST and _PORT")
    writer.close()
    return ok("Mail", f"{place} answers (no message was sent), from {mail.sender}")


def _lexicon(moderation: ModerationSettings) -> Finding:
    paths = moderation.lexicon_paths
    try:
        load_lexicon(paths)
    except (LexiconError, OSError, UnicodeDecodeError) as error:
        return broken("Terms", one_line(error), "correct HUAJIAN_MODERATION__LEXICON_PATHS or the file")
    if not paths:
        return ok("Terms", "the built-in ones; more: HUAJIAN_MODERATION__LEXICON_PATHS")
    return ok("Terms", f"the built-in ones and {len(paths)} files of your own")


def _public_url(settings: Settings) -> Finding:
    url = settings.public_url
    if url is None:
        return note("Public address", "unknown", "set HUAJIAN_PUBLIC_URL to what clients type, https://…")
    if _is_production(settings) and not url.startswith("https://"):
        return note("Public address", f"{url}: cookies and tokens travel in the clear", "serve it over https")
    return ok("Public address", url)


def _proxies(settings: Settings) -> Finding:
    trusted = settings.trusted_proxies
    if trusted.strip() == "*":
        return note(
            "Proxies",
            "every sender is trusted to name the client's address, so limits can be evaded",
            "set HUAJIAN_TRUSTED_PROXIES to your proxies' addresses",
        )
    return ok("Proxies", f"trusted: {trusted or 'none'}")
