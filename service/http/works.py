"""`/v1/works` and the signed links to their files."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Header, Query
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from pydantic import Field

from generators.specs import Kind
from models.work import Work, WorkFile
from service.dependencies import App, ByAddress, CurrentUser, Cursor, Limit, Reading
from service.http.problems import documented
from service.http.ranges import Part, part_of
from service.http.schemas import Moment, Page, Schema, example
from service.wiring import Services
from service.works import exports
from service.works import queries as works
from service.works.errors import LinkError, WorkNotFoundError

router = APIRouter(tags=["works"])
LIST = "works"
# A page that somebody's words stand on never acts as our origin, wherever it is opened; ours may frame it.
PAGE_POLICY: Final = (
    "sandbox allow-scripts; default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
CACHE: Final = {"cache-control": "private, max-age=31536000, immutable"}
Ranged = Annotated[str | None, Header(alias="range", description="A part of the file, for players.")]


class FileRead(Schema):
    role: str
    media_type: str
    width_px: int | None
    height_px: int | None
    size_bytes: int
    url: str = Field(description="A signed link that expires; ask for the work again then.")


class PartRead(Schema):
    backend: str
    model: str
    revision: str
    steps: int | None = None


class ProvenanceRead(PartRead):
    """`steps` counts the denoising of a diffusion model; null for whatever has no such thing."""

    seed: int
    ai: bool = Field(description="Whether a trained model ran; art made by rules is false.")
    source_type: str = Field(description="IPTC digital source type.")
    parts: dict[str, PartRead] = Field(
        default={}, description="Who made what, where several had a part: `background`, `words`."
    )


class WorkRead(Schema):
    model_config = example(
        {
            "id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f",
            "kind": "card",
            "generation_id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1e",
            "title": "中秋快乐",
            "text": "月色如水，愿你心安。",
            "language": "zh",
            "created_at": "2026-11-24T08:00:00.000Z",
            "files": [
                {
                    "role": "preview",
                    "media_type": "image/png",
                    "width_px": 1080,
                    "height_px": 1440,
                    "size_bytes": 1834022,
                    "url": "/files/0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e2f?expires=1796112000&signature=…",
                }
            ],
            "provenance": {
                "backend": "studio",
                "model": "procedural-card",
                "revision": "1",
                "seed": 7,
                "ai": False,
                "source_type": "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia",
            },
            "details": {},
        }
    )

    id: UUID
    kind: str
    generation_id: UUID
    title: str
    text: str | None
    language: str | None
    created_at: Moment
    files: list[FileRead]
    provenance: ProvenanceRead
    details: dict[str, Any] = Field(description="What a kind adds, such as the rhyme check of lyrics.")


class WorkPage(Page):
    items: list[WorkRead]


@router.get("/v1/works", responses=documented(400, 401, 422, 429))
async def list_works(
    services: App,
    session: Reading,
    user: CurrentUser,
    cursor: Cursor = None,
    limit: Limit = 20,
    kind: Annotated[Kind | None, Query(description="Only this kind.")] = None,
) -> WorkPage:
    """My works, newest first."""
    list_name = f"{LIST}:{kind or ''}"
    before_id = UUID(services.cursors.open(list_name, cursor)) if cursor else None
    rows = await works.list_works(session, user.user_id, before_id=before_id, limit=limit, kind=kind)
    return WorkPage(
        items=[to_read(services, work) for work in rows],
        next_cursor=services.cursors.seal(list_name, str(rows[-1].id)) if len(rows) == limit else None,
    )


@router.get("/v1/works/{work_id}", responses=documented(401, 404, 422, 429))
async def get_work(work_id: UUID, services: App, session: Reading, user: CurrentUser) -> WorkRead:
    """One of my works, with links to its files."""
    return to_read(services, await works.get_work(session, work_id, owner_id=user.user_id))


@router.get(
    "/v1/works/{work_id}/preview",
    response_class=Response,
    responses={
        200: {"description": "The file.", "content": {"image/png": {}, "image/jpeg": {}, "text/plain": {}}},
        206: {"description": "The part that was asked for."},
        307: {"description": "The file is at the object store, under a signed URL."},
        **documented(401, 404, 422, 429),
    },
)
async def get_preview(
    work_id: UUID, services: App, session: Reading, user: CurrentUser, ranged: Ranged = None
) -> Response:
    """The work's preview itself, for clients that send their token."""
    work = await works.get_work(session, work_id, owner_id=user.user_id)
    for file in work.files:
        if file.role == "preview":
            return await _serve(services, file, name=None, ranged=ranged)
    raise WorkNotFoundError("This work has no preview.")


