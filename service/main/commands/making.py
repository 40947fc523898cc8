"""Make one work in this process: no server, no database, no queue, no credits."""

import secrets
from typing import Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from generators.contracts import DeviceMemoryError, Failure, FailureReason
from generators.specs import MAX_SEED, Spec
from moderation.errors import LexiconError, PromptRejectedError
from moderation.prompts import load_lexicon
from service.flows.screening import require_spec_allowed
from service.jobs.products import Made, Order, Product, Rejection, WorkMaker, make_one
from service.main.commands.environment import read_settings
from service.workers.renderer import load_maker

PRODUCER: Final = "service.workers.backends:make_producer"
FAILED: Final = 1
UNUSABLE: Final = 2
REFUSED: Final = 3


class Bar:
    """A line on stderr for a person; nothing where stderr is a file or a pipe."""

    def __init__(self, kind: str) -> None:
        console = Console(stderr=True)
        self._display = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._kind = kind
        self._task = self._display.add_task("Getting ready", total=None)

    def __enter__(self) -> "Bar":
        self._display.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._display.stop()

    def step(self, index: int, step: int, steps: int) -> bool:
        """As `generators.contracts.Progress`; Ctrl-C arrives as an exception instead of a cancellation."""
        self._display.update(self._task, description=f"Making {self._kind}", completed=step, total=steps)
        return True

    def section(self, index: int, text: str) -> None:
        """The whole is printed in the end."""


def make_work(spec: Spec, *, producer: str | None = None, photo: bytes | None = None) -> Product:
    """Screen the words, make the work, show how far it is.

    Args:
        producer: "module:function" of what makes the Producer; None takes the service's own backends.
        photo: of a card: a JPEG as `service.photos.decoding` makes them.
    Returns: the product; the seed is in its provenance.
    Raises: typer.Exit: after saying why; status 3 when refused, 2 when it can never be made, else 1.
    """
    _load_own_terms()
    try:
        require_spec_allowed(spec)
    except PromptRejectedError as refusal:
        raise _refuse(refusal.category) from refusal
    seed = secrets.randbelow(MAX_SEED + 1) if spec.seed is None else spec.seed
    order = Order(spec.kind, spec.model_dump(mode="json") | {"seed": seed}, photo=photo)
    with Bar(spec.kind.value) as bar:
        made = _make(load_maker(producer or PRODUCER), order, bar)
    return _require_made(made)


def _make(maker: WorkMaker, order: Order, bar: Bar) -> Made:
    try:
        return make_one(maker, order, bar)
    except DeviceMemoryError as error:
        return Failure(FailureReason.INTERNAL, f"it does not fit into the device's memory: {error}")


def tell_seed(product: Product) -> None:
    """Say on stderr how to get the very same work again."""
    typer.echo(f"Made with --seed {product.provenance['seed']}", err=True)


def _load_own_terms() -> None:
    """The operator's terms beside the built-in ones. Raises: typer.Exit: they cannot be read."""
    paths = read_settings().moderation.lexicon_paths
    try:
        if paths:
            load_lexicon(paths)
    except (LexiconError, OSError, UnicodeDecodeError) as error:
        typer.echo(f"HUAJIAN_MODERATION__LEXICON_PATHS: {error}", err=True)
        raise typer.Exit(UNUSABLE) from error


def _require_made(made: Made) -> Product:
    if isinstance(made, Product):
        return made
    if isinstance(made, Rejection):
        raise _refuse(made.category)
    typer.echo(f"It could not be made: {_last_line(made)}", err=True)
    raise typer.Exit(UNUSABLE if made.reason is FailureReason.INVALID else FAILED)


def _refuse(category: str) -> typer.Exit:
    typer.echo(f"Refused by moderation ({category}).", err=True)
    return typer.Exit(REFUSED)


def _last_line(failure: Failure) -> str:
    """Of a traceback, the line that says what went wrong."""
    lines = failure.detail.strip().splitlines()
    return lines[-1] if lines else failure.reason.value
