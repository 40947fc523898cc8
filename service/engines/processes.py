"""Finding and ending the processes of one engine by a token in their command line.

The command line is the only thing that any user may read of any process, also in a container without
extra rights, and a dead process that nobody has reaped has none: what is found here really runs.
"""

import contextlib
import os
import signal
import subprocess
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")


def find(token: str) -> dict[int, str]:
    """Command lines by process id of everything that carries the token."""
    lines = _from_proc() if (_PROC / "self" / "cmdline").exists() else _from_ps()
    return {pid: line for pid, line in lines.items() if token in line}


def is_running(pid: int, token: str) -> bool:
    """Whether this very process still runs; cheap enough to ask every second."""
    if (_PROC / "self" / "cmdline").exists():
        return token in _command_line(pid)
    return token in _from_ps(pid).get(pid, "")


def signal_quietly(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that may have just gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _from_proc() -> dict[int, str]:
    return {
        int(entry.name): _command_line(int(entry.name)) for entry in _PROC.iterdir() if entry.name.isdigit()
    }


def _command_line(pid: int) -> str:
    try:
        raw = (_PROC / str(pid) / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):  # it ended, or is hidden from us
        return ""
    return os.fsdecode(raw.replace(b"\0", b" "))


def _from_ps(pid: int | None = None) -> dict[int, str]:
    """The same for systems without /proc, such as macOS."""
    selection = ["-ax"] if pid is None else ["-p", str(pid)]
    command = ["/bin/ps", *selection, "-ww", "-o", "pid=,command="]
    listing = subprocess.run(command, capture_output=True, text=True, check=False, errors="replace")  # noqa: S603
    rows = (line.strip().partition(" ") for line in listing.stdout.splitlines())
    return {int(number): command_line for number, _, command_line in rows if number}
