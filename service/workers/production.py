"""From orders to finished files. Runs inside the renderer process, where a core or a GPU is its own."""

import contextlib
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from core.ids import new_id
from generators import encoders
from generators.contracts import (
    BackendUnavailableError,
    Brief,
    Failure,
    FailureReason,
    Identity,
    Motion,
    Picture,
    Pixels,
    Progress,
    Result,
    Song,
)
from generators.specs import SPECS, CardSpec, Kind, PictureFormat, Spec
from moderation.errors import PromptRejectedError
from moderation.prompts import require_allowed
from provenance import labels
from provenance.containers.files import write_label
from provenance.implicit import produced
from service.jobs.products import Made, MadeFile, Order, Product, Rejection
from service.photos.decoding import decode_kept
from service.workers.routes import Routes

log = structlog.get_logger()

NOBODY: Final = Identity("none", "none", "0", is_model=False)
UNSAFE: Final = "unsafe_picture"  # the category of what a backend's own safety check refused
THUMBNAIL_PX: Final = 480
TEXT_TYPE: Final = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Draft:
    """What a backend made of one brief."""

    brief: Brief
    result: Result
    made_by: Identity


class Producer:
    """Every kind this process can make, and how. Implements `service.jobs.products.WorkMaker`."""

    def __init__(self, routes: Routes, producer_code: str | None = None) -> None:
        """producer_code: the operator's, for implicit labels; None says that there is none."""
        self._routes = routes
        self._producer_code = producer_code

    def offers(self) -> dict[str, int]:
        """The largest pass by kind."""
        return self._routes.offers()

    def shape_of(self, order: Order) -> str:
        """Requests of one key, as far as the same backends serve them."""
        return f"{order.batch_key or order.kind.value}@{self._routes.name_of(order.kind, order.tier)}"

    def generate(self, orders: Sequence[Order], progress: Progress) -> list[Draft]:
        """Make one pass, by the first backend of the route that can.

        Raises: DeviceMemoryError when the pass did not fit.
        """
        route = self._routes.route(orders[0].kind, orders[0].tier)
        specs = [SPECS[order.kind].model_validate(order.spec) for order in orders]
        watched = _WithFinishing(progress)
        for backend in route:
            briefs = _briefs(specs, orders, backend.identity)
            try:
                results = backend.generate(briefs, watched)
            except BackendUnavailableError as error:
                log.warning("producer.backend_away", backend=backend.identity.backend, why=str(error))
                continue
            return [
                Draft(brief, result, backend.identity) for brief, result in zip(briefs, results, strict=True)
            ]
        nobody = Failure(FailureReason.INTERNAL, "no backend of the route is there")
        return [Draft(brief, nobody, NOBODY) for brief in _briefs(specs, orders, NOBODY)]

    def finish(self, order: Order, draft: Draft) -> Made:
        """Screen, label and encode what was made."""
        result = draft.result
        if isinstance(result, Failure):
            return Rejection(UNSAFE) if result.reason is FailureReason.REFUSED else result
        try:
            if result.text is not None:
                require_allowed([result.text])
            product = _product(draft.brief, result, result.made_by or draft.made_by)
            return _labelled(product, self._producer_code)
        except PromptRejectedError as refusal:
            return Rejection(refusal.category)
        except Exception:
            return Failure(FailureReason.INTERNAL, traceback.format_exc())


