"""What goes into the renderer process and comes out: an order; finished files, a refusal, or a failure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from generators.failures import Failure
from generators.specs import Kind

if TYPE_CHECKING:  # the contracts need arrays, which the parent of a renderer does without
    from generators.contracts import Progress


@dataclass(frozen=True, slots=True)
class MadeFile:
    """One encoded file. Pixels for pictures, None for text."""

    role: str
    media_type: str
    extension: str
    width_px: int | None
    height_px: int | None
    content: bytes


@dataclass(frozen=True, slots=True)
class Product:
    """A finished work: encoded, labelled, not yet stored."""

    title: str
    text: str | None
    language: str | None
    provenance: Mapping[str, object]
    details: Mapping[str, object]
    files: tuple[MadeFile, ...]


@dataclass(frozen=True, slots=True)
class Rejection:
    """Moderation refused the output."""

    category: str


@dataclass(frozen=True, slots=True)
class Order:
    """One work to make.

    spec: as stored with the job, seed included.
    batch_key: orders of equal key may ride one forward pass, as far as the request is concerned.
    tier: decides between backends where the operator has several.
    alone: rides with nobody, because it may be what killed an earlier attempt.
    photo: the user's photo as JPEG, when the spec names one.
    """

    kind: Kind
    spec: Mapping[str, Any]
    batch_key: str = ""
    tier: str = "free"
    alone: bool = False
    photo: bytes | None = None


Made = Product | Rejection | Failure


class WorkMaker(Protocol):
    """What a renderer process runs: from orders to finished files, in a device part and a finishing part."""

    def offers(self) -> Mapping[str, int]:
        """The largest pass by kind; kinds that are absent are not made here."""
        ...

    def shape_of(self, order: Order) -> str:
        """Orders of equal shape may ride one pass."""
        ...

    def generate(self, orders: Sequence[Order], progress: "Progress") -> Sequence[Any]:
        """Make one pass of one shape, a draft per order; only called from one thread.

        Raises: DeviceMemoryError when the pass did not fit.
        """
        ...

    def finish(self, order: Order, draft: Any) -> Made:  # noqa: ANN401 - the maker's own
        """Moderate, label and encode one draft; called from another thread than `generate`."""
        ...


def make_one(maker: WorkMaker, order: Order, progress: "Progress") -> Made:
    """Both parts of one work, here and now. Raises: what `generate` raises."""
    (draft,) = maker.generate([order], progress)
    return maker.finish(order, draft)
