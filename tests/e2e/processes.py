"""Real processes of the service, started as an operator would, and killed as nobody should."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

REPOSITORY = Path(__file__).parents[2]
START_SECONDS = 60.0


class ServiceProcess:
    """One `huajian` process over a data folder, in a process group of its own."""

    def __init__(self, data_dir: Path, *arguments: str, **environment: str) -> None:
        self.command = [sys.executable, "-m", "tests.e2e.scripted_service", *arguments]
        self.environment = {
            **os.environ,
            "HUAJIAN_DATA_DIR": str(data_dir),
            "HUAJIAN_JOBS__LEASE_SECONDS": "2",
            "HUAJIAN_JOBS__MAX_ATTEMPTS": "10",
            "HUAJIAN_LIMITS__PER_USER_MINUTE": "100000",
            "HUAJIAN_LIMITS__SIGN_UPS_PER_ADDRESS_HOUR": "100000",
            **environment,
        }
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)  # compiling everything at each start is slow
        self.log = data_dir.parent / f"{'-'.join(arguments)}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=REPOSITORY,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """Kill -9 the process and its renderers, as a machine that loses power does."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def stop(self) -> int:
        """Ask it to stop; its exit status."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


def await_ready(url: str) -> None:
    """Wait until the service answers; it may be recovering from what a test did to it."""
    deadline = time.monotonic() + START_SECONDS
    with httpx.Client(timeout=2) as client:
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                if client.get(f"{url}/health/ready").status_code == 200:
                    return
            time.sleep(0.1)
    raise TimeoutError(f"{url} did not become ready")


@contextlib.contextmanager
def running(*processes: ServiceProcess) -> Iterator[None]:
    """Start them, and leave none behind."""
    try:
        for process in processes:
            process.start()
        yield
    finally:
        for process in processes:
            if process.is_running:
                process.stop()
            process.kill()
