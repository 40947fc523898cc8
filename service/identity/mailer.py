"""Sending a message to a person. The default prints it to the log, for development."""

import asyncio
import smtplib
from collections.abc import Callable
from email.message import EmailMessage
from typing import Protocol

import structlog

from core.settings import MailSettings

log = structlog.get_logger()


class Mailer(Protocol):
    async def send(self, address: str, *, subject: str, body: str) -> None:
        """Hand one plain-text message over for delivery. Raises: OSError when that failed."""
        ...


class LogMailer:
    """Prints messages; only where no SMTP server is configured."""

    async def send(self, address: str, *, subject: str, body: str) -> None:
        log.info("mail.printed", to=address, subject=subject, body=body)


class SmtpMailer:
    """Submits over SMTP with STARTTLS (RFC 6409, RFC 3207)."""

    def __init__(self, settings: MailSettings, connect: Callable[..., smtplib.SMTP] = smtplib.SMTP) -> None:
        self._settings = settings
        self._connect = connect

    async def send(self, address: str, *, subject: str, body: str) -> None:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._settings.sender, address, subject
        message.set_content(body)
        await asyncio.to_thread(self._submit, message)

    def _submit(self, message: EmailMessage) -> None:
        settings = self._settings
        with self._connect(settings.smtp_host or "", settings.smtp_port, timeout=10) as server:
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls()
            if settings.smtp_user and settings.smtp_password:
                server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
            server.send_message(message)


def choose_mailer(settings: MailSettings) -> Mailer:
    """SMTP where a host is configured, the log otherwise."""
    return SmtpMailer(settings) if settings.smtp_host else LogMailer()
