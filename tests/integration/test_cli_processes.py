"""The command line as real processes: how quick, how quiet, how it ends."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from PIL import Image

from generators.contracts import Progress
from generators.specs import CardSpec, Occasion
from service.engines.endpoints import Endpoints
from service.jobs.products import Made, Order
from service.main.commands.making import make_work
from tests.factories.ports import free_port
from tests.fakes.producer import ScriptedProducer

HUAJIAN = [sys.executable, "-c", "from service.main.cli import main; main()"]
SLOW = [sys.executable, "-c", f"from service.main.cli import app; app(obj='{__name__}:make_slow')"]
STARTED = "HUAJIAN_TEST_STARTED"
PATIENCE_SECONDS = 120
LISTING = """
import sys
from service.main.cli import app
app(standalone_mode=False)
print("loaded:", *sorted(sys.modules))
"""
REPOSITORY = Path(__file__).parents[2]
SLOW_TO_IMPORT = {"alembic", "fastapi", "numpy", "PIL", "pydantic", "redis", "skia", "sqlalchemy", "uvicorn"}
MAKES_FILES = {"numpy", "cv2", "skia", "c2pa", "typst", "pikepdf", "PIL"}
PROVED = 'huajian_invariant_breaches{invariant="lot_equals_journal"} 0.0'
SPEC = CardSpec(occasion=Occasion.MID_AUTUMN, recipient="林晚晴", sender="知夏", seed=7)


class SlowProducer(ScriptedProducer):
    """Says that it has begun, then takes for ever."""

    def generate(self, orders: Sequence[Order], progress: Progress) -> list[Made]:
        Path(os.environ[STARTED]).touch()
        while progress.step(0, 1, 2):
            time.sleep(0.05)
        return []


def make_slow() -> SlowProducer:
    return SlowProducer()


@pytest.fixture
def environment(endpoints: Endpoints, tmp_path: Path) -> dict[str, str]:
    return {
        "HUAJIAN_DATABASE_URL": endpoints.database_url,
        "HUAJIAN_REDIS_URL": endpoints.redis_url,
        "HUAJIAN_DATA_DIR": str(tmp_path / "data"),
    }


def run(command: list[str], *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*command, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=PATIENCE_SECONDS,
    )


class TestProcess:
    def test_the_list_of_commands_loads_no_command(self) -> None:
        """Nor what commands load, which would take seconds before the first line."""
        listed = run([sys.executable, "-c", LISTING], "--help")
        assert listed.returncode == 0, listed.stderr
        loaded = listed.stdout.partition("loaded: ")[2].split()
        ours = {module for module in loaded if (REPOSITORY / module.split(".")[0]).is_dir()}
        assert ours == {"service", "service.main", "service.main.cli"}
        assert not SLOW_TO_IMPORT & set(loaded)

    def test_a_web_process_begins_without_what_makes_files(self) -> None:
        """Children have it, and few ask for it: it would be a third of the memory of each process."""
        script = "import sys, service.main.web; print('loaded:', *sorted(sys.modules))"
        listed = run([sys.executable, "-c", script])
        assert listed.returncode == 0, listed.stderr
        assert not MAKES_FILES & set(listed.stdout.partition("loaded: ")[2].split())

    def test_a_card_needs_no_server_and_the_seed_brings_it_again(self, tmp_path: Path) -> None:
        words = ["card", "--to", "林晚晴", "--from", "知夏", "--occasion", "mid_autumn", "--seed", "7", "-o"]
        assert run(HUAJIAN, *words, str(tmp_path / "a.png")).returncode == 0
        card = Image.open(tmp_path / "a.png")
        assert card.size == (1080, 1440)
        again = Image.open(BytesIO(make_work(SPEC).files[0].content))
        assert card.tobytes() == again.tobytes()  # the files differ: each work has a number of its own
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png"]

    def test_lyrics_can_be_piped(self) -> None:
        sung = run(HUAJIAN, "lyrics", "雨夜归家", "--section", "verse", "--seed", "7")
        assert sung.returncode == 0
        assert sung.stdout.rstrip().splitlines()[-1].startswith("算法生成")
        assert "\x1b" not in sung.stdout + sung.stderr
        assert sung.stderr == "Made with --seed 7\n"

    def test_interrupting_leaves_nothing(self, tmp_path: Path) -> None:
        started, folder = tmp_path / "started", tmp_path / "cards"
        folder.mkdir()
        words = [
            "card",
            "--to",
            "林晚晴",
            "--from",
            "知夏",
            "--occasion",
            "love",
            "-o",
            str(folder / "a.png"),
        ]
        with subprocess.Popen(
            [*SLOW, *words], env={**os.environ, STARTED: str(started)}, stderr=subprocess.DEVNULL
        ) as process:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not started.exists():
                assert process.poll() is None and time.monotonic() < deadline
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE_SECONDS) == 130
        assert list(folder.iterdir()) == []


class TestMetrics:
    def test_a_keeper_shows_the_queue_and_ends_when_told(self, environment: dict[str, str]) -> None:
        port = str(free_port())
        with subprocess.Popen(
            [*HUAJIAN, "keeper", "--metrics-port", port],
            env={**os.environ, **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while PROVED not in fetch(f"http://127.0.0.1:{port}/metrics"):
                assert process.poll() is None and time.monotonic() < deadline
                time.sleep(0.1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_SECONDS) == 0

    def test_a_port_that_is_taken_is_said_before_anything_starts(self, environment: dict[str, str]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            result = run(HUAJIAN, "worker", "--metrics-port", port, **environment)
        assert result.returncode == 1
        assert f"127.0.0.1:{port}" in result.stderr


def fetch(url: str) -> str:
    """What answers there; nothing while nobody does."""
    try:
        return httpx.get(url, timeout=2).text
    except httpx.TransportError:
        return ""
