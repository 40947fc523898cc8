"""Names to addresses, on threads of our own: a name server that never answers holds up webhooks only."""

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Final, Protocol

from service.outbox.addresses import IpAddress

THREADS: Final = 16


class NameNotFoundError(Exception):
    """The name has no address, or no name server says so."""


class Resolver(Protocol):
    """Asked again at every attempt, because a name may point elsewhere a second later (DNS rebinding)."""

    async def resolve(self, host: str, port: int) -> Sequence[IpAddress]:
        """Every address, best first; at least one. Raises: NameNotFoundError."""
        ...


class SystemResolver:
    """The operating system's. Reads also spellings such as 0x7f.1, which are names to `ip_address`."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="resolve")

    async def resolve(self, host: str, port: int) -> Sequence[IpAddress]:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._threads, _look_up, host, port)
        except (OSError, UnicodeError) as error:
            raise NameNotFoundError(host) from error
        if not found:
            raise NameNotFoundError(host)
        return found


def _look_up(host: str, port: int) -> list[IpAddress]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    # A scope ("fe80::1%eth0") would be lost; such an address is refused anyhow.
    return [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
