"""Where we send to and where not: nothing inside our own network, however it is spelled (CWE-918)."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

import httpx

from core.settings import Environment, Settings
from service.outbox.errors import UrlRefusedError

IpAddress = IPv4Address | IPv6Address

PORTS: Final = frozenset({443, 8443})
MAX_URL_CHARS: Final = 2000
# What `is_global` lets through and nobody's back end lives at.
REFUSED: Final = tuple(
    map(
        ip_network,
        (
            "168.63.129.16/32",  # Azure's WireServer: metadata, at a public address
            "192.0.0.0/24",  # protocol assignments; Oracle's metadata service is in it
            "192.88.99.0/24",  # 6to4 relays (RFC 7526)
            "2002::/16",  # 6to4 and
            "2001::/32",  # Teredo carry an IPv4 address that is not looked at
            "64:ff9b:1::/48",  # local NAT64 (RFC 8215)
            "::ffff:0:0/96",  # IPv4-mapped
            "::/96",  # IPv4-compatible
            "fec0::/10",  # site-local, before unique local addresses
            "3fff::/20",  # documentation (RFC 9637)
        ),
    )
)
NAT64: Final = ip_network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address


@dataclass(frozen=True, slots=True)
class Rules:
    """allow_loopback: also plain HTTP, at this machine only. allow_any_port: instead of 443 and 8443."""

    allow_loopback: bool = False
    allow_any_port: bool = False


def rules_for(settings: Settings) -> Rules:
    """Production is strict, whatever else is set."""
    is_development = settings.environment is Environment.DEVELOPMENT
    return Rules(
        allow_loopback=is_development and settings.webhooks.allow_loopback, allow_any_port=is_development
    )


def is_allowed(address: IpAddress, rules: Rules) -> bool:
    """Whether a connection may be made to this very address."""
    if address.is_loopback:
        return rules.allow_loopback
    if isinstance(address, IPv6Address) and address in NAT64:
        return is_allowed(IPv4Address(int(address) & 0xFFFFFFFF), Rules())
    if any(address.version == network.version and address in network for network in REFUSED):
        return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_link_local or address.is_unspecified
    )


def check_url(text: str, rules: Rules) -> httpx.URL:
    """What can be said of a URL without asking the network; its name is resolved at each attempt.

    Raises: UrlRefusedError.
    """
    url = _parse(text)
    if url.userinfo or url.fragment:
        raise UrlRefusedError("malformed", "A URL with a user, a password or a fragment is not taken.")
    literal = find_literal(url.host)
    is_local = rules.allow_loopback and literal is not None and literal.is_loopback
    if url.scheme != "https" and not (url.scheme == "http" and is_local):
        raise UrlRefusedError("scheme", "Only https:// is taken.")
    if not (rules.allow_any_port or port_of(url) in PORTS):
        raise UrlRefusedError("port", "Only ports 443 and 8443 are taken.")
    if literal is not None and not is_allowed(literal, rules):
        raise UrlRefusedError("address_refused", "Nothing is sent to this address.")
    return url


def _parse(text: str) -> httpx.URL:
    if len(text) > MAX_URL_CHARS or not text.isascii() or not text.isprintable() or " " in text:
        raise UrlRefusedError("malformed", f"A URL has at most {MAX_URL_CHARS} printable ASCII characters.")
    try:
        url = httpx.URL(text)
        host = url.host  # decoded here: "xn--" is no name in any script
    except (httpx.InvalidURL, UnicodeError) as error:
        raise UrlRefusedError("malformed", "This is not a URL.") from error
    if not host or not 0 < port_of(url) < 65536:
        raise UrlRefusedError("malformed", "This URL names no host, or no port that there is.")
    return url


def port_of(url: httpx.URL) -> int:
    """`url.port` is None for the scheme's own."""
    return url.port if url.port is not None else {"http": 80}.get(url.scheme, 443)


def find_literal(host: str) -> IpAddress | None:
    """The address that a host is spelled as; None for a name."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None
