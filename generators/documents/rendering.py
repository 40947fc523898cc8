"""Typst templates to PDF, in our own fonts. Nothing of the machine gets in: no system font, no file, no date.

A template begins with `#let data = json(bytes(sys.inputs.data))`; words arrive as data and are never markup.
"""

import atexit
import functools
import json
import shutil
import tempfile
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Final

import typst

from generators.fonts.catalogue import load_catalogue
from generators.fonts.store import default_folder, font_path, read_receipt

_BUNDLED: Final = "justmytype_intl_cjk"  # the wheel with the fonts that are always there


def render_pdf(
    template: str,
    data: Mapping[str, object],
    *,
    files: Mapping[str, bytes] | None = None,
    fonts: Path | None = None,
) -> bytes:
    """One document. Blocks for some milliseconds, at first for a hundred: keep it off the loop.

    Args:
        template: the text of a `.typ` file.
        data: plain JSON data.
        files: what `image("name")` may read, by name.
    Raises: typst.TypstError: a defect of the template.
    """
    with tempfile.TemporaryDirectory(prefix="huajian-typst-") as folder:
        for name, content in (files or {}).items():
            (Path(folder) / name).write_bytes(content)
        source = Path(folder) / "document.typ"
        source.write_text(template, "utf-8")
        return typst.compile(
            source,
            font_paths=_fonts((fonts or default_folder()).absolute()),
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        )


@functools.lru_cache(maxsize=4)
def _fonts(folder: Path) -> typst.Fonts:
    """Looked through once: 40 ms. Of a family in several files, for several scripts, only the first serves:

    typst takes any of them for the whole family, and then finds no letter in it.
    """
    chosen = Path(tempfile.mkdtemp(prefix="huajian-fonts-"))  # it reads folders only, and later than now
    atexit.register(shutil.rmtree, chosen, ignore_errors=True)
    first = {entry.family: entry.id for entry in reversed(load_catalogue().font)}
    for font_id in first.values():
        if read_receipt(folder, font_id) is not None:
            (chosen / f"{font_id}.ttf").symlink_to(font_path(folder, font_id))
    bundled = str(resources.files(_BUNDLED) / "fonts")
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(chosen), bundled]
    )
