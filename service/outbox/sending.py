"""One attempt: to an address that was looked at, with nothing believed that comes back but the status."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import httpx

from service.outbox.addresses import IpAddress, Rules, check_url, find_literal, is_allowed, port_of
from service.outbox.errors import UrlRefusedError
from service.outbox.resolving import NameNotFoundError, Resolver

CONNECT_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 15.0
USER_AGENT: Final = "Huajian-Webhooks/1"
GONE: Final = 410


class Failure(StrEnum):
    """Why an attempt failed; what owners read about it is in `failures.toml`."""

    STATUS = "status"
    REDIRECT = "redirect"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    TLS = "tls"
    NAME = "name"
    ADDRESS_REFUSED = "address_refused"
    URL_REFUSED = "url_refused"
    SECRET_UNREADABLE = "secret_unreadable"  # noqa: S105 - the name of a failure


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` None: there was none. `failure` None: delivered."""

    status: int | None = None
    failure: Failure | None = None

    @property
    def is_gone(self) -> bool:
        return self.status == GONE


class AddressRefusedError(Exception):
    """The name points at something that we do not talk to."""


class Sender:
    """Makes a connection for each attempt: what was checked a minute ago is not what is there now."""

    def __init__(
        self,
        rules: Rules,
        resolver: Resolver,
        *,
        verify: ssl.SSLContext | None = None,
        connect_seconds: float = CONNECT_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self._rules = rules
        self._resolver = resolver
        self._verify = verify or ssl.create_default_context()
        self._connect_seconds = connect_seconds
        self._total_seconds = total_seconds

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """POST once. Every way in which it can fail is an answer."""
        try:
            async with asyncio.timeout(self._total_seconds):
                return _judge(await self._post(url, headers, body))
        except UrlRefusedError:
            return Answer(failure=Failure.URL_REFUSED)
        except AddressRefusedError:
            return Answer(failure=Failure.ADDRESS_REFUSED)
        except NameNotFoundError:
            return Answer(failure=Failure.NAME)
        except (TimeoutError, httpx.TimeoutException):
            return Answer(failure=Failure.TIMEOUT)
        except httpx.TransportError as error:
            return Answer(failure=Failure.TLS if _is_about_tls(error) else Failure.CONNECTION)

    async def _post(self, text: str, headers: Mapping[str, str], body: bytes) -> int:
        """The status. The body of the answer is never read, so it cannot be too long."""
        url = check_url(text, self._rules)
        address = await self._choose(url)
        limits = httpx.Timeout(self._total_seconds, connect=self._connect_seconds)
        async with (
            httpx.AsyncClient(
                transport=httpx.AsyncHTTPTransport(verify=self._verify, trust_env=False),
                trust_env=False,  # no proxy: it would resolve the name again, and its own way
                follow_redirects=False,
                timeout=limits,
            ) as client,
            client.stream(
                "POST",
                url.copy_with(host=str(address)),
                content=body,
                headers={
                    **headers,
                    "host": url.netloc.decode(),
                    "content-type": "application/json",
                    "user-agent": USER_AGENT,
                },
                extensions={"sni_hostname": url.raw_host.decode()},  # whose certificate is asked for
            ) as response,
        ):
            return response.status_code

    async def _choose(self, url: httpx.URL) -> IpAddress:
        """An address of the host, all of whose addresses are allowed: one bad one spoils the name."""
        literal = find_literal(url.host)
        if literal is not None:
            found = [literal]
        else:
            async with asyncio.timeout(self._connect_seconds):
                found = [*await self._resolver.resolve(url.raw_host.decode(), port_of(url))]
        if not all(is_allowed(address, self._rules) for address in found):
            raise AddressRefusedError(url.host)
        return found[0]


def _judge(status: int) -> Answer:
    if 200 <= status < 300:
        return Answer(status)
    return Answer(status, Failure.REDIRECT if 300 <= status < 400 else Failure.STATUS)


def _is_about_tls(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
