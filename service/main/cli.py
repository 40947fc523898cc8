"""`huajian`: start the processes, do the chores, make works without a server."""

import importlib
from dataclasses import dataclass
from importlib.metadata import version
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of `huajian --help`. `noun` names a module of `service.main.commands` with an `app`."""

    noun: str
    panel: str
    help: str


MAKE: Final = "Make works, without a server"
SERVE: Final = "Run the service"
OPERATE: Final = "Operate it"
ENTRIES: Final = (
    Entry("card", MAKE, "Make a greeting card."),
    Entry("lyrics", MAKE, "Write lyrics."),
    Entry("image", MAKE, "Paint a picture."),
    Entry("verify", MAKE, "Say whether a file is intact, of an unknown signer or altered; offline."),
    Entry("serve", SERVE, "Serve the API and the pages."),
    Entry("worker", SERVE, "Make works; run as many as there are machines for it."),
    Entry("keeper", SERVE, "Sweep leases, expire lots, prove the books; one is enough, two do no harm."),
    Entry("doctor", OPERATE, "Say what is switched on, what is missing, and how to switch it on."),
    Entry("migrate", OPERATE, "Move the database to a schema revision."),
    Entry("certs", OPERATE, "See and make the certificates that exported files are signed with."),
    Entry("log", OPERATE, "Audit the public log of certificates, show and make its keys."),
    Entry("templates", OPERATE, "See and check card templates."),
    Entry("user", OPERATE, "Change a user's tier or role, or grant credits."),
    Entry("stripe", OPERATE, "Synchronise prices, see and replay events, heal what was missed."),
    Entry("finance", OPERATE, "Trial balance, journal, revenue, closing of months."),
    Entry("invariants", OPERATE, "Prove the books now."),
)


class Deferred(TyperCommand):
    """A command whose module is imported when it is used.

    Importing every command costs two seconds of processor time (SQLAlchemy, FastAPI, fonts); listing
    them costs a quarter of one. This is the one place where an import waits.
    """

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry.noun, help=entry.help, rich_help_panel=entry.panel)
        self._module = f"service.main.commands.{entry.noun}"

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: Any = None,  # noqa: ANN401 - the framework's own class is private
        **extra: Any,
    ) -> Any:  # noqa: ANN401
        command = get_command(importlib.import_module(self._module).app)
        return command.make_context(info_name, args, parent, **extra)


class Nouns(TyperGroup):
    """The group of all deferred commands."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for entry in ENTRIES:
            self.add_command(Deferred(entry))


app = typer.Typer(cls=Nouns, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"huajian {version('huajian')}")
        raise typer.Exit


@app.callback()
def huajian(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Huajian 花笺: personalised cards, lyrics and images."""


def main() -> None:
    """Entry point of the `huajian` command."""
    app()
