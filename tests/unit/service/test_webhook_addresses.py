"""Nothing is sent inside our own network, however the way there is spelled."""

from ipaddress import ip_address

import pytest

from core.settings import Environment, Settings, WebhookSettings
from service.outbox.addresses import Rules, check_url, is_allowed, rules_for
from service.outbox.errors import UrlRefusedError

STRICT = Rules()
LOCAL = Rules(allow_loopback=True, allow_any_port=True)

INSIDE = [
    "0.0.0.0",  # noqa: S104 - where nobody listens
    "10.0.0.1",
    "100.64.0.1",  # shared by carriers (RFC 6598)
    "100.100.100.200",  # Alibaba's metadata
    "127.0.0.1",
    "127.8.9.10",
    "168.63.129.16",  # Azure's
    "169.254.169.254",  # almost everybody's
    "169.254.170.2",  # of containers at Amazon
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",  # Oracle's
    "192.0.2.1",
    "192.168.1.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:a9fe:a9fe",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::808:808",
    "2001:0:7f00:1::",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "2002:808:808::1",
    "fc00::1",
    "fd00:ec2::254",  # Amazon's metadata
    "fe80::1",
    "fec0::1",
    "ff02::1",
]
OUTSIDE = ["1.1.1.1", "8.8.8.8", "223.5.5.5", "2606:4700:4700::1111", "2400:3200::1", "64:ff9b::808:808"]


class TestAddresses:
    @pytest.mark.parametrize("address", INSIDE)
    def test_what_is_inside_is_refused(self, address: str) -> None:
        assert not is_allowed(ip_address(address), STRICT)

    @pytest.mark.parametrize("address", OUTSIDE)
    def test_what_is_outside_is_not(self, address: str) -> None:
        assert is_allowed(ip_address(address), STRICT)

    @pytest.mark.parametrize("address", INSIDE)
    def test_development_lets_in_this_machine_and_nothing_else(self, address: str) -> None:
        assert is_allowed(ip_address(address), LOCAL) is ip_address(address).is_loopback


class TestUrls:
    @pytest.mark.parametrize(
        ("url", "reason"),
        [
            ("http://shop.example.com/", "scheme"),
            ("gopher://shop.example.com/", "scheme"),
            ("//shop.example.com/", "scheme"),
            ("https://shop.example.com:22/", "port"),
            ("https://shop.example.com:80/", "port"),
            ("https://shop.example.com:0/", "malformed"),
            ("https://a:b@shop.example.com/", "malformed"),
            ("https://shop.example.com/#x", "malformed"),
            ("https://shop.example.com/\r\nx: y", "malformed"),
            ("https://商店.example.com/", "malformed"),
            ("https://shop.example.com:99999/", "malformed"),
            ("https://xn--/", "malformed"),  # ASCII that no script's name is written as
            ("https://xn--a.example.com/", "malformed"),
            ("https://", "malformed"),
            ("https://shop.example.com/" + "x" * 2000, "malformed"),
            ("https://127.0.0.1/", "address_refused"),
            ("https://[::1]/", "address_refused"),
            ("https://[::ffff:10.0.0.1]/", "address_refused"),
            ("https://169.254.169.254/latest/meta-data/", "address_refused"),
        ],
    )
    def test_what_is_refused_says_why(self, url: str, reason: str) -> None:
        with pytest.raises(UrlRefusedError) as caught:
            check_url(url, STRICT)
        assert caught.value.reason == reason

    @pytest.mark.parametrize(
        "url",
        [
            "https://shop.example.com/hooks?a=b",
            "https://shop.example.com:443",
            "https://shop.example.com:8443/",
            "https://8.8.8.8/",
            "https://[2606:4700:4700::1111]/",
            "https://xn--fiqs8s.example.com/",
        ],
    )
    def test_what_is_taken(self, url: str) -> None:
        assert str(check_url(url, STRICT)).startswith("https://")

    def test_plain_http_is_for_this_machine_only(self) -> None:
        assert check_url("http://127.0.0.1:8080/hooks", LOCAL).port == 8080
        for url in ("http://shop.example.com/", "http://10.0.0.1/", "http://localhost/"):
            with pytest.raises(UrlRefusedError):
                check_url(url, LOCAL)

    def test_production_is_strict_whatever_is_set(self) -> None:
        lax = WebhookSettings(allow_loopback=True)
        assert rules_for(Settings(environment=Environment.PRODUCTION, webhooks=lax)) == STRICT
        assert rules_for(Settings(environment=Environment.DEVELOPMENT, webhooks=lax)) == LOCAL
