"""Who writes the message of a card whose sender gave none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import TypeAdapter, ValidationError

from generators.backends.studio.card.backgrounds import Order
from generators.backends.studio.words.writer import BankWriter
from generators.contracts import Failure, FailureReason, Identity, WordsWriter
from generators.specs import Words

_WORDS: TypeAdapter[str] = TypeAdapter(Words)


@dataclass(frozen=True, slots=True)
class Lettered:
    """An order whose message is there, and whoever wrote it; None for the sender or the studio."""

    order: Order
    written_by: Identity | None = None


def letter(orders: Sequence[Order], writer: WordsWriter) -> Mapping[int, Lettered | Failure]:
    """Fill every empty message, all of them in one call; by the order's place in the batch.

    Raises: DeviceMemoryError, BackendUnavailableError.
    """
    lettered: dict[int, Lettered | Failure] = {
        order.index: Lettered(order) for order in orders if order.spec.message is not None
    }
    empty = [order for order in orders if order.spec.message is None]
    if empty:
        texts = writer.write([order.spec for order in empty], [order.brief.seed for order in empty])
        for order, text in zip(empty, texts, strict=True):
            lettered[order.index] = _filled(order, text, writer)
    return lettered


def _filled(order: Order, text: str | Failure, writer: WordsWriter) -> Lettered | Failure:
    if isinstance(text, Failure):
        return text
    try:
        message = _WORDS.validate_python(text)
    except ValidationError as error:
        return Failure(FailureReason.INTERNAL, f"{writer.identity.model} wrote no message: {error}")
    spec = order.spec.model_copy(update={"message": message})
    written_by = None if isinstance(writer, BankWriter) else writer.identity
    return Lettered(Order(order.index, replace(order.brief, spec=spec), spec), written_by)
