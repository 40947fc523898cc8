"""The way to a receiver: to an address that was looked at, under the name that was asked for."""

import ssl
import threading
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path

import pytest

from service.outbox.addresses import IpAddress, Rules
from service.outbox.resolving import NameNotFoundError, SystemResolver
from service.outbox.sending import Answer, Failure, Sender
from tests.factories.tls import self_signed
from tests.fakes.webhook_receiver import Receiver, receiving

NAME = "hooks.example.com"
LOCAL = Rules(allow_loopback=True, allow_any_port=True)


class ScriptedResolver:
    """One list of addresses after another; the last one stays. Remembers what it was asked."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int) -> Sequence[IpAddress]:
        self.asked.append(f"{host}:{port}")
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if not answer:
            raise NameNotFoundError(host)
        return [ip_address(each) for each in answer]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(NAME, tmp_path_factory.mktemp("tls"))


@pytest.fixture
def named() -> list[str | None]:
    """The names that were asked for in TLS handshakes."""
    return []


@pytest.fixture
def tls_receiver(certificate: Path, named: list[str | None]) -> Iterator[Receiver]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _, name, __: named.append(name)
    with receiving(context) as running:
        yield running


def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


def port_of(receiver: Receiver) -> int:
    return int(receiver.url.rpartition(":")[2])


class TestTheWay:
    async def test_the_checked_address_is_spoken_to_under_the_name(
        self, certificate: Path, tls_receiver: Receiver, named: list[str | None]
    ) -> None:
        resolver = ScriptedResolver(["127.0.0.1"])
        port = port_of(tls_receiver)
        sender = Sender(LOCAL, resolver, verify=trusting(certificate))
        answer = await sender.send(f"https://{NAME}:{port}/a?b=c", {"webhook-id": "1"}, b"{}")
        assert answer == Answer(200)
        assert (named, resolver.asked) == ([NAME], [f"{NAME}:{port}"])
        (received,) = tls_receiver.received
        assert (received.headers["host"], received.path) == (f"{NAME}:{port}", "/a?b=c")

    async def test_a_certificate_of_another_name_or_issuer_is_refused(
        self, certificate: Path, tls_receiver: Receiver
    ) -> None:
        resolver, port = ScriptedResolver(["127.0.0.1"]), port_of(tls_receiver)
        other = Sender(LOCAL, resolver, verify=trusting(certificate))
        assert await other.send(f"https://evil.example.com:{port}/", {}, b"") == Answer(None, Failure.TLS)
        public = Sender(LOCAL, resolver)
        assert await public.send(f"https://{NAME}:{port}/", {}, b"") == Answer(None, Failure.TLS)
        assert tls_receiver.received == []

    async def test_a_name_that_moves_inside_is_refused_at_the_next_attempt(
        self, certificate: Path, tls_receiver: Receiver
    ) -> None:
        resolver = ScriptedResolver(["127.0.0.1"], ["169.254.169.254"])
        sender = Sender(LOCAL, resolver, verify=trusting(certificate))
        url = f"https://{NAME}:{port_of(tls_receiver)}/"
        assert (await sender.send(url, {}, b"")).failure is None
        assert (await sender.send(url, {}, b"")).failure is Failure.ADDRESS_REFUSED
        assert len(resolver.asked) == 2

    @pytest.mark.parametrize(
        ("addresses", "failure"),
        [
            (["10.0.0.1"], Failure.ADDRESS_REFUSED),
            (["8.8.8.8", "10.0.0.1"], Failure.ADDRESS_REFUSED),
            (["::ffff:127.0.0.1"], Failure.ADDRESS_REFUSED),
            (["127.0.0.1"], Failure.ADDRESS_REFUSED),
            ([], Failure.NAME),
        ],
    )
    async def test_one_bad_address_spoils_a_name(self, addresses: list[str], failure: Failure) -> None:
        sender = Sender(Rules(), ScriptedResolver(addresses))
        assert await sender.send(f"https://{NAME}/", {}, b"") == Answer(None, failure)

    @pytest.mark.parametrize("host", ["0x7f.1", "2130706433", "127.1", "localhost", "017700000001"])
    async def test_other_spellings_of_this_machine_are_found_out(self, host: str) -> None:
        answer = await Sender(Rules(), SystemResolver()).send(f"https://{host}/", {}, b"")
        assert answer.failure in (Failure.ADDRESS_REFUSED, Failure.NAME)
        if host != "017700000001":
            assert answer.failure is Failure.ADDRESS_REFUSED

    async def test_a_url_that_rules_no_longer_allow_is_refused(self, tls_receiver: Receiver) -> None:
        sender = Sender(Rules(), SystemResolver())
        assert (await sender.send(tls_receiver.url, {}, b"")).failure is Failure.URL_REFUSED

    async def test_a_proxy_of_the_environment_is_not_used(
        self, monkeypatch: pytest.MonkeyPatch, receiver: Receiver
    ) -> None:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        assert await Sender(LOCAL, SystemResolver()).send(receiver.url, {}, b"") == Answer(200)

    async def test_whoever_does_not_answer_is_left(self, receiver: Receiver) -> None:
        receiver.held = threading.Event()
        sender = Sender(LOCAL, SystemResolver(), total_seconds=0.3)
        assert await sender.send(receiver.url, {}, b"") == Answer(None, Failure.TIMEOUT)
        receiver.held.set()
