"""All templates of this installation: the shipped ones, and those in the operator's folder."""

import functools
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pydantic import ValidationError

from core.settings import load_settings
from generators.backends.studio.card.templates.entry import Template

MOST_BYTES: Final = 256 * 1024  # of one file
PACKAGE: Final = "generators.backends.studio.card.templates.designs"
FOR_PHOTOS: Final = "keepsake"  # what a card with a photo and no template is set in


class TemplateError(Exception):
    """A template file that cannot be used; the message names file and field."""


# Templates that are tried before they lie in any folder, by id.
_tried: ContextVar[Mapping[str, Template]] = ContextVar("tried", default=MappingProxyType({}))


def load_templates() -> Mapping[str, Template]:
    """Every template by id, in the order in which they are shown. Raises: TemplateError."""
    shelf, tried = read_shelf(load_settings().templates_dir), _tried.get()
    return {**shelf, **tried} if tried else shelf


@contextmanager
def trying(*templates: Template) -> Iterator[None]:
    """Inside the block, these templates are on the shelf as well, in the place of others of their ids."""
    token = _tried.set({template.id: template for template in templates})
    try:
        yield
    finally:
        _tried.reset(token)


@functools.lru_cache(maxsize=8)
def read_shelf(folder: Path | None) -> Mapping[str, Template]:
    """The shipped templates and those of a folder, which may not share an id. Raises: TemplateError."""
    found: dict[str, Template] = {}
    for path in (*_shipped(), *_own(folder)):
        template = read_template(path)
        if template.id in found:
            raise TemplateError(f"{path}: id: there is a template {template.id!r} already")
        found[template.id] = template
    return dict(sorted(found.items(), key=lambda item: (item[1].order, item[0])))


def read_template(path: Path) -> Template:
    """Read one file whole. Raises: TemplateError."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise TemplateError(f"{path}: larger than {MOST_BYTES // 1024} KiB")
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        template = Template.model_validate(table)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TemplateError(f"{path}: {error}") from error
    except ValidationError as error:
        raise TemplateError("\n".join(_explained(path, error))) from error
    if template.id != path.stem:
        raise TemplateError(f"{path}: id: should be {path.stem!r}, as the file is called")
    return template


def _explained(path: Path, error: ValidationError) -> Iterator[str]:
    for one in error.errors(include_url=False, include_input=False)[:20]:
        field = ".".join(str(part) for part in one["loc"])
        reason = one["msg"].removeprefix("Value error, ")
        yield f"{path}: {field}: {reason}" if field else f"{path}: {reason}"


def _shipped() -> list[Path]:
    return sorted(Path(str(resources.files(PACKAGE))).glob("*.toml"))


def _own(folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    if not folder.is_dir():
        raise TemplateError(f"HUAJIAN_TEMPLATES_DIR: there is no folder {folder}")
    return sorted(folder.glob("*.toml"))
