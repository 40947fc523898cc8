"""`huajian finance`: the books for people who keep books. Reading writes nothing."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final
from unicodedata import east_asian_width

import typer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from billing.ledger import exports, periods, recognition
from billing.ledger.chart import CHART
from billing.ledger.errors import PeriodNotClosableError
from billing.ledger.reports import TrialLine, stream_journal, trial_balance
from core.clock import utc_now
from core.database import create_sessions
from core.settings import Settings
from service.main.commands.database import open_database, require_newest_schema
from service.main.commands.environment import keep_logs_quiet, read_settings

app = typer.Typer(add_completion=False)
DAY_FORMATS: Final = ["%Y-%m-%d"]
MONTH_FORMATS: Final = ["%Y-%m"]
FIRST_DAY: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - a day, which typer parses as a time without zone
NAME_COLUMNS: Final = 48
Day = datetime


class TrialFormat(StrEnum):
    TABLE = "table"
    CSV = "csv"


class Language(StrEnum):
    EN = "en"
    ZH = "zh"


class JournalFormat(StrEnum):
    CSV = "csv"
    HLEDGER = "hledger"


@app.callback()
def finance() -> None:
    """Trial balance, journal, revenue, closing of months.

    Days are in UTC.
    """


@app.command("trial-balance")
def trial(
    through: Annotated[
        Day | None, typer.Option(formats=DAY_FORMATS, help="As of the end of that day; else as of now.")
    ] = None,
    format_: Annotated[TrialFormat, typer.Option("--format")] = TrialFormat.TABLE,
    language: Annotated[Language, typer.Option(help="Of the accounts' names.")] = Language.EN,
) -> None:
    """Every account with its debits, credits and balance. The status is 1 when it does not come to zero."""
    keep_logs_quiet()
    lines = asyncio.run(_read_trial(read_settings(), None if through is None else through.date()))
    write = trial_table if format_ is TrialFormat.TABLE else exports.trial_csv
    typer.echo(write(lines, language=language), nl=False)
    if any(totals(lines).values()):
        typer.echo("The books do not come to zero. What to do: docs/finance.md.", err=True)
        raise typer.Exit(1)


@app.command()
def journal(
    since: Annotated[Day, typer.Option("--from", formats=DAY_FORMATS, help="First day.")] = FIRST_DAY,
    through: Annotated[
        Day | None, typer.Option("--to", formats=DAY_FORMATS, help="Last day; else today.")
    ] = None,
    format_: Annotated[JournalFormat, typer.Option("--format")] = JournalFormat.CSV,
    language: Annotated[Language, typer.Option(help="Of the accounts' names in CSV.")] = Language.EN,
) -> None:
    """Every entry of those days, for a spreadsheet or for hledger."""
    keep_logs_quiet()
    last = utc_now().astimezone(UTC).date() if through is None else through.date()
    asyncio.run(_write_journal(read_settings(), since.date(), last, format_, language))


@app.command()
def recognise(
    through: Annotated[
        Day | None, typer.Option(formats=DAY_FORMATS, help="A day that is over; else yesterday.")
    ] = None,
) -> None:
    """Post the revenue of days that are over, as the keeper does every night. Again posts nothing."""
    keep_logs_quiet()
    yesterday = utc_now().date() - timedelta(days=1)
    last = yesterday if through is None else through.date()
    if last > yesterday:
        raise typer.BadParameter(f"{last} is not over yet (UTC)", param_hint="--through")
    days = asyncio.run(_recognise(read_settings(), last))
    typer.echo(f"{days} days posted; the books hold the revenue of all days through {last}.")


@app.command()
def close(
    month: Annotated[
        datetime, typer.Argument(formats=MONTH_FORMATS, metavar="MONTH", help="Such as 2026-11.")
    ],
) -> None:
    """Close the books of a month and all before it, for good: post its revenue, prove the books, lock them.

    What comes to light later is posted on the day it does. The status is 1 when the month cannot be closed.
    """
    keep_logs_quiet()
    try:
        typer.echo(asyncio.run(_close(read_settings(), periods.month_end(month.date()))))
    except PeriodNotClosableError as error:
        typer.echo(f"Not closed: {error}", err=True)
        raise typer.Exit(1) from error


def totals(lines: list[TrialLine]) -> dict[str, int]:
    """What all accounts of a currency come to, which is nothing."""
    sums: dict[str, int] = {}
    for line in lines:
        sums[line.account.currency] = sums.get(line.account.currency, 0) + line.balance_minor
    return sums


def trial_table(lines: list[TrialLine], *, language: str = "en") -> str:
    """The trial balance for a terminal, one block for each currency."""
    if not lines:
        return "The books are empty.\n"
    rows = []
    for currency, total in totals(lines).items():
        rows.append(f"{currency:<{NAME_COLUMNS}}{'debits':>16}{'credits':>16}{'balance':>16}")
        rows += [_trial_row(line, language) for line in lines if line.account.currency == currency]
        rows.append(f"{'':<80}{exports.amount(total, currency):>16,}\n")
    return "\n".join(rows) + "\n"


def _trial_row(line: TrialLine, language: str) -> str:
    code, currency, subject = line.account
    name = f"{code.value} {CHART[code].name(language)}{f' {subject}' if subject else ''}"
    figures = (line.debit_minor, line.credit_minor, line.balance_minor)
    padding = " " * (NAME_COLUMNS - sum(2 if east_asian_width(c) in "WF" else 1 for c in name))
    return name + padding + "".join(f"{exports.amount(minor, currency):>16,}" for minor in figures)


async def _read_trial(settings: Settings, through: date | None) -> list[TrialLine]:
    async with open_database(settings) as engine:
        await require_newest_schema(engine)
        async with create_sessions(engine)() as session:
            return await trial_balance(session, through=through)


async def _write_journal(
    settings: Settings, since: date, through: date, format_: JournalFormat, language: Language
) -> None:
    async with open_database(settings) as engine:
        await require_newest_schema(engine)
        async with create_sessions(engine).begin() as session:
            await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            lines = stream_journal(session, since=since, through=through)
            async for piece in (
                exports.journal_csv(lines, language=language)
                if format_ is JournalFormat.CSV
                else exports.journal_hledger(lines)
            ):
                typer.echo(piece, nl=False)


async def _recognise(settings: Settings, through: date) -> int:
    async with open_database(settings) as engine:
        await require_newest_schema(engine)
        return await recognise_all(engine, through)


async def recognise_all(engine: AsyncEngine, through: date) -> int:
    """Post day after day, each in its own transaction; how many days."""
    sessions = create_sessions(engine)
    days = 0
    while True:
        async with sessions.begin() as session:
            if await recognition.recognise_next(session, through=through, now=utc_now()) is None:
                return days
        days += 1


async def _close(settings: Settings, last_day: date) -> str:
    async with open_database(settings) as engine:
        await require_newest_schema(engine)
        if last_day < utc_now().date():
            await recognise_all(engine, last_day)
        async with create_sessions(engine).begin() as session:
            closed = await periods.close(session, last_day, now=utc_now())
    return f"Closed through {closed.last_day}, with {closed.transactions} transactions."
