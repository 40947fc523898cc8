"""A mailer that keeps what it was given, and fails as often as it is told to."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sent:
    address: str
    subject: str
    body: str


@dataclass
class KeepingMailer:
    failures: int = 0
    sent: list[Sent] = field(default_factory=list)

    async def send(self, address: str, *, subject: str, body: str) -> None:
        if self.failures:
            self.failures -= 1
            raise ConnectionRefusedError("the mail server is away")
        self.sent.append(Sent(address, subject, body))
