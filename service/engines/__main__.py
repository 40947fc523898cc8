"""`python -m service.engines`: stop embedded engines that a killed process has left running."""

import sys

from core.settings import load_settings
from service.engines.blocking import stop_unused


def main() -> int:
    data_dir = load_settings().data_dir
    if not (data_dir / "engines").exists() or stop_unused(data_dir):
        return 0
    sys.stderr.write(f"A running huajian uses {data_dir}: stop it first.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
