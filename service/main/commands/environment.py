"""What every command begins with: settings that were read, or an error that says which variable is wrong."""

import logging
import sys
from collections.abc import Iterator
from typing import Final

import structlog
import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from core.settings import Settings
from generators.backends.studio.card.templates.shelf import TemplateError, read_shelf
from generators.specs import Kind
from provenance.keyring import KeyFileError, read_keyring
from provenance.log.errors import LogFormatError
from provenance.log.witness import configured_witnesses
from service.engines.endpoints import plain_database_url
from service.workers.configuration import BackendsFileError, read_backends_file

PREFIX: Final = "HUAJIAN_"
REDIS_SCHEMES: Final = ("redis://", "rediss://", "unix://")


def read_settings() -> Settings:
    """The settings of this environment.

    Raises: typer.Exit: with status 2, after naming every variable that is wrong; values are never shown.
    """
    try:
        settings = Settings()
        wrong = [
            *_find_wrong_addresses(settings),
            *_find_wrong_backends(settings),
            *_find_wrong_templates(settings),
            *_find_wrong_keys(settings),
        ]
    except ValidationError as error:
        wrong = [
            f"{PREFIX}{'__'.join(str(part) for part in found['loc']).upper()}: {found['msg']}"
            for found in error.errors(include_url=False, include_input=False)
        ]
    except SettingsError as error:
        wrong = [f"The {PREFIX}* variables cannot be read: {error}"]
    if not wrong:
        return settings
    for line in wrong:
        typer.echo(line, err=True)
    raise typer.Exit(2)


def _find_wrong_addresses(settings: Settings) -> Iterator[str]:
    """What would end in a traceback later."""
    if settings.database_url is not None:
        try:
            plain_database_url(settings.database_url)
        except ValueError as error:
            yield f"{PREFIX}DATABASE_URL: {error}"
    if settings.redis_url is not None and not settings.redis_url.startswith(REDIS_SCHEMES):
        yield f"{PREFIX}REDIS_URL: should begin with one of {', '.join(REDIS_SCHEMES)}"


def _find_wrong_templates(settings: Settings) -> Iterator[str]:
    """Also those that are shipped: a file may be damaged."""
    try:
        read_shelf(settings.templates_dir)
    except TemplateError as error:
        yield str(error)


def _find_wrong_keys(settings: Settings) -> Iterator[str]:
    """Keys of the log and of certificates; the message names the file, never what is in it."""
    try:
        read_keyring(settings)
        configured_witnesses(settings)
    except KeyFileError as error:
        yield str(error)
    except LogFormatError as error:
        yield f"{PREFIX}PROVENANCE__WITNESSES: {error}"


def _find_wrong_backends(settings: Settings) -> Iterator[str]:
    """A worker would find out only in its renderers."""
    if settings.backends_file is not None:
        try:
            read_backends_file(settings.backends_file)
        except BackendsFileError as error:
            yield f"{PREFIX}BACKENDS_FILE: {error}"
    unknown = set(settings.jobs.kinds or ()) - set(Kind)
    if unknown:
        yield f"{PREFIX}JOBS__KINDS: there is no kind {', '.join(sorted(unknown))}"


def keep_logs_quiet() -> None:
    """Only warnings, and on stderr: what a chore prints on stdout may be read by a program."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
