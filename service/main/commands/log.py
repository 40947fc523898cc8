"""`huajian log`: prove that the public log is what it says, and what it was when it was last looked at."""

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer

from core.clock import utc_now
from core.database import create_sessions
from core.settings import Settings
from generators.fonts.store import write_atomically
from provenance.keyring import (
    CERTIFICATES_FILE,
    LOG_FILE,
    KeyFileError,
    Keyring,
    make_key,
    read_keyring,
)
from provenance.log import queries
from provenance.log.errors import LogFormatError, ProofError
from service.main.commands.database import open_database, require_newest_schema
from service.main.commands.environment import keep_logs_quiet, read_settings
from service.storage.store import FileStore
from service.transparency.audit import NothingToAuditError, audit
from service.transparency.growing import LogBrokenError, LogGrower
from service.transparency.recovering import recover

FAULTY: Final = 1
UNUSABLE: Final = 2
SEEN_FILE: Final = "log-seen.checkpoint"  # in the data folder

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def log() -> None:
    """Audit the public log of certificates, show and make its keys.

    docs/decisions/transparency-log.md says what it proves.
    """


@app.command()
def key() -> None:
    """Print the public keys of log and certificates, as verifiers take them."""
    keyring = _require_keyring(read_settings())
    typer.echo(f"log           {keyring.log.verifier.vkey}")
    typer.echo(f"certificates  {keyring.certificates.verifier.vkey}")
    if keyring.is_development:
        typer.echo("warning       development keys: anybody could have made them")


@app.command("make-keys")
def make_keys(
    out: Annotated[Path, typer.Option(help="A folder for the two private keys; never over others.")],
) -> None:
    """Make the private keys of a production service: Ed25519, PEM, readable by their owner only.

    Keep them: the log's name and key can never change, and a lost key ends it.
    """
    paths = [out / LOG_FILE, out / CERTIFICATES_FILE]
    if any(path.exists() for path in paths):
        typer.echo(f"There are keys in {out} already.", err=True)
        raise typer.Exit(UNUSABLE)
    for path in paths:
        make_key(path)
    typer.echo("HUAJIAN_PROVENANCE__AUTHORITY=your.domain")
    typer.echo(f"HUAJIAN_PROVENANCE__LOG_KEY_FILE={paths[0].absolute()}")
    typer.echo(f"HUAJIAN_PROVENANCE__CERTIFICATE_KEY_FILE={paths[1].absolute()}")


@app.command("audit")
def audit_log(
    seen: Annotated[
        Path | None,
        typer.Option(help="A checkpoint that was kept elsewhere; left out, the one of the last audit."),
    ] = None,
) -> None:
    """Read every entry and tile, hash everything again, and compare.

    With the signed checkpoint, with the database, and with the checkpoint that was seen last: today's log
    must begin with it. The status is 1 when anything differs. What was found good is remembered.
    """
    keep_logs_quiet()
    settings = read_settings()
    raise typer.Exit(asyncio.run(_audit(settings, _require_keyring(settings), seen)))


@app.command("recover")
def recover_log() -> None:
    """After Postgres was restored from an older copy: bring back the leaves that were published since.

    Keepers and web processes must stand still. Certificates that were lost with the copy are shown by
    `huajian invariants` afterwards.
    """
    keep_logs_quiet()
    settings = read_settings()
    keyring = _require_keyring(settings)
    try:
        count = asyncio.run(_recover(settings, keyring))
    except LogBrokenError as error:
        typer.echo(f"The log cannot be recovered: {error}", err=True)
        raise typer.Exit(FAULTY) from error
    typer.echo(f"{count} leaves are there again" if count else "Nothing is missing.")


async def _recover(settings: Settings, keyring: Keyring) -> int:
    async with open_database(settings) as engine:
        await require_newest_schema(engine)
        sessions, store = create_sessions(engine), _open_store(settings)
        grower = LogGrower(sessions, store, keyring.log, utc_now)
        return await recover(sessions, store, grower, keyring.log, now=utc_now())


def _open_store(settings: Settings) -> FileStore:
    return FileStore.at(settings.storage.url, folder=settings.data_dir.resolve() / "files")


async def _audit(settings: Settings, keyring: Keyring, seen: Path | None) -> int:
    remembered = settings.data_dir / SEEN_FILE
    earlier = _read(seen or remembered, is_needed=seen is not None)
    async with open_database(settings) as engine:
        await require_newest_schema(engine)
        sessions = create_sessions(engine)
        store = _open_store(settings)
        try:
            report = await audit(sessions, store, keyring.log.verifier, seen=earlier)
        except NothingToAuditError as error:
            typer.echo(f"Nothing to audit: {error}.")
            return 0
        except (LogFormatError, ProofError) as error:
            typer.echo(f"FAULT  a checkpoint is not one of {keyring.log.name}: {error}")
            return FAULTY
        async with sessions() as session:
            pending = await queries.count_pending(session)
    for fault in report.faults:
        typer.echo(f"FAULT  {fault}")
    typer.echo(f"{report.checkpoint.size} leaves under {report.checkpoint.root.hex()}, {pending} pending")
    if report.faults:
        return FAULTY
    typer.echo("every entry, tile and row agrees" + (", and with what was seen last" if earlier else ""))
    write_atomically(remembered, report.signed.encode())
    return 0


def _read(path: Path, *, is_needed: bool) -> str | None:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        if not is_needed:
            return None
        typer.echo(f"There is no {path}.", err=True)
        raise typer.Exit(UNUSABLE) from None


def _require_keyring(settings: Settings) -> Keyring:
    try:
        keyring = read_keyring(settings)
    except KeyFileError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(UNUSABLE) from error
    if keyring is None:
        typer.echo("There are no keys: start the service once, or huajian log make-keys.", err=True)
        raise typer.Exit(UNUSABLE)
    return keyring
