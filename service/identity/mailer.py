"""Sending a message to a person. The default prints it to the log, for development."""

import asyncio
import ipaddress
import smtplib
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from typing import Final, Protocol

import structlog

from core.settings import MailSettings
from service.identity.addresses import mailable

log = structlog.get_logger()

THREADS: Final = 4  # our own: a mail server that never answers holds up letters only


class Mailer(Protocol):
    async def send(self, address: str, *, subject: str, body: str) -> None:
        """Hand one plain-text message over for delivery. Raises: OSError when that failed."""
        ...


class LogMailer:
    """Prints messages; only where no SMTP server is configured."""

    async def send(self, address: str, *, subject: str, body: str) -> None:
        log.info("mail.printed", to=address, subject=subject, body=body)


class SmtpMailer:
    """Submits over SMTP with STARTTLS where it is offered (RFC 6409, RFC 3207).

    Nobody sits on the way to this machine. On the way to another, somebody may answer in its place, so its
    certificate is looked at; or take the offer away, so no password is sent without.
    """

    def __init__(
        self,
        settings: MailSettings,
        connect: Callable[..., smtplib.SMTP] = smtplib.SMTP,
        *,
        verify: ssl.SSLContext | None = None,
    ) -> None:
        self._settings = settings
        self._connect = connect
        self._verify = verify or ssl.create_default_context()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="mail")

    async def send(self, address: str, *, subject: str, body: str) -> None:
        message, recipient = EmailMessage(), mailable(address)
        message["From"], message["To"], message["Subject"] = self._settings.sender, recipient, subject
        message.set_content(body)
        await asyncio.get_running_loop().run_in_executor(self._threads, self._submit, message, recipient)

    def _submit(self, message: EmailMessage, recipient: str) -> None:
        settings = self._settings
        is_near = _is_this_machine(settings.smtp_host or "")
        with self._connect(settings.smtp_host or "", settings.smtp_port, timeout=10) as server:
            server.ehlo()
            if server.has_extn("starttls"):
                # Without a context, smtplib believes every certificate.
                server.starttls(context=None if is_near else self._verify)
            elif settings.smtp_user and not is_near:
                raise smtplib.SMTPNotSupportedError("The mail server offers no STARTTLS for a password.")
            if settings.smtp_user and settings.smtp_password:
                server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
            server.send_message(message, to_addrs=[recipient])


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def choose_mailer(settings: MailSettings) -> Mailer:
    """SMTP where a host is configured, the log otherwise."""
    return SmtpMailer(settings) if settings.smtp_host else LogMailer()
