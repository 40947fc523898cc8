"""Where a request comes from: what one household shares, and what its neighbours share."""

import ipaddress
from dataclasses import dataclass
from typing import Final

from core.addresses import Address, network_around

# What one home is given at least; of a /64 each it would have 256 addresses, and be as many households.
# Source: https://www.ripe.net/publications/docs/ripe-690/
HOUSEHOLD_V6: Final = 56
NETWORK_V4: Final = 24
NETWORK_V6: Final = 48


@dataclass(frozen=True, slots=True)
class Place:
    """`household`: one IPv4 address or a /56, as text; `network`: the /24 or /48 around it."""

    address: Address
    household: str
    network: str


def find_place(text: str | None) -> Place | None:
    """None for what is no public address: behind a proxy that is not trusted everybody would share it."""
    try:
        address = ipaddress.ip_address(text or "")
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if not address.is_global:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return Place(address, str(address), network_around(address, NETWORK_V4))
    return Place(address, network_around(address, HOUSEHOLD_V6), network_around(address, NETWORK_V6))
