"""`/v1/works/{id}/exports` and `/v1/exports/{id}`: files of certified works, made once, the same for ever."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from models.export import WorkExport, WorkExportState
from service.certificates import exports, queries
from service.certificates.errors import CertificateNotFoundError
from service.certificates.formats import EXTENSIONS, SIZES, ExportFormat, formats_of
from service.dependencies import App, ByAddress, CurrentUser, Language, Reading
from service.flows.export_work import ask_export
from service.http.certificate_schemas import ExportCreate, ExportList, ExportRead
from service.http.certificate_views import BUNDLE_AREA, FILE_AREA, read_certificate, read_export
from service.http.certificates import Reference, require_certification, require_sealing, wait_a_moment
from service.http.idempotency import KEY_PARAMETER, read_key
from service.http.problems import documented
from service.http.works import PAGE_POLICY, require_signed, stream
from service.works import queries as works
from service.works.errors import ExportNotFoundError

router = APIRouter(tags=["provenance"])

ZIP: Final = "application/zip"
Expires = Annotated[int, Query(ge=0, le=2**40)]
Signature = Annotated[str, Query(pattern="^[0-9a-f]{64}$")]


@router.post(
    "/v1/works/{work_id}/exports",
    status_code=201,
    response_model=ExportRead,
    responses={
        202: {"description": "It is being made: look again.", "model": ExportRead},
        **documented(400, 401, 403, 404, 409, 422, 429, 503),
    },
    openapi_extra={"parameters": [KEY_PARAMETER]},
)
async def create_export(
    work_id: UUID,
    body: ExportCreate,
    request: Request,
    response: Response,
    services: App,
    user: CurrentUser,
    language: Language,
) -> Any:  # noqa: ANN401
    """Export a certified work. Free, and the same bytes whenever it is asked for again."""
    async with services.sessions.begin() as session:
        work = await works.get_work(session, work_id, owner_id=user.user_id)
        key, certification = read_key(request), require_sealing(services)
        asked = await ask_export(
            session,
            work,
            wanted=body.format,
            size=body.size,
            key=key,
            language=language,
            agreed_to=body.agree_to,
            is_labelled=not body.unlabelled,
            now=services.clock(),
        )
    if asked.state is WorkExportState.QUEUED:
        await wait_a_moment(certification.begin(certification.exports.bring_forward(asked.id)))
    async with services.sessions() as session:
        export = await exports.get(session, asked.id)
    response.headers["Location"] = f"/v1/exports/{export.id}"
    if export.state is WorkExportState.QUEUED:
        response.status_code = 202
        response.headers["Retry-After"] = "1"
    return read_export(services, export)


@router.get("/v1/works/{work_id}/exports", responses=documented(401, 404, 409, 422, 429))
async def list_exports(work_id: UUID, services: App, session: Reading, user: CurrentUser) -> ExportList:
    """What one of my works can be exported as once it is certified, and what was."""
    work = await works.get_work(session, work_id, owner_id=user.user_id)
    certificate = await queries.find_of_work(session, work_id)
    if certificate is not None and certificate.owner_id != user.user_id:
        raise CertificateNotFoundError("The certificate of this work belongs to somebody else now.")
    found = []
    if certificate is not None:
        found = list(await exports.list_exports(session, certificate.id, owner_id=user.user_id))
    return ExportList(
        certificate=certificate and await read_certificate(services, session, certificate, user.user_id),
        formats=list(formats_of(work)),
        sizes=list(SIZES),
        items=[read_export(services, export) for export in found],
    )


@router.get("/v1/certificates/{reference}/exports", responses=documented(401, 404, 422, 429))
async def list_exports_of_certificate(
    reference: Reference, services: App, session: Reading, user: CurrentUser
) -> list[ExportRead]:
    """The files that belong to a certificate of mine, also when it came from somebody else."""
    certificate = await queries.get_own(session, reference, user.user_id)
    found = await exports.list_exports(session, certificate.id, owner_id=user.user_id)
    return [read_export(services, export) for export in found]


@router.get("/v1/exports/{export_id}", responses=documented(401, 404, 422, 429))
async def get_export(export_id: UUID, services: App, session: Reading, user: CurrentUser) -> ExportRead:
    """How far an export has come, with a fresh link when it is ready."""
    return read_export(services, await exports.get_own(session, export_id, user.user_id))


@router.get(
    "/certified/{export_id}",
    dependencies=[ByAddress],
    response_class=Response,
    responses={
        200: {"description": "The file.", "content": {"application/octet-stream": {}}},
        307: {"description": "The file is at the object store, under a signed URL."},
        **documented(403, 404, 422, 429),
    },
)
async def get_certified_file(
    export_id: UUID, services: App, expires: Expires, signature: Signature
) -> Response:
    """An exported file by its signed link."""
    require_signed(services, FILE_AREA, export_id, expires, signature)
    async with services.sessions() as session:
        export = await exports.get(session, export_id)
    if export.object_key is None or export.sha256 is None or export.media_type is None:
        raise ExportNotFoundError("This file is gone.")
    headers = {"etag": f'"{export.sha256.hex()}"', "content-length": str(export.size_bytes)}
    if export.media_type.startswith("text/html"):
        headers["content-security-policy"] = PAGE_POLICY
    return await stream(
        services, export.object_key, export.media_type, name=file_name(export), headers=headers
    )


@router.get(
    "/bundles/{export_id}",
    dependencies=[ByAddress],
    response_class=Response,
    responses={
        200: {"description": "The ZIP.", "content": {ZIP: {}}},
        **documented(403, 404, 409, 422, 429, 503),
    },
)
async def get_bundle(
    export_id: UUID, services: App, language: Language, expires: Expires, signature: Signature
) -> Response:
    """An exported file with everything that proves it, by its signed link."""
    require_signed(services, BUNDLE_AREA, export_id, expires, signature)
    async with services.sessions() as session:
        export = await exports.get(session, export_id)
    content = await require_certification(services).papers.pack(export, language, name=file_name(export))
    name = f"{export.certificate.number}-{export.format}.zip"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "private, no-store"}
    return StreamingResponse(iter([content]), media_type=ZIP, headers=headers)


def file_name(export: WorkExport) -> str:
    """What it is saved as: the certificate's number, and the size where it is not the original."""
    extension = EXTENSIONS[ExportFormat(export.format)]
    parts = [export.certificate.number]
    parts += [] if export.size == "original" else [export.size]
    parts += [] if export.is_labelled else ["unlabelled"]
    return f"{'-'.join(parts)}.{extension}"
