"""The letters that bring codes: few to one mailbox, and after the answer where the answer must not tell."""

import contextlib

import structlog
from starlette.requests import Request

from service.dependencies import count_request
from service.flows.register import Message
from service.identity.addresses import canonical
from service.identity.errors import MailUnavailableError
from service.identity.letters import write_letter
from service.limits.limiter import Policy
from service.wiring import Services

log = structlog.get_logger()


async def count_letter(request: Request, services: Services, email: str, purpose: str) -> None:
    """Limit the codes of a purpose that one mailbox gets in a day, whoever asks and from wherever.

    Each code may be guessed at five times, and whoever has many addresses to ask from would else have as many
    codes to guess as they like. Raises: RateLimitedError, LimiterUnavailableError.
    """
    mailbox = services.keys.digest("mailbox-limit", canonical(email)).hex()
    policy = Policy(f"{purpose}-letters", services.settings.limits.letters_per_mailbox_day, 86_400)
    await count_request(request, services, mailbox, policy)


async def send_code(services: Services, message: Message, language: str) -> None:
    """After the commit: a code that could not be stored must not be sent. Raises: MailUnavailableError."""
    letter = write_letter(message.purpose, message.code, language)
    try:
        await services.mailer.send(message.address, subject=letter.subject, body=letter.body)
    except OSError as error:
        log.warning("mail.not_sent", purpose=message.purpose, error=type(error).__name__)
        raise MailUnavailableError("No letter can be sent at the moment.") from error


async def send_code_later(services: Services, message: Message, language: str) -> None:
    """After the answer, which neither waits for the mail server nor tells how it went: ask again."""
    with contextlib.suppress(MailUnavailableError):  # it is in the log
        await send_code(services, message, language)
