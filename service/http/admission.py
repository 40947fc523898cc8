"""`POST /v1/generations`, the hot path: a lane."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from billing.errors import InsufficientCreditsError
from generators.specs import CardSpec, ImageSpec, LyricsSpec
from service import metrics
from service.dependencies import authenticate, count_request, user_policy
from service.flows.request_generation import request_generation
from service.http import problems
from service.http.idempotency import KEY_PARAMETER, read_key
from service.http.lanes import read_json
from service.http.offers import ways_out
from service.jobs.admission import Admitted
from service.wiring import Services

PATH: Final = "/v1/generations"
RETRY_AFTER_SECONDS: Final = "1"


class _Create(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CardCreate(_Create):
    kind: Literal["card"]
    spec: CardSpec


class LyricsCreate(_Create):
    kind: Literal["lyrics"]
    spec: LyricsSpec


class ImageCreate(_Create):
    kind: Literal["image"]
    spec: ImageSpec


GenerationCreate = Annotated[CardCreate | LyricsCreate | ImageCreate, Field(discriminator="kind")]
CREATE: Final[TypeAdapter[CardCreate | LyricsCreate | ImageCreate]] = TypeAdapter(GenerationCreate)


async def create_generation(request: Request) -> Response:
    """Queue one work; 202 with its job. Repeating the same Idempotency-Key returns the first job."""
    services: Services = request.app.state.services
    try:
        principal = authenticate(services, request)
        await count_request(request, services, str(principal.user_id), user_policy(services))
        key = read_key(request)
        body = CREATE.validate_json(await read_json(request))
        admitted = await request_generation(
            services.admissions, services.catalog, owner_id=principal.user_id, key=key, spec=body.spec
        )
    except ValidationError as error:
        return problems.refuse_input(request, error.errors(include_url=False), code="invalid_spec")
    except InsufficientCreditsError as error:
        offers = await ways_out(services, request.headers.get("accept-language"), principal.user_id)
        return problems.refuse(request, error, offers=offers)
    return _accepted(admitted)


def _accepted(admitted: Admitted) -> Response:
    """The job, written by hand: every value is ours and needs no escaping."""
    if admitted.is_replay:
        metrics.REPLAYS.inc()
    else:
        metrics.ADMISSIONS.labels(admitted.kind).inc()
    created_at = admitted.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body = (
        f'{{"id":"{admitted.id}","kind":"{admitted.kind}","state":"{admitted.state}",'
        f'"price_credits":{admitted.price_credits},"created_at":"{created_at}"}}'
    )
    headers = {
        "location": f"{PATH}/{admitted.id}",
        "retry-after": RETRY_AFTER_SECONDS,
        "idempotency-replayed": "true" if admitted.is_replay else "false",
    }
    return Response(body, 202, headers=headers, media_type="application/json")


class GenerationAccepted(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f",
                    "kind": "card",
                    "state": "queued",
                    "price_credits": 1,
                    "created_at": "2026-11-24T08:00:00.000Z",
                }
            ]
        }
    )

    id: str
    kind: str
    state: str
    price_credits: int
    created_at: str


EXAMPLES: Final = {
    "card": {
        "kind": "card",
        "spec": {
            "occasion": "mid_autumn",
            "recipient": "林晚晴",
            "sender": "知夏",
            "message": None,
            "language": "zh",
            "style": "ink",
            "format": "png",
            "seed": 7,
        },
    },
    "lyrics": {
        "kind": "lyrics",
        "spec": {
            "theme": "雨夜归家",
            "mood": "tender",
            "language": "zh",
            "sections": ["verse", "chorus", "verse", "chorus"],
            "rhyme": "AABA",
            "seed": 7,
        },
    },
    "image": {
        "kind": "image",
        "spec": {
            "prompt": "plum blossom in snow",
            "width_px": 1024,
            "height_px": 1024,
            "style": "plum",
            "seed": 7,
        },
    },
}


def describe() -> tuple[dict[str, Any], dict[str, Any]]:
    """The OpenAPI operation, and the component schemas that it refers to."""
    schema = CREATE.json_schema(ref_template="#/components/schemas/{model}")
    accepted = GenerationAccepted.model_json_schema(ref_template="#/components/schemas/{model}")
    components = schema.pop("$defs")
    components["GenerationAccepted"] = accepted
    components["GenerationCreate"] = schema
    operation: dict[str, Any] = {
        "tags": ["generation"],
        "summary": "Create Generation",
        "description": create_generation.__doc__,
        "operationId": "create_generation_v1_generations_post",
        "security": [{"Bearer": []}],
        "parameters": [KEY_PARAMETER],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/GenerationCreate"},
                    "examples": {name: {"value": value} for name, value in EXAMPLES.items()},
                }
            },
        },
        "responses": {
            "202": {
                "description": "Queued, credits held. `Location` names the job.",
                "headers": {
                    "Location": {"schema": {"type": "string"}},
                    "Idempotency-Replayed": {"schema": {"type": "string", "enum": ["true", "false"]}},
                },
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/GenerationAccepted"}}
                },
            },
            **{
                str(status): text
                for status, text in problems.documented(400, 401, 402, 403, 413, 415, 422, 429, 503).items()
            },
        },
    }
    return operation, components
