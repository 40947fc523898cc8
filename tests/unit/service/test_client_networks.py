"""Limits count a network, and a home is one."""

import pytest
from starlette.requests import HTTPConnection

from service.addresses import client_network


def network_of(host: str | None) -> str:
    client = None if host is None else (host, 5000)
    return client_network(HTTPConnection({"type": "http", "client": client}))


class TestClientNetwork:
    def test_a_home_has_each_limit_once_whichever_of_its_networks_it_comes_from(self) -> None:
        home = {network_of(f"2001:db8:aaaa:17{net:02x}::{net + 1:x}") for net in range(256)}
        assert home == {"2001:db8:aaaa:1700::/56"}
        assert network_of("2001:db8:aaaa:1800::1") not in home

    @pytest.mark.parametrize(
        ("host", "network"),
        [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),  # the same client over a socket that speaks both
            ("fe80::1%eth0", "fe80::/56"),
            ("unknown", "local"),
            ("", "local"),
            (None, "local"),
        ],
    )
    def test_what_else_a_client_may_be(self, host: str | None, network: str) -> None:
        assert network_of(host) == network
