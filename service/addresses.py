"""Network addresses, as coarse as a limit needs them."""

import ipaddress
from typing import Final

from starlette.requests import HTTPConnection

from core.addresses import network_around

# What one home is given at least; anything longer is theirs to invent. Counted by the /64 it would have every
# limit 256 times. Source: https://www.ripe.net/publications/docs/ripe-690/
IPV6_PREFIX: Final = 56


def client_network(connection: HTTPConnection) -> str:
    """The client's IPv4 address or IPv6 /56; "local" over a unix socket."""
    host = connection.client.host if connection.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "local"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return network_around(address, IPV6_PREFIX)
    return str(address)