@router.get(
    "/files/{file_id}",
    dependencies=[ByAddress],
    response_class=Response,
    responses={
        200: {"description": "The file.", "content": {"application/octet-stream": {}}},
        206: {"description": "The part that was asked for."},
        307: {"description": "The file is at the object store, under a signed URL."},
        **documented(403, 404, 422, 429),
    },
)
async def get_file(
    file_id: UUID,
    services: App,
    session: Reading,
    expires: Annotated[int, Query(ge=0, le=2**40)],
    signature: Annotated[str, Query(pattern="^[0-9a-f]{64}$")],
    download: Annotated[bool, Query(description="Offer it for saving.")] = False,
    ranged: Ranged = None,
) -> Response:
    """A file by its signed link."""
    require_signed(services, "files", file_id, expires, signature)
    file = await works.find_file(session, file_id)
    if file is None:
        raise WorkNotFoundError("This file is gone.")
    suffix = file.object_key.rpartition(".")[2]
    name = f"huajian-{file.work_id.hex[-8:]}.{suffix}" if download else None
    return await _serve(services, file, name=name, ranged=ranged)


@router.get(
    "/exports/{export_id}",
    dependencies=[ByAddress],
    response_class=Response,
    responses={
        200: {"description": "The ZIP.", "content": {"application/zip": {}}},
        307: {"description": "The file is at the object store, under a signed URL."},
        **documented(403, 404, 422, 429),
    },
)
async def get_export_file(
    export_id: UUID,
    services: App,
    session: Reading,
    expires: Annotated[int, Query(ge=0, le=2**40)],
    signature: Annotated[str, Query(pattern="^[0-9a-f]{64}$")],
) -> Response:
    """A copy of one's data by its signed link."""
    require_signed(services, "exports", export_id, expires, signature)
    export = await exports.find_ready(session, export_id)
    if export is None or export.object_key is None:
        raise WorkNotFoundError("This file is gone.")
    return await stream(services, export.object_key, "application/zip", name="huajian.zip")


def to_read(services: Services, work: Work) -> WorkRead:
    """The wire shape, with fresh links."""
    now = services.clock()
    return WorkRead(
        id=work.id,
        kind=work.kind,
        generation_id=work.generation_id,
        title=work.title,
        text=work.text,
        language=work.language,
        created_at=work.created_at,
        files=[
            FileRead(
                role=file.role,
                media_type=file.media_type,
                width_px=file.width_px,
                height_px=file.height_px,
                size_bytes=file.size_bytes,
                url=services.links.sign("files", file.id, now=now),
            )
            for file in work.files
        ],
        provenance=ProvenanceRead.model_validate(work.provenance),
        details=work.details,
    )


def require_signed(services: Services, area: str, file_id: UUID, expires: int, signature: str) -> None:
    """Raises: LinkError unless we made this link and its time is not over."""
    if not services.links.is_valid(area, file_id, expires=expires, signature=signature, now=services.clock()):
        raise LinkError("This link has expired or was changed.")


async def _serve(services: Services, file: WorkFile, *, name: str | None, ranged: str | None) -> Response:
    headers = {"etag": f'"{file.sha256.hex()}"', "accept-ranges": "bytes"}
    if file.media_type.startswith("text/html"):
        headers["content-security-policy"] = PAGE_POLICY
    part = part_of(ranged, file.size_bytes)
    if part is not None and not services.store.can_sign:
        return await _send_part(services, file, part, headers)
    headers["content-length"] = str(file.size_bytes)
    return await stream(services, file.object_key, file.media_type, name=name, headers=headers)


async def _send_part(services: Services, file: WorkFile, part: Part, headers: dict[str, str]) -> Response:
    try:
        content = await services.store.read_part(file.object_key, start=part.first, length=part.length)
    except FileNotFoundError as error:
        raise WorkNotFoundError("This file is gone.") from error
    every = {**headers, **CACHE, **part.headers}
    return Response(content, status_code=206, media_type=file.media_type, headers=every)


async def stream(
    services: Services, key: str, media_type: str, *, name: str | None, headers: dict[str, str] | None = None
) -> Response:
    """The object itself from a local folder; elsewhere a redirect to the store, which serves it better."""
    if services.store.can_sign:
        return RedirectResponse(await services.store.sign(key, lifetime=services.links.lifetime))
    disposition = {"content-disposition": f'attachment; filename="{name}"'} if name else {}
    chunks = services.store.read(key)
    try:
        first = await anext(chunks)
    except FileNotFoundError as error:
        raise WorkNotFoundError("This file is gone.") from error

    async def body() -> AsyncIterator[bytes]:
        yield first
        async for chunk in chunks:
            yield chunk

    return StreamingResponse(
        body(), media_type=media_type, headers={**(headers or {}), **CACHE, **disposition}
    )
