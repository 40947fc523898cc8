"""Letters go out over real SMTP, encrypted where the server offers it."""

import asyncio
from email import message_from_bytes
from email.policy import default

import pytest
from pydantic import SecretStr

from core.settings import MailSettings
from service.identity.letters import write_letter
from service.identity.mailer import LogMailer, SmtpMailer, choose_mailer


class SmtpServer:
    """Just enough of RFC 5321 to take one letter at a time."""

    def __init__(self) -> None:
        self.letters: list[bytes] = []
        self.commands: list[str] = []

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 test\r\n")
        while line := (await reader.readline()).decode().strip():
            self.commands.append(line.partition(" ")[0].upper())
            if self.commands[-1] == "DATA":
                writer.write(b"354 go on\r\n")
                self.letters.append((await reader.readuntil(b"\r\n.\r\n"))[:-5])
                writer.write(b"250 taken\r\n")
            elif self.commands[-1] == "EHLO":
                writer.write(b"250-test\r\n250 AUTH PLAIN\r\n")
            elif self.commands[-1] == "AUTH":
                writer.write(b"235 welcome\r\n")
            elif self.commands[-1] == "QUIT":
                writer.write(b"221 bye\r\n")
                writer.close()
                return
            else:
                writer.write(b"250 fine\r\n")


class TestSmtpMailer:
    async def test_a_chinese_letter_arrives_whole(self) -> None:
        server = SmtpServer()
        listening = await asyncio.start_server(server.talk, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        settings = MailSettings(
            smtp_host="127.0.0.1", smtp_port=port, smtp_user="huajian", smtp_password=SecretStr("pass")
        )
        letter = write_letter("verify", "012345", "zh")
        async with listening:
            await choose_mailer(settings).send("wan@example.org", subject=letter.subject, body=letter.body)
        message = message_from_bytes(server.letters[0], policy=default)
        assert message["subject"] == "花笺验证码 012345"
        assert "012345" in message.get_content()
        assert "AUTH" in server.commands

    async def test_a_server_that_is_away_is_an_error_and_no_silence(self) -> None:
        mailer = SmtpMailer(MailSettings(smtp_host="127.0.0.1", smtp_port=1))
        with pytest.raises(OSError, match="refused"):
            await mailer.send("a@example.org", subject="s", body="b")

    def test_without_a_host_letters_are_printed(self) -> None:
        assert isinstance(choose_mailer(MailSettings()), LogMailer)
