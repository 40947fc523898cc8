"""`POST /v1/verify`: is a file intact, its signer unknown, was it altered? Nothing that is sent is kept."""

from typing import Final

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser

from provenance.evidence import MOST_EVIDENCE_BYTES, MOST_PIECES, Evidence, gather
from service.addresses import client_network
from service.dependencies import App, Language, count_request
from service.http.problems import documented
from service.http.verification_schemas import VerificationRead
from service.http.verification_views import read_verdict
from service.limits.limiter import Policy
from service.verification.errors import FileNotVerifiableError
from service.wiring import Services

PATH: Final = "/v1/verify"
FORM: Final = "multipart/form-data"
_EVIDENCE: Final = ("certificate", "record", "proof")

router = APIRouter(tags=["provenance"])


async def count_verification(request: Request, services: App) -> None:
    """Reading strangers' files is dear: by network address and hour, before the body is read."""
    policy = Policy("verification", services.settings.limits.verifications_per_address_hour, 3600)
    await count_request(request, services, client_network(request), policy)


class _Parser(MultiPartParser):
    """Keeps files in memory: nothing that is sent to be verified touches a disk."""

    def __init__(self, request: Request, most_bytes: int) -> None:
        super().__init__(
            request.headers,
            request.stream(),
            max_files=1 + 3 * MOST_PIECES,
            max_fields=4,
            max_part_size=MOST_EVIDENCE_BYTES,
        )
        self.spool_max_size = most_bytes + 1


@router.post(
    PATH,
    dependencies=[Depends(count_verification)],
    response_model=VerificationRead,
    responses=documented(400, 413, 422, 429, 503),
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "The file alone, at most 32 MB: PNG, JPEG, WebP, GIF, MP4, HTML, PDF, Markdown, "
            "text, or a bundle that was exported with it (ZIP). Or a form with the file and its evidence.",
            "content": {
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
                FORM: {
                    "schema": {
                        "type": "object",
                        "required": ["file"],
                        "properties": {
                            "file": {"type": "string", "format": "binary"},
                            "certificate": {
                                "type": "string",
                                "format": "binary",
                                "description": "`certificate.json`, when it is not in the bundle.",
                            },
                            "record": {
                                "type": "array",
                                "items": {"type": "string", "format": "binary"},
                                "description": "`export.entry.json` of another format or size.",
                            },
                            "proof": {
                                "type": "array",
                                "items": {"type": "string", "format": "binary"},
                                "description": "`.tlog-proof` of either.",
                            },
                        },
                    }
                },
            },
        }
    },
)
async def verify_file(request: Request, services: App, language: Language) -> VerificationRead:
    """Verify a file. No account is needed, and nothing is kept: not the file, not its name, not its looks.

    Without evidence we look for our own certificate of exactly these bytes. A picture that is not intact is
    compared with certified ones by its looks: `similar` is a hint where it may come from, and never a proof.
    """
    content, evidence = await _read(request, services)
    return read_verdict(await services.verifier.verify(content, evidence), language)


async def _read(request: Request, services: Services) -> tuple[bytes, Evidence]:
    """Raises: HTTPException; FileNotVerifiableError: a form without a file, or with two."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        return await request.body(), Evidence()
    try:
        form = await _Parser(request, services.settings.limits.verified_bytes).parse()
    except (MultiPartException, KeyError) as error:
        raise HTTPException(400) from error
    try:
        files = form.getlist("file")
        if len(files) != 1 or not isinstance(files[0], UploadFile):  # which one would it be about?
            raise FileNotVerifiableError
        pieces = [await _content(piece) for name in _EVIDENCE for piece in form.getlist(name)]
        return await files[0].read(), gather(pieces)
    finally:
        await form.close()


async def _content(piece: UploadFile | str) -> bytes:
    return piece.encode() if isinstance(piece, str) else await piece.read(MOST_EVIDENCE_BYTES + 1)
