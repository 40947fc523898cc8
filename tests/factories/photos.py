"""Photos as users send them."""

import io
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
from PIL import Image

from tests.factories.people import Person


def picture(width_px: int = 640, height_px: int = 480, mode: str = "RGB") -> Image.Image:
    """Red on the left, blue on the right, so that turning it shows."""
    whole = Image.new("RGB", (width_px, height_px), (200, 30, 30))
    whole.paste((30, 30, 200), (width_px // 2, 0, width_px, height_px))
    return whole.convert(mode)


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


async def send(
    client: httpx.AsyncClient,
    person: Person,
    content: bytes | AsyncIterator[bytes],
    *,
    kind: str = "image/jpeg",
    key: str | None = None,
) -> httpx.Response:
    headers = {**person.headers, "content-type": kind, "idempotency-key": key or str(uuid4())}
    return await client.post("/v1/photos", content=content, headers=headers)


async def sent(client: httpx.AsyncClient, person: Person, image: Image.Image | None = None) -> dict[str, Any]:
    answer = await send(client, person, encoded(image or picture()))
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body
