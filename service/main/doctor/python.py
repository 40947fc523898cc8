"""The interpreter, and the libraries that come with machine code and can therefore fail to load."""

import importlib
import platform
import sys
from importlib.metadata import version
from typing import Final

from service.main.doctor.findings import Finding, broken, note, ok, one_line

OLDEST: Final = (3, 11)
NEWEST: Final = (3, 13)  # what the suite is run on
REINSTALL: Final = "make setup"
# By package: the module, and what to do when it does not load.
NATIVE: Final = {
    "asyncpg": ("asyncpg", REINSTALL),
    "fpng": ("fpng", REINSTALL),
    "numpy": ("numpy", REINSTALL),
    "obstore": ("obstore", REINSTALL),
    "opencv-python-headless": ("cv2", REINSTALL),
    "pillow": ("PIL.Image", REINSTALL),
    "simplejpeg": ("simplejpeg", REINSTALL),
    "skia-python": ("skia", "apt-get install libgl1 libegl1; without root: make setup"),
    "uharfbuzz": ("uharfbuzz", REINSTALL),
    "uvloop": ("uvloop", REINSTALL),
}


def examine_python() -> list[Finding]:
    """Whether this is a Python we know, and everything native loads."""
    return [_interpreter(), *_libraries()]


def _interpreter() -> Finding:
    machine = f"{platform.system()} {platform.machine()}"
    says = f"{platform.python_version()} on {machine}, huajian {version('huajian')}"
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return ok("Python", says)
    return note("Python", says, "Huajian is tested on Python 3.11, 3.12 and 3.13")


def _libraries() -> list[Finding]:
    missing = [finding for package in NATIVE if (finding := _find_missing(package)) is not None]
    return missing or [ok("Libraries", f"{len(NATIVE)} with machine code load")]


def _find_missing(package: str) -> Finding | None:
    module, advice = NATIVE[package]
    try:
        importlib.import_module(module)
    except ImportError as error:  # a library of the system that it needs counts, too
        return broken(package, one_line(error), advice)
    return None
