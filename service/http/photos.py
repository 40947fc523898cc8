"""`/v1/photos`: the user's own photos, to be set into cards."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import Field
from starlette.exceptions import HTTPException

from models.photo import Photo
from service.dependencies import App, ByAddress, CurrentUser, Cursor, Limit, Reading, count_request
from service.flows.delete_photo import delete_photo
from service.flows.keep_photo import MEDIA_TYPE
from service.http.idempotency import KEY_PARAMETER, read_key
from service.http.problems import documented
from service.http.schemas import Moment, Page, Schema, example
from service.limits.limiter import Policy
from service.photos import queries as photos
from service.photos.errors import PhotoNotFoundError
from service.wiring import Services
from service.works.errors import LinkError

PATH: Final = "/v1/photos"
LIST: Final = "photos"
ACCEPTED: Final = ("image/jpeg", "image/png", "image/webp")

router = APIRouter(tags=["photos"])


class PhotoRead(Schema):
    model_config = example(
        {
            "id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f",
            "width_px": 1536,
            "height_px": 2048,
            "size_bytes": 481223,
            "created_at": "2026-11-24T08:00:00.000Z",
            "expires_at": "2026-12-01T08:00:00.000Z",
            "url": "/photos/0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f?expires=1796112000&signature=…",
        }
    )

    id: UUID
    width_px: int
    height_px: int
    size_bytes: int
    created_at: Moment
    expires_at: Moment | None = Field(
        description="A week after the last use; null once a work was made of it: it stays until deleted."
    )
    url: str = Field(description="A signed link that expires; ask for the photo again then.")


class PhotoPage(Page):
    items: list[PhotoRead]


async def count_upload(request: Request, services: App, user: CurrentUser) -> None:
    """Decoding is dear: uploads are limited by the hour, before the body is read."""
    policy = Policy("photos", services.settings.limits.photos_per_user_hour, 3600)
    await count_request(request, services, str(user.user_id), policy)


@router.post(
    PATH,
    status_code=201,
    dependencies=[Depends(count_upload)],
    responses=documented(400, 401, 403, 409, 413, 415, 422, 429, 503),
    openapi_extra={
        "parameters": [KEY_PARAMETER],
        "requestBody": {
            "required": True,
            "description": "The file itself, at most 12 MB and 40 megapixels.",
            "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in ACCEPTED},
        },
    },
)
async def create_photo(
    request: Request,
    response: Response,
    services: App,
    user: CurrentUser,
) -> PhotoRead:
    """Send a photo to be set into a card (`spec.photo_id`).

    It is turned upright, scaled to at most 2048 px, and stored without any metadata; the file itself is not
    kept. At most 20 are kept for a user. What it shows is not judged unless the operator has a classifier.
    """
    key = read_key(request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in ACCEPTED:
        raise HTTPException(415)
    photo, is_replay = await services.photos.keep(user.user_id, key=key, content=await request.body())
    response.headers["Location"] = f"{PATH}/{photo.id}"
    response.headers["Idempotency-Replayed"] = "true" if is_replay else "false"
    return to_read(services, photo)


@router.get(PATH, responses=documented(400, 401, 422, 429))
async def list_photos(
    services: App, session: Reading, user: CurrentUser, cursor: Cursor = None, limit: Limit = 20
) -> PhotoPage:
    """My photos, newest first."""
    before_id = UUID(services.cursors.open(LIST, cursor)) if cursor else None
    rows = await photos.list_photos(
        session, user.user_id, before_id=before_id, limit=limit, now=services.clock()
    )
    return PhotoPage(
        items=[to_read(services, photo) for photo in rows],
        next_cursor=services.cursors.seal(LIST, str(rows[-1].id)) if len(rows) == limit else None,
    )


@router.get("/v1/photos/{photo_id}", responses=documented(401, 404, 422, 429))
async def get_photo(photo_id: UUID, services: App, session: Reading, user: CurrentUser) -> PhotoRead:
    """One of my photos, with a link to see it."""
    photo = await photos.get_photo(session, photo_id, owner_id=user.user_id, now=services.clock())
    return to_read(services, photo)


@router.delete("/v1/photos/{photo_id}", status_code=204, responses=documented(401, 404, 422, 429, 503))
async def remove_photo(photo_id: UUID, services: App, user: CurrentUser) -> Response:
    """Delete a photo for good. Works that were made of it stay as they are."""
    await delete_photo(
        services.sessions, services.store, photo_id, owner_id=user.user_id, now=services.clock()
    )
    return Response(status_code=204)


@router.get(
    "/photos/{photo_id}",
    dependencies=[ByAddress],
    response_class=Response,
    responses={
        200: {"description": "The photo.", "content": {MEDIA_TYPE: {}}},
        307: {"description": "The photo is at the object store, under a signed URL."},
        **documented(403, 404, 422, 429),
    },
)
async def get_photo_file(
    photo_id: UUID,
    services: App,
    session: Reading,
    expires: Annotated[int, Query(ge=0, le=2**40)],
    signature: Annotated[str, Query(pattern="^[0-9a-f]{64}$")],
) -> Response:
    """A photo by its signed link."""
    now = services.clock()
    if not services.links.is_valid("photos", photo_id, expires=expires, signature=signature, now=now):
        raise LinkError("This link has expired or was changed.")
    photo = await photos.find_photo(session, photo_id, now=now)
    if photo is None:
        raise PhotoNotFoundError("This photo is gone.")
    if services.store.can_sign:
        url = await services.store.sign(photo.object_key, lifetime=services.links.lifetime)
        return RedirectResponse(url)
    try:  # whole: it has a megabyte or two, and a missing object must not be found out half-way
        content = await services.store.read_whole(photo.object_key)
    except FileNotFoundError as error:
        raise PhotoNotFoundError("This photo is gone.") from error
    headers = {"cache-control": "private, max-age=3600", "etag": f'"{photo.sha256.hex()}"'}
    return Response(content, media_type=MEDIA_TYPE, headers=headers)


def to_read(services: Services, photo: Photo) -> PhotoRead:
    """The wire shape, with a fresh link."""
    return PhotoRead(
        id=photo.id,
        width_px=photo.width_px,
        height_px=photo.height_px,
        size_bytes=photo.size_bytes,
        created_at=photo.created_at,
        expires_at=photo.expires_at,
        url=services.links.sign("photos", photo.id, now=services.clock()),
    )