class _WithFinishing:
    """Adds the finishing, which follows the backend's own steps, to what is said; screens what is told."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def step(self, index: int, step: int, steps: int) -> bool:
        return self._progress.step(index, step, steps + 1)

    def section(self, index: int, text: str) -> None:
        """A part that would be refused is not shown; the whole is refused when it is finished."""
        with contextlib.suppress(PromptRejectedError):
            require_allowed([text])
            self._progress.section(index, text)


def _briefs(specs: Sequence[Spec], orders: Sequence[Order], identity: Identity) -> list[Brief]:
    return [_brief(spec, order, identity) for spec, order in zip(specs, orders, strict=True)]


def _brief(spec: Spec, order: Order, identity: Identity) -> Brief:
    if spec.seed is None:
        raise ValueError("a stored spec always has a seed")
    language = _language(spec)
    return Brief(
        spec=spec,
        seed=spec.seed,
        label=labels.visible_label(language, is_model=identity.is_model),
        model_label=labels.visible_label(language, is_model=True),
        photo=decode_kept(order.photo) if order.photo is not None else None,
    )


def _language(spec: Spec) -> str:
    language = getattr(spec, "language", None)
    return language.value if language else "zh"


def _product(brief: Brief, result: Picture | Motion | Song, made_by: Identity) -> Product:
    parts = {} if isinstance(result, Song) else result.parts
    is_model = made_by.is_model or any(part.is_model for part in parts.values())
    return Product(
        title=result.title,
        text=result.text,
        language=None if brief.spec.kind is Kind.IMAGE else _language(brief.spec),
        provenance={
            **_described(made_by),
            "seed": brief.seed,
            "ai": is_model,
            "source_type": labels.source_type(is_model=is_model, has_photo=brief.photo is not None),
            **({"parts": {role: _described(part) for role, part in parts.items()}} if parts else {}),
        },
        details=_details(result),
        files=_files(brief.spec, result),
    )


def _labelled(product: Product, producer_code: str | None) -> Product:
    """The product with an implicit label in each of its files, under one number of its own."""
    produce_id = new_id().hex
    label, source_type = produced(producer_code, produce_id), str(product.provenance["source_type"])
    files = tuple(
        replace(file, content=write_label(file.content, file.media_type, label, source_type=source_type))
        for file in product.files
    )
    return replace(product, files=files, provenance={**product.provenance, "produce_id": produce_id})


def _described(identity: Identity) -> dict[str, object]:
    described: dict[str, object] = {
        "backend": identity.backend,
        "model": identity.model,
        "revision": identity.revision,
    }
    return described if identity.steps is None else {**described, "steps": identity.steps}


def _details(result: Picture | Motion | Song) -> dict[str, object]:
    if not isinstance(result, Song):
        return {}
    return {"rhyme": dict(result.rhyme), **({"usage": dict(result.usage)} if result.usage else {})}


def _files(spec: Spec, result: Picture | Motion | Song) -> tuple[MadeFile, ...]:
    if isinstance(result, Song):
        return (MadeFile("preview", TEXT_TYPE, "txt", None, None, result.text.encode()),)
    if isinstance(result, Motion):
        motion = MadeFile(
            "preview", result.media_type, result.extension, result.width_px, result.height_px, result.content
        )
        return motion, _still("poster", result.poster, PictureFormat.JPEG), _thumbnail(result.poster)
    return _still("preview", result.pixels, _picture_format(spec)), _thumbnail(result.pixels)


def _picture_format(spec: Spec) -> PictureFormat:
    picture_format = spec.format.still if isinstance(spec, CardSpec) else getattr(spec, "format", None)
    if not isinstance(picture_format, PictureFormat):
        raise TypeError(f"a still picture was made of {type(spec).__name__}, which asks for none")
    return picture_format


def _still(role: str, pixels: Pixels, picture_format: PictureFormat) -> MadeFile:
    height_px, width_px = pixels.shape[:2]
    content = encoders.encode(pixels, picture_format)
    extension = encoders.extension(picture_format).removeprefix(".")
    return MadeFile(role, encoders.media_type(picture_format), extension, width_px, height_px, content)


def _thumbnail(pixels: Pixels) -> MadeFile:
    height_px, width_px = pixels.shape[:2]
    scale = min(1.0, THUMBNAIL_PX / max(width_px, height_px))
    size = max(1, round(width_px * scale)), max(1, round(height_px * scale))
    small = encoders.thumbnail(pixels, longest_px=THUMBNAIL_PX)
    return MadeFile("thumbnail", "image/webp", "webp", *size, small)
