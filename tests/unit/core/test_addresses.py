"""Networks by arithmetic are those that `ipaddress` makes."""

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from core.addresses import network_around, prefix_of


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_of_version_4(address: ipaddress.IPv4Address, bits: int) -> None:
    assert network_around(address, bits) == str(ipaddress.ip_network((address, bits), strict=False))


@given(st.ip_addresses(v=6), st.integers(0, 128))
def test_of_version_6(address: ipaddress.IPv6Address, bits: int) -> None:
    assert network_around(address, bits) == str(ipaddress.ip_network((address, bits), strict=False))


@given(st.ip_addresses(v=4), st.ip_addresses(v=4), st.integers(0, 32))
def test_addresses_share_a_prefix_when_they_share_its_network(
    one: ipaddress.IPv4Address, other: ipaddress.IPv4Address, bits: int
) -> None:
    is_shared = other in ipaddress.ip_network((one, bits), strict=False)
    assert (prefix_of(one, bits) == prefix_of(other, bits)) is is_shared
