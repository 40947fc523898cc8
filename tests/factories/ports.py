"""Ports for processes that must be told where to listen."""

import secrets
import socket

# Below those that Linux gives to whoever asks for any (net.ipv4.ip_local_port_range), for a listener or for
# the near end of a connection: one of these might be given away between our look and the process's start.
PORTS = range(20_000, 30_000)


def free_port() -> int:
    """One that nobody uses."""
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
