"""`/log`: the public transparency log, as c2sp.org/tlog-tiles lays it out. Anybody may read all of it."""

from typing import Annotated, Final

from fastapi import APIRouter, Path
from fastapi.responses import Response

from core.errors import DomainError, ErrorKind
from provenance.keyring import CertificationUnavailableError
from provenance.log.errors import LogFormatError
from provenance.log.tiles import parse_path
from service.dependencies import App, ByAddress
from service.http.problems import documented
from service.http.schemas import Schema, example
from service.transparency.tile_shelf import NotPublishedError, TileShelf

router = APIRouter(prefix="/log", tags=["transparency log"], dependencies=[ByAddress])

ANYWHERE: Final = {"access-control-allow-origin": "*"}  # a verifier may run in anybody's page
FRESH: Final = {**ANYWHERE, "cache-control": "no-cache"}  # the next checkpoint may come any second
FOR_EVER: Final = {**ANYWHERE, "cache-control": "public, max-age=31536000, immutable"}


class TileNotFoundError(DomainError):
    """The log has no such tile, or does not show it yet."""

    code = "not_found"
    kind = ErrorKind.NOT_FOUND


class LogKeysRead(Schema):
    model_config = example(
        {
            "log": "huajian.example/log+21897927+AYUu2ziE5M1tq2a1…",
            "certificates": "huajian.example/certificates+1e5a7aa6+AYlmo7y8PMRg…",
            "development": False,
        }
    )

    log: str
    certificates: str
    development: bool


@router.get(
    "/checkpoint",
    response_class=Response,
    responses={
        200: {"description": "The signed checkpoint.", "content": {"text/plain": {}}},
        **documented(404, 429),
    },
)
async def get_checkpoint(services: App) -> Response:
    """The newest signed checkpoint, with the witnesses' signatures so far; all of its tiles are there."""
    head = await TileShelf(services.sessions, services.store).find_head()
    if head is None or head.checkpoint is None:
        raise TileNotFoundError("Nothing was logged yet.")
    return Response(head.checkpoint, media_type="text/plain", headers=FRESH)


@router.get("/keys", responses=documented(429))
async def get_keys(services: App) -> LogKeysRead:
    """The public keys of log and certificates, as verifiers take them. Better pin them than ask each time."""
    keyring = services.keyring
    if keyring is None:
        raise CertificationUnavailableError("No keys are configured here.")
    return LogKeysRead(
        log=keyring.log.verifier.vkey,
        certificates=keyring.certificates.verifier.vkey,
        development=keyring.is_development,
    )


@router.get(
    "/tile/{path:path}",
    response_class=Response,
    responses={
        200: {"description": "Hashes, or entries.", "content": {"application/octet-stream": {}}},
        **documented(404, 422, 429),
    },
)
async def get_tile(
    services: App,
    path: Annotated[str, Path(max_length=64, description="`0/x001/234`, `entries/005.p/17`, …")],
) -> Response:
    """A tile of 256 hashes, or a bundle of 256 entries; partial ones with `.p/` and how many."""
    try:
        tile = parse_path(path)
        content = await TileShelf(services.sessions, services.store).read(tile)
    except (LogFormatError, NotPublishedError) as error:
        raise TileNotFoundError(str(error)) from error
    return Response(content, media_type="application/octet-stream", headers=FOR_EVER)
