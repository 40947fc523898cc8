"""From specs to finished files. Runs inside the renderer process, where a core or a GPU is its own."""

import traceback
from collections.abc import Mapping, Sequence
from typing import Final

from generators import encoders
from generators.contracts import (
    Backend,
    Brief,
    DeviceMemoryError,
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
from service.jobs.products import Made, MadeFile, Order, Product, Rejection

THUMBNAIL_PX: Final = 480
TEXT_TYPE: Final = "text/plain; charset=utf-8"


class Producer:
    """Every kind this process can make, and how."""

    def __init__(self, backends: Mapping[Kind, Backend]) -> None:
        self._backends = backends

    def offers(self) -> dict[str, int]:
        """Largest batch by kind."""
        return {kind.value: backend.max_batch for kind, backend in self._backends.items()}

    def make(self, order: Order, progress: Progress) -> list[Made]:
        """Make one batch: generate, moderate, label, encode. One outcome per spec, in order."""
        backend = self._backends[order.kind]
        briefs = [_brief(SPECS[order.kind].model_validate(spec), backend.identity) for spec in order.specs]
        results = _generate(backend, briefs, _WithEncoding(progress))
        return [
            _finish(brief, result, backend.identity) for brief, result in zip(briefs, results, strict=True)
        ]


class _WithEncoding:
    """Adds the encoding, which follows the backend's own steps, to what is reported."""

    def __init__(self, progress: Progress, offset: int = 0) -> None:
        self._progress = progress
        self._offset = offset

    def step(self, index: int, step: int, steps: int) -> bool:
        return self._progress.step(self._offset + index, step, steps + 1)

    def section(self, index: int, text: str) -> None:
        self._progress.section(self._offset + index, text)

    def shifted(self, by: int) -> "_WithEncoding":
        """The same for the part of a batch that begins at `by`."""
        return _WithEncoding(self._progress, self._offset + by)


def _generate(backend: Backend, briefs: Sequence[Brief], progress: _WithEncoding) -> list[Result]:
    """Generate; a batch that does not fit is halved until a single brief does not fit."""
    try:
        return backend.generate(briefs, progress)
    except DeviceMemoryError as error:
        if len(briefs) == 1:
            return [Failure(FailureReason.INTERNAL, f"out of device memory: {error}")]
    except Exception:
        detail = traceback.format_exc()
        if len(briefs) == 1:
            return [Failure(FailureReason.INTERNAL, detail)]
    middle = len(briefs) // 2
    return [
        *_generate(backend, briefs[:middle], progress),
        *_generate(backend, briefs[middle:], progress.shifted(middle)),
    ]


def _brief(spec: Spec, identity: Identity) -> Brief:
    if spec.seed is None:
        raise ValueError("a stored spec always has a seed")
    label = labels.visible_label(_language(spec), is_model=identity.is_model)
    return Brief(spec=spec, seed=spec.seed, label=label)


def _language(spec: Spec) -> str:
    language = getattr(spec, "language", None)
    return language.value if language else "zh"


def _finish(brief: Brief, result: Result, identity: Identity) -> Made:
    if isinstance(result, Failure):
        return result
    try:
        if result.text is not None:
            require_allowed([result.text])
        return _product(brief, result, identity)
    except PromptRejectedError as refusal:
        return Rejection(refusal.category)
    except Exception:
        return Failure(FailureReason.INTERNAL, traceback.format_exc())


def _product(brief: Brief, result: Picture | Motion | Song, identity: Identity) -> Product:
    return Product(
        title=result.title,
        text=result.text,
        language=None if brief.spec.kind is Kind.IMAGE else _language(brief.spec),
        provenance={
            "backend": identity.backend,
            "model": identity.model,
            "revision": identity.revision,
            "seed": brief.seed,
            "ai": identity.is_model,
            "source_type": labels.source_type(is_model=identity.is_model),
        },
        details={"rhyme": dict(result.rhyme)} if isinstance(result, Song) else {},
        files=_files(brief.spec, result),
    )


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
