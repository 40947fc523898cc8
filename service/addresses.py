"""Network addresses, as coarse as a limit needs them."""

from starlette.requests import HTTPConnection

from core.addresses import household_of, read_address


def client_network(connection: HTTPConnection) -> str:
    """The client's IPv4 address or IPv6 /56; "local" over a unix socket."""
    address = read_address(connection.client.host if connection.client else "")
    return "local" if address is None else household_of(address)
