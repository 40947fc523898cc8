"""Where a request comes from: what one household shares, and what its neighbours share."""

import ipaddress
from dataclasses import dataclass
from typing import Final

from core.addresses import Address, household_of, network_around, read_address

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
    address = read_address(text or "")
    if address is None or not address.is_global:
        return None
    bits = NETWORK_V4 if isinstance(address, ipaddress.IPv4Address) else NETWORK_V6
    return Place(address, household_of(address), network_around(address, bits))
