"""`huajian certs`: the certificate that claims are signed with, and chains for trying out."""

import re
from pathlib import Path
from typing import Annotated, Final

import typer

from core.clock import utc_now
from provenance.credentials.chains import (
    LONGEST_DAYS,
    AssuranceLevel,
    Subject,
    issue,
    make_authority,
    make_key,
)
from provenance.credentials.development import write_chain
from provenance.credentials.examining import examine_chain
from provenance.credentials.opening import find_chain
from provenance.errors import SigningUnavailableError
from service.main.commands.environment import read_settings

FAILED: Final = 1
LEVELS: Final = {0: None, 1: AssuranceLevel.ONE, 2: AssuranceLevel.TWO}

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def certs() -> None:
    """See and make the certificates that exported files are signed with.

    docs/provenance.md says which ones validators accept.
    """


@app.command()
def show() -> None:
    """Show whose certificate signs, until when, and what validators would say against it.

    The status is 1 where nothing can be signed.
    """
    try:
        facts = find_chain(read_settings(), now=utc_now())
    except SigningUnavailableError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(FAILED) from error
    if facts is None:
        typer.echo("The development authority is made when the service starts for the first time.")
        return
    typer.echo(f"subject  {facts.subject}")
    typer.echo(f"issuer   {facts.issuer}")
    typer.echo(f"expires  {facts.expires_at:%Y-%m-%d %H:%M} UTC, {facts.days_left} days left")
    if facts.is_development:
        typer.echo("warning  nobody trusts this authority: it was made here, for development")
    for warning in facts.warnings:
        typer.echo(f"warning  {warning}")


@app.command()
def make(
    out: Annotated[Path, typer.Option(help="A folder that does not exist yet.")],
    organisation: Annotated[str, typer.Option(help="As the product's record names it.")],
    name: Annotated[str, typer.Option(help="Common name of the signer: the product.")] = "Huajian",
    country: Annotated[str, typer.Option(help="Two letters.")] = "CN",
    days: Annotated[int, typer.Option(min=1, max=LONGEST_DAYS, help="Until it expires.")] = 365,
    level: Annotated[int, typer.Option(min=0, max=2, help="Assurance level; 0: none is stated.")] = 1,
    ocsp_url: Annotated[str | None, typer.Option(help="Where revocation can be asked for.")] = None,
) -> None:
    """Make an authority and a signer by the profile of the C2PA conformance programme.

    Validators know such a signer only where the authority's file is among their anchors. Signers that
    everybody knows are issued by authorities of the C2PA trust list.
    """
    if re.fullmatch("[A-Z]{2}", country) is None:
        raise typer.BadParameter("two capital letters", param_hint="--country")
    now, key = utc_now(), make_key()
    authority = make_authority(Subject(country, organisation, f"{organisation} claim signing root"), now=now)
    certificate = issue(
        authority,
        Subject(country, organisation, name),
        key.public_key(),
        now=now,
        days=days,
        level=LEVELS[level],
        ocsp_url=ocsp_url,
    )
    try:
        out.mkdir(mode=0o700)
    except OSError as error:
        raise typer.BadParameter(f"{out}: {error.strerror}", param_hint="--out") from error
    write_chain(out, authority, key, certificate)
    _tell(out, examine_chain([certificate], now=now).days_left)


def _tell(out: Path, days_left: int) -> None:
    place = out.absolute()
    typer.echo(f"HUAJIAN_PROVENANCE__CHAIN_FILE={place / 'signer.pem'}")
    typer.echo(f"HUAJIAN_PROVENANCE__KEY_FILE={place / 'signer-key.pem'}")
    typer.echo(f"HUAJIAN_PROVENANCE__ANCHORS_FILE={place / 'authority.pem'}")
    typer.echo(
        f"It signs for {days_left} days. Keep authority-key.pem where no service can read it.", err=True
    )
