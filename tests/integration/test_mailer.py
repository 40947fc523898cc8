"""Letters go out over real SMTP, encrypted where the server offers it."""

import asyncio
import smtplib
import ssl
import threading
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from pydantic import SecretStr

from core.settings import MailSettings
from service.identity.letters import write_letter
from service.identity.mailer import LogMailer, SmtpMailer, choose_mailer
from tests.factories.tls import self_signed

NAME = "mail.example.com"


class SmtpServer:
    """Just enough of RFC 5321 to take one letter at a time. tls: what STARTTLS is offered with."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.tls = tls
        self.recipients: list[str] = []
        self.port = 0
        self.letters: list[bytes] = []
        self.commands: list[str] = []

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 test\r\n")
        while line := (await reader.readline()).decode().strip():
            self.commands.append(line.partition(" ")[0].upper())
            if line.upper().startswith("RCPT TO:"):
                self.recipients.append(line[8:].strip("<>"))
            if self.commands[-1] == "DATA":
                writer.write(b"354 go on\r\n")
                self.letters.append((await reader.readuntil(b"\r\n.\r\n"))[:-5])
                writer.write(b"250 taken\r\n")
            elif self.commands[-1] == "EHLO":
                offer = b"250-STARTTLS\r\n" if self.tls else b""
                writer.write(b"250-test\r\n" + offer + b"250 AUTH PLAIN\r\n")
            elif self.commands[-1] == "STARTTLS" and self.tls:
                writer.write(b"220 go on\r\n")
                try:
                    await writer.start_tls(self.tls)
                except OSError:  # the client did not like our certificate
                    return
            elif self.commands[-1] == "AUTH":
                writer.write(b"235 welcome\r\n")
            elif self.commands[-1] == "QUIT":
                writer.write(b"221 bye\r\n")
                writer.close()
                return
            else:
                writer.write(b"250 fine\r\n")


@pytest.fixture
async def server() -> AsyncIterator[SmtpServer]:
    server = SmtpServer()
    listening = await asyncio.start_server(server.talk, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(NAME, tmp_path_factory.mktemp("tls"))


def settings_for(server: SmtpServer, host: str = "127.0.0.1") -> MailSettings:
    return MailSettings(
        smtp_host=host, smtp_port=server.port, smtp_user="huajian", smtp_password=SecretStr("pass")
    )


def connect(host: str, port: int, *, timeout: float) -> smtplib.SMTP:
    """To this machine, in the name of another."""
    opened = smtplib.SMTP("127.0.0.1", port, timeout=timeout)
    opened._host = host  # type: ignore[attr-defined]  # where smtplib keeps what the certificate must say
    return opened


class TestSmtpMailer:
    async def test_a_chinese_letter_arrives_whole(self, server: SmtpServer) -> None:
        letter = write_letter("verify", "012345", "zh")
        mailer = choose_mailer(settings_for(server))
        await mailer.send("wan@example.org", subject=letter.subject, body=letter.body)
        message = message_from_bytes(server.letters[0], policy=default)
        assert message["subject"] == "花笺验证码 012345"
        assert "012345" in message.get_content()
        assert "AUTH" in server.commands

    async def test_a_letter_goes_to_the_address_and_to_no_other_way_of_reading_it(
        self, server: SmtpServer
    ) -> None:
        mailer = SmtpMailer(settings_for(server))
        for address in ("=?utf-8?q?=77an?=@example.org", "wan@例子.中国"):
            await mailer.send(address, subject="s", body="b")
        assert server.recipients == ["=?utf-8?q?=77an?=@example.org", "wan@xn--fsqu00a.xn--fiqs8s"]

    async def test_another_machine_must_show_its_certificate(
        self, server: SmtpServer, certificate: Path
    ) -> None:
        server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.tls.load_cert_chain(certificate)
        trusting = ssl.create_default_context(cafile=str(certificate))
        for host, verify in ((NAME, None), ("other.example.com", trusting)):
            mailer = SmtpMailer(settings_for(server, host), connect, verify=verify)
            with pytest.raises(ssl.SSLCertVerificationError):
                await mailer.send("wan@example.org", subject="s", body="b")
        assert "AUTH" not in server.commands
        mailer = SmtpMailer(settings_for(server, NAME), connect, verify=trusting)
        await mailer.send("wan@example.org", subject="s", body="b")
        assert server.commands[-4:] == ["MAIL", "RCPT", "DATA", "QUIT"]
        assert "AUTH" in server.commands

    async def test_no_password_is_sent_in_the_clear_to_another_machine(self, server: SmtpServer) -> None:
        mailer = SmtpMailer(settings_for(server, NAME), connect)
        with pytest.raises(smtplib.SMTPNotSupportedError, match="STARTTLS"):
            await mailer.send("wan@example.org", subject="s", body="b")
        assert "AUTH" not in server.commands

    async def test_letters_wait_in_threads_of_their_own(self) -> None:
        """Passwords are hashed in the others, which a mail server that never answers would fill."""
        used = set()

        def refuse(host: str, port: int, *, timeout: float) -> smtplib.SMTP:
            used.add(threading.current_thread().name.partition("_")[0])
            raise ConnectionRefusedError

        mailer = SmtpMailer(MailSettings(smtp_host=NAME), refuse)
        with pytest.raises(ConnectionRefusedError):
            await mailer.send("wan@example.org", subject="s", body="b")
        assert used == {"mail"}

    async def test_a_server_that_is_away_is_an_error_and_no_silence(self) -> None:
        mailer = SmtpMailer(MailSettings(smtp_host="127.0.0.1", smtp_port=1))
        with pytest.raises(OSError, match="refused"):
            await mailer.send("a@example.org", subject="s", body="b")

    def test_without_a_host_letters_are_printed(self) -> None:
        assert isinstance(choose_mailer(MailSettings()), LogMailer)
