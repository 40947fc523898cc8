"""`huajian verify FILE`: is it intact? Offline: no server, no database, no network."""

import asyncio
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from core.errors import DomainError
from provenance.credentials.facts import CredentialTrust
from provenance.evidence import BundleError, Evidence, open_bundle, read_folder
from provenance.keyring import DEVELOPMENT_FOLDER, KeyFileError, load_keyring
from provenance.log.errors import LogFormatError
from provenance.log.notes import Verifier, parse_vkey
from provenance.verification.judging import judge
from provenance.verification.report import NEVER_CHECKED, STEPS, Answer, Check, Outcome, Report, Trust
from provenance.verification.wording import (
    name_of_outcome,
    name_of_step,
    never_checked,
    summary_of,
    text_of,
    title_of,
)
from service.main.commands.environment import keep_logs_quiet, read_settings
from service.main.commands.files import print_text
from service.verification.sandbox import VerificationSandbox
from service.verification.trust import own_trust

STATUSES: Final = {
    Answer.INTACT: 0,
    Answer.ALTERED: 1,
    Answer.SIGNER_UNKNOWN: 3,
    Answer.NOTHING_FOUND: 4,
}
UNUSABLE: Final = 2
MARKS: Final = {
    Outcome.PASSED: "✓",
    Outcome.FAILED: "✗",
    Outcome.UNKNOWN: "?",
    Outcome.ABSENT: "·",
    Outcome.SKIPPED: "·",
}
_MOST_PEM_BYTES: Final = 1 << 20

app = typer.Typer(add_completion=False)


class Language(StrEnum):
    ZH = "zh"
    EN = "en"


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The file, or the ZIP that it was exported in.")],
    bundle: Annotated[
        Path | None,
        typer.Option(help="The ZIP or the folder with the file's certificate and proofs."),
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(
            "--key", metavar="KEY", help="An issuer of certificates to trust: the key, or its file."
        ),
    ] = None,
    log_key: Annotated[
        list[str] | None, typer.Option("--log-key", metavar="KEY", help="A log to trust, likewise.")
    ] = None,
    witness: Annotated[
        list[str] | None,
        typer.Option("--witness", metavar="KEY", help="Who must have signed every checkpoint, too."),
    ] = None,
    anchors: Annotated[
        Path | None, typer.Option(metavar="PEM", help="Authorities whose C2PA signers to trust.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole report as JSON.")] = False,
    language: Annotated[Language | None, typer.Option(help="Left out, the system's.")] = None,
) -> None:
    """Say whether a file is intact, of an unknown signer or altered; offline.

    Without keys and authorities, those of this installation are trusted. The status is 0 for intact, 1 for
    altered, 3 when nobody known vouches for it, 4 when it says nothing of itself, 2 when it cannot be told.
    """
    keep_logs_quiet()
    trust = _trust(key or [], log_key or [], witness or [], anchors)
    content = _read(file, read_settings().limits.verified_bytes)
    try:
        examined = asyncio.run(VerificationSandbox().examine(content, trust.credentials))
    except DomainError as refusal:
        typer.echo(str(refusal), err=True)
        raise typer.Exit(UNUSABLE) from refusal
    evidence = examined.evidence if bundle is None else _evidence(bundle)
    report = judge(examined.examination, evidence, trust)
    spoken = language or _system_language()
    print_text(json.dumps(_plain(report, spoken), ensure_ascii=False) if as_json else _told(report, spoken))
    raise typer.Exit(STATUSES[report.answer])


def _trust(keys: Sequence[str], logs: Sequence[str], witnesses: Sequence[str], anchors: Path | None) -> Trust:
    """Raises: typer.BadParameter."""
    given = Trust(
        certificate_keys=tuple(_key(one, "--key") for one in keys),
        log_keys=tuple(_key(one, "--log-key") for one in logs),
        witnesses=tuple(_key(one, "--witness") for one in witnesses),
        credentials=CredentialTrust(_pem(anchors) if anchors is not None else b""),
    )
    if keys or logs or anchors is not None:
        return given
    return replace(_own_trust(), witnesses=given.witnesses)


def _own_trust() -> Trust:
    """This installation's own keys; looking at a file makes none."""
    settings = read_settings()
    has_keys = settings.provenance.authority is not None or (settings.data_dir / DEVELOPMENT_FOLDER).is_dir()
    try:
        return own_trust(settings, load_keyring(settings) if has_keys else None)
    except KeyFileError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(UNUSABLE) from error


def _key(text: str, option: str) -> Verifier:
    """A key, or the first line of a file with one."""
    path = Path(text)
    try:
        line = path.read_text("utf-8")[:1000].strip() if path.is_file() else text
        return parse_vkey(line)
    except (LogFormatError, OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{text}: {error}", param_hint=option) from error


def _pem(path: Path) -> bytes:
    content = _read(path, _MOST_PEM_BYTES, "--anchors")
    if b"-----BEGIN CERTIFICATE-----" not in content or not content.isascii():
        raise typer.BadParameter(f"{path} holds no certificate as PEM", param_hint="--anchors")
    return content


def _evidence(path: Path) -> Evidence:
    """Raises: typer.BadParameter."""
    try:
        if path.is_dir():
            return read_folder(path)
        return open_bundle(_read(path, read_settings().limits.verified_bytes, "--bundle")).evidence
    except (BundleError, OSError) as error:
        raise typer.BadParameter(f"{path}: {error}", param_hint="--bundle") from error


def _read(path: Path, most_bytes: int, option: str = "FILE") -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(most_bytes + 1)
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror or error}", param_hint=option) from error
    if len(content) > most_bytes:
        raise typer.BadParameter(f"{path} has more than {most_bytes:,} bytes", param_hint=option)
    return content


def _system_language() -> str:
    spoken = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return Language.ZH if spoken.lower().startswith("zh") else Language.EN


def _told(report: Report, language: str) -> str:
    """For a person at a terminal."""
    checks = [
        f"  {MARKS[one.outcome]} {name_of_step(one.step, language)}: {_harmless(text_of(one, language))}"
        for one in report.checks
    ]
    never = [f"  · {never_checked(code, language)}" for code in NEVER_CHECKED]
    head = f"{title_of(report.answer, language)}. {summary_of(report.answer, language)}"
    return "\n".join([head, "", *checks, "", *never])


def _plain(report: Report, language: str) -> dict[str, Any]:
    """The same fields as `POST /v1/verify` answers with, as far as they can be known offline."""
    found, document = report.examination, report.document
    return {
        "answer": report.answer,
        "title": title_of(report.answer, language),
        "summary": summary_of(report.answer, language),
        "file": {
            "media_type": found.media_type,
            "size_bytes": found.size_bytes,
            "sha256": found.sha256.hex(),
        },
        "checks": [_check(check, language) for check in report.checks],
        "not_checked": [{"code": one, "text": never_checked(one, language)} for one in NEVER_CHECKED],
        "certificate": document
        and {
            "number": document.facts.number,
            "issuer": document.issuer,
            "issued_at": document.facts.issued_at.isoformat(),
            "development": document.is_development,
        },
    }


def _check(check: Check, language: str) -> dict[str, Any]:
    return {
        "step": STEPS.index(check.step) + 1,
        "name": name_of_step(check.step, language),
        "outcome": check.outcome,
        "outcome_text": name_of_outcome(check.outcome, language),
        "code": check.code,
        "text": text_of(check, language),
    }


def _harmless(text: str) -> str:
    """What a file says must not steer the terminal."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
