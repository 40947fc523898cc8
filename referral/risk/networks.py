"""Who runs the network around an address: an offline table of autonomous systems, and a list of data centres.

Source: the table has the format of https://iptoasn.com/ (ip2asn-combined.tsv, plain or .gz): first address,
last address, number, country, name; tabs between. The list has one AS number ("AS24940") or network
("192.0.2.0/24") a line; # begins a comment.
"""

import gzip
import io
import ipaddress
import re
import socket
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from core.addresses import Address, prefix_of
from referral.risk.errors import NetworkTableError

MAX_TABLE_BYTES: Final = 256 * 1024 * 1024  # the whole internet is a tenth of it
MAX_LINES: Final = 3_000_000
MAX_LINE_CHARS: Final = 1000
MAX_ASN: Final = 2**32 - 1
V6_SHIFT: Final = 64  # no range is smaller than a /64
_AS_NUMBER: Final = re.compile(r"AS(\d{1,10})", re.IGNORECASE)


class _Ranges:
    """Sorted ranges of one address family, found by bisection: 12 or 20 bytes a range."""

    def __init__(self, typecode: str) -> None:
        self.starts = array(typecode)
        self._ends = array(typecode)
        self._values = array("I")

    def add(self, start: int, end: int, value: int) -> None:
        """Raises: ValueError unless it lies wholly after the range before it."""
        if end < start or (self._ends and start <= self._ends[-1]):
            raise ValueError("ranges must be sorted and must not overlap")
        self.starts.append(start)
        self._ends.append(end)
        self._values.append(value)

    def add_after(self, start: int, end: int, value: int) -> None:
        """As `add`, for ends that were cut off: what two ranges share stays with the first."""
        if self._ends and start == self._ends[-1]:
            start += 1
        if start <= end:
            self.add(start, end, value)

    def find(self, number: int) -> int:
        """The value of the range that holds the number; 0 for none."""
        index = bisect_right(self.starts, number) - 1
        return self._values[index] if index >= 0 and number <= self._ends[index] else 0


class AsnTable:
    """Which autonomous system announces an address."""

    def __init__(self) -> None:
        self._v4 = _Ranges("I")
        self._v6 = _Ranges("Q")

    @classmethod
    def read(cls, path: Path) -> "AsnTable":
        """Raises: OSError, NetworkTableError with the number of the first line that is wrong."""
        table = cls()
        for number, line in _lines(path):
            try:
                table._add(line)
            except (ValueError, OverflowError) as error:
                raise NetworkTableError(path.name, number, str(error)) from error
        return table

    def __len__(self) -> int:
        return len(self._v4.starts) + len(self._v6.starts)

    def find(self, address: Address) -> int | None:
        """The number of the system; None where the table says nothing, or that nobody announces it."""
        if isinstance(address, ipaddress.IPv4Address):
            return self._v4.find(int(address)) or None
        return self._v6.find(int(address) >> V6_SHIFT) or None

    def _add(self, line: str) -> None:
        columns = line.split("\t")
        if len(columns) < 3:
            raise ValueError("not an address, an address and an AS number with tabs between")
        first, last, number = columns[:3]
        asn = int(number)
        if not 0 <= asn <= MAX_ASN:
            raise ValueError("no such AS number")
        if ":" in first:
            start, end = _number(socket.AF_INET6, first), _number(socket.AF_INET6, last)
            self._v6.add_after(start >> V6_SHIFT, end >> V6_SHIFT, asn)
        else:
            self._v4.add(_number(socket.AF_INET, first), _number(socket.AF_INET, last), asn)


class DataCentres:
    """Networks that no person browses from: by AS number, where there is a table, and by range."""

    def __init__(self, numbers: Iterable[int] = (), networks: Iterable[str] = ()) -> None:
        self._numbers = frozenset(numbers)
        parsed = [ipaddress.ip_network(network, strict=True) for network in networks]
        self._by_prefix = {
            (network.version, network.prefixlen, prefix_of(network.network_address, network.prefixlen))
            for network in parsed
        }
        self._prefixes = sorted({(network.version, network.prefixlen) for network in parsed})

    @classmethod
    def read(cls, *paths: Path) -> "DataCentres":
        """Raises: OSError, NetworkTableError."""
        numbers: list[int] = []
        networks: list[str] = []
        for path in paths:
            for number, line in _lines(path):
                entry = line.partition("#")[0].strip()
                found = _AS_NUMBER.fullmatch(entry)
                if found is not None:
                    numbers.append(int(found[1]))
                    continue
                try:
                    networks.append(str(ipaddress.ip_network(entry, strict=True)))
                except ValueError as error:
                    raise NetworkTableError(path.name, number, str(error)) from error
        return cls(numbers, networks)

    def __len__(self) -> int:
        return len(self._numbers) + len(self._by_prefix)

    def has(self, address: Address, asn: int | None) -> bool:
        if asn in self._numbers:
            return True
        return any(
            version == address.version and (version, bits, prefix_of(address, bits)) in self._by_prefix
            for version, bits in self._prefixes
        )


def _number(family: int, address: str) -> int:
    try:
        return int.from_bytes(socket.inet_pton(family, address))
    except OSError as error:
        raise ValueError("not an address") from error


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines with content. Raises: NetworkTableError beyond the bounds, or where it is broken."""
    size = number = 0
    with path.open("rb") as raw:
        text = io.TextIOWrapper(gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw, "utf-8")
        try:
            while line := text.readline(MAX_LINE_CHARS + 1):
                number, size = number + 1, size + len(line)
                if len(line) > MAX_LINE_CHARS or number > MAX_LINES or size > MAX_TABLE_BYTES:
                    raise NetworkTableError(path.name, number, "larger than any such table")
                if line.strip() and not line.lstrip().startswith("#"):
                    yield number, line.rstrip("\r\n")
        except (EOFError, zlib.error, gzip.BadGzipFile, UnicodeDecodeError) as error:
            raise NetworkTableError(path.name, number + 1, str(error)) from error
