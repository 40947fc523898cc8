"""Small files of every type that leaves, a signer, and what is said of a work."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

import av
import numpy as np
import pikepdf
from PIL import Image

from core.clock import utc_now
from provenance.credentials.chains import Authority, Subject, issue, make_authority, make_key, to_pem
from provenance.credentials.signers import FileSigner
from provenance.facts import MadeBy, SealFacts
from provenance.labels import ALGORITHMIC

PAGE: Final = '<!doctype html><html lang="zh"><head><title>花笺</title></head><body>月</body></html>'.encode()
SONG: Final = "雨夜归家\n\n[主歌]\n伞骨被风吹弯了一角\n\n算法生成\n".encode()
EXTENSIONS: Final[Mapping[str, str]] = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
    "video/mp4": "mp4",
    "application/pdf": "pdf",
    "text/html": "html",
    "text/markdown": "md",
    "text/plain": "txt",
}


def facts(produce_id: str = "0199c3f2b7a07c4e8d1f6a5b4c3d2e1f", source_type: str = ALGORITHMIC) -> SealFacts:
    return SealFacts(
        produce_id=produce_id,
        producer_code=None,
        source_type=source_type,
        language="zh",
        title="中秋快乐",
        made_at=datetime(2026, 11, 24, 8, tzinfo=UTC),
        made_by=(MadeBy("studio", "procedural-card", "1", is_model=False),),
    )


@dataclass(frozen=True)
class SigningPair:
    """root_pem: what a validator has to trust to know the signer."""

    signer: FileSigner
    root_pem: bytes


@cache
def signing_pair() -> SigningPair:
    authority = make_authority(Subject("CN", "Test", "Test root"), now=utc_now())
    return SigningPair(signer_of(authority), to_pem(authority.certificate))


def signer_of(authority: Authority, name: str = "Test signer") -> FileSigner:
    key = make_key()
    certificate = issue(authority, Subject("CN", "Test", name), key.public_key(), now=utc_now())
    return FileSigner(key, to_pem(certificate))


def picture(width: int = 96, height: int = 128) -> Image.Image:
    """A smooth one, so that every encoder has something to do."""
    across, down = np.meshgrid(np.arange(width), np.arange(height))
    pixels = np.stack([across * 2 % 256, down * 2 % 256, (across + down) % 256], axis=2)
    return Image.fromarray(pixels.astype(np.uint8))


def encoded(form: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture().save(file, form, **options)
    return file.getvalue()


def animated(form: str) -> bytes:
    frames = [Image.new("RGB", (40, 30), (60 * n, 20, 20)) for n in range(4)]
    file = io.BytesIO()
    frames[0].save(file, form, save_all=True, append_images=frames[1:], duration=80, loop=0)
    return file.getvalue()


def film(folder: Path, movflags: str = "+faststart") -> bytes:
    """Twelve frames that differ."""
    path = folder / "film.mp4"
    with av.open(str(path), "w", options={"movflags": movflags} if movflags else {}) as container:
        stream = container.add_stream("libx264", rate=24)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(12):
            container.mux(
                stream.encode(av.VideoFrame.from_ndarray(np.full((48, 64, 3), 20 * number, np.uint8)))
            )
        container.mux(stream.encode(None))
    return path.read_bytes()


def document() -> bytes:
    """Two blank pages with a title and an XMP packet of somebody else."""
    file = io.BytesIO()
    with pikepdf.new() as made:
        made.add_blank_page()
        made.add_blank_page()
        with made.open_metadata() as metadata:
            metadata["dc:title"] = "雨夜归家"
        made.save(file)
    return file.getvalue()


def every_type(folder: Path) -> dict[str, bytes]:
    """One unlabelled file by media type."""
    return {
        "image/png": encoded("PNG"),
        "image/jpeg": encoded("JPEG"),
        "image/webp": encoded("WEBP"),
        "image/gif": animated("GIF"),
        "video/mp4": film(folder),
        "application/pdf": document(),
        "text/html": PAGE,
        "text/markdown": b"# " + SONG,
        "text/plain": SONG,
    }
