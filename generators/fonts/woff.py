"""WOFF2 to TrueType: the quick converter where node runs, else fontTools, which takes a minute."""

import io
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fontTools.ttLib import woff2

from generators.fonts import npm
from generators.fonts.catalogue import Converter
from generators.fonts.errors import FontSourceError

TIMEOUT_SECONDS: Final = 300
_SCRIPT: Final = """
const fs = require('fs');
const [, root, from, to] = process.argv;
require(root).decompress(fs.readFileSync(from)).then((data) => fs.writeFileSync(to, data));
"""


@dataclass(slots=True)
class Unpacker:
    """Converts fonts in a scratch folder; learns once whether the quick way works here."""

    converter: Converter
    scratch: Path
    _root: Path | None = None
    _is_slow: bool = False
    why_slow: str = ""

    def to_truetype(self, data: bytes) -> bytes:
        """TrueType bytes of a WOFF2 font. Raises: FontSourceError when it is none."""
        if data[:4] != b"wOF2":
            raise FontSourceError("the package's font is not WOFF2")
        if not self._is_slow:
            try:
                return self._quick(data)
            except FontSourceError as error:
                self._is_slow, self.why_slow = True, str(error)
        return slow_truetype(data)

    def _quick(self, data: bytes) -> bytes:
        node = shutil.which("node")
        if node is None:
            raise FontSourceError("node is not installed")
        if self._root is None:
            pinned = self.converter
            tarball = npm.pack(pinned.package, pinned.version, pinned.integrity, self.scratch)
            self._root = npm.unpack(tarball, self.scratch / "converter")
        source, target = self.scratch / "font.woff2", self.scratch / "font.ttf"
        source.write_bytes(data)
        target.unlink(missing_ok=True)
        try:
            subprocess.run(  # noqa: S603 - our own script and paths
                [node, "-e", _SCRIPT, str(self._root), str(source), str(target)],
                check=True,
                capture_output=True,
                timeout=TIMEOUT_SECONDS,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            raise FontSourceError("the node converter failed") from None
        return target.read_bytes()


def slow_truetype(data: bytes) -> bytes:
    """The same by fontTools: a second for Latin fonts, a minute for a large Chinese one."""
    target = io.BytesIO()
    woff2.decompress(io.BytesIO(data), target)
    return target.getvalue()
