"""Style sheets, scripts and small pictures, under a path that changes whenever one of them does.

The digest is a folder rather than a query, so that a script's own `import "./api.js"` inherits it.
"""

import functools
import hashlib
import mimetypes
import re
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER: Final = Path(__file__).with_name("static")
MOUNT: Final = "/static"
DIGEST_CHARS: Final = 12
_IMPORT: Final = re.compile(r'^import (?:.* from )?"\./([\w.]+)";$', re.MULTILINE)
FOREVER: Final = "public, max-age=31536000, immutable"
ASK_AGAIN: Final = "no-cache"
# Not every Python and system table knows them, and a browser told not to guess needs to be told.
MEDIA_TYPES: Final = {".js": "text/javascript", ".svg": "image/svg+xml", ".webp": "image/webp"}


def _digest_of(folder: Path) -> str:
    """One digest over every file's name and content."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:DIGEST_CHARS]


DIGEST: Final = _digest_of(FOLDER)


@functools.cache
def asset_url(path: str) -> str:
    """The address of a file below `static/`. Raises: FileNotFoundError: a template names a missing one."""
    if not (FOLDER / path).is_file():
        raise FileNotFoundError(f"static/{path}")
    return f"{MOUNT}/{DIGEST}/{path}"


@functools.cache
def scripts_of(path: str) -> tuple[str, ...]:
    """A script and all that it imports, directly or not, so that a page can ask for them at once."""
    found: list[str] = []
    waiting = [path]
    while waiting:
        script = waiting.pop()
        if script not in found:
            found.append(script)
            source = (FOLDER / script).read_text("utf-8")
            waiting += [str(Path(script).parent / name) for name in _IMPORT.findall(source)]
    return tuple(found)


class Assets(StaticFiles):
    """Serves `/<digest>/<path>`; an outdated digest gets today's file, but may not keep it."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        digest, _, name = path.partition("/")
        response = await super().get_response(name or ".", scope)
        response.headers["cache-control"] = FOREVER if digest == DIGEST else ASK_AGAIN
        return response


def mount(app: FastAPI) -> None:
    """Serve the files of this folder."""
    for suffix, media_type in MEDIA_TYPES.items():
        mimetypes.add_type(media_type, suffix)
    app.mount(MOUNT, Assets(directory=FOLDER), name="static")
