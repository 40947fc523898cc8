"""Whole processes that use the embedded engines, as `huajian serve` and `huajian worker` do."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final, Self

REPOSITORY: Final = Path(__file__).parents[3]
NOBODY: Final = "65534"

_PROGRAM: Final = """
import sys
from pathlib import Path
from service.engines.blocking import BlockingEngines
engines = BlockingEngines(Path(sys.argv[1]))
endpoints = engines.start()
print(endpoints.database_url, endpoints.redis_url, flush=True)
sys.stdin.read()
engines.stop()
"""


class Member:
    """Starts the engines, says where they are, and stops them when told to leave."""

    def __init__(self, data_dir: Path, *, prefix: tuple[str, ...] = ()) -> None:
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-W", "error", "-c", _PROGRAM, str(data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
            env=os.environ | {"PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"},
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()

    def addresses(self) -> list[str]:
        """Wait until it has started: its database_url and redis_url."""
        assert self.process.stdout is not None
        while line := self.process.stdout.readline():
            if line.startswith("postgresql://"):
                return line.split()
        raise AssertionError(f"it never started: {self.process.communicate()[1]}")

    def leave(self) -> None:
        _, errors = self.process.communicate(timeout=120)
        assert self.process.returncode == 0, errors

    def press_ctrl_c(self) -> None:
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(timeout=120)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=120)


def without_root() -> tuple[str, ...]:
    """Put before a command, runs it as an ordinary user; nothing when we are one.

    Such a user may not read root's interpreter in /root, so it keeps the right to pass folders, alone.
    """
    if os.geteuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    assert setpriv is not None, "these tests need setpriv when they run as root"
    rights = (
        "--inh-caps=-all,+dac_override",
        "--ambient-caps=+dac_override",
        "--bounding-set=-all,+dac_override",
    )
    return (setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *rights)
