"""What can be made here: every kind is made once, for a listing of classes would prove nothing."""

import time
import traceback
from collections.abc import Mapping
from typing import Any, Final

from generators.contracts import Failure, Unwatched
from generators.specs import Kind
from service.jobs.products import Made, Order, Product, WorkMaker, make_one
from service.main.commands.making import PRODUCER
from service.main.doctor.findings import Finding, broken, ok
from service.workers.renderer import load_maker

SAMPLES: Final[Mapping[Kind, Mapping[str, Any]]] = {
    Kind.CARD: {"occasion": "thank_you", "recipient": "医生", "sender": "花笺", "seed": 1},
    Kind.LYRICS: {"theme": "灯火", "sections": ["verse"], "seed": 1},
    Kind.IMAGE: {"prompt": "plum blossom", "width_px": 256, "height_px": 256, "seed": 1},
}
ADVICE: Final = "see what `huajian card`, `lyrics` or `image` says; `make setup` repairs an installation"


def examine_backends(producer_name: str = PRODUCER) -> list[Finding]:
    """Load the backends as a worker does and make one small work of each kind; nothing is kept."""
    try:
        producer = load_maker(producer_name)
    except Exception:
        return [broken("Backends", f"do not load: {_last_line(traceback.format_exc())}", ADVICE)]
    offers = producer.offers()
    return [
        _try(producer, kind, offers[kind]) if kind in offers else broken(kind, "no backend makes it", ADVICE)
        for kind in Kind
    ]


def _try(producer: WorkMaker, kind: Kind, largest_batch: int) -> Finding:
    began = time.monotonic()
    made = make_one(producer, Order(kind, SAMPLES[kind]), Unwatched())
    seconds = time.monotonic() - began
    if isinstance(made, Product):
        by = made.provenance
        source = "a trained model" if by["ai"] else "rules, no model"
        return ok(
            kind,
            f"{by['backend']}, {by['model']} {by['revision']} ({source}); "
            f"batches of {largest_batch}; a small one took {seconds:.1f} s",
        )
    return broken(kind, _why(made), ADVICE)


def _why(made: Made) -> str:
    return _last_line(made.detail) if isinstance(made, Failure) else "moderation refused our own sample"


def _last_line(trace: str) -> str:
    return trace.strip().splitlines()[-1] if trace.strip() else "it does not say why"
