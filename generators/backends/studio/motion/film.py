"""Frames into an MP4 that plays while it loads: H.264 where its encoder is there, else VP9."""

import functools
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np
from av.video.stream import VideoStream

from generators.backends.studio.motion.reel import FILM_HEIGHT_PX, FILM_WIDTH_PX
from generators.contracts import Pixels

MEDIA_TYPE: Final = "video/mp4"
EXTENSION: Final = "mp4"
# One thread: a renderer has one core, and the same frames then always give the same bytes. The motion search
# is the simplest, because cards only drift; the lookahead short, because they have no cuts.
_OPTIONS: Final = {
    "libx264": {
        "preset": "veryfast",
        "crf": "22",
        "tune": "animation",
        "x264-params": "threads=1:subme=1:me=dia:rc-lookahead=8:keyint=48",
    },
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "crf": "30", "b": "0", "g": "48", "row-mt": "0"},
}
ENCODERS: Final = tuple(_OPTIONS)  # in order of preference
# "bitexact" leaves out the name of the muxer, which changes with every release.
_MUXING: Final = {"movflags": "+faststart", "fflags": "+bitexact"}
_BT601: Final = 6  # SMPTE 170M, ISO/IEC 23091-2: what cv2 converts to
_BT709_PRIMARIES: Final = 1
_LIMITED_RANGE: Final = 1


@functools.cache
def available_encoder() -> str:
    """The best encoder that this build of FFmpeg has. Raises: RuntimeError when there is none."""
    for name in ENCODERS:
        if _has(name):
            return name
    raise RuntimeError("this build of FFmpeg encodes neither H.264 nor VP9")


def _has(name: str) -> bool:
    try:
        av.Codec(name, "w")
    except av.codec.codec.UnknownCodecError:
        return False
    return True


def encode_film(frames: Iterable[Pixels], frames_per_second: int, *, encoder: str | None = None) -> bytes:
    """One MP4 without sound; its index stands first, so that phones need not wait for the end.

    Args:
        frames: RGBA of the film's size; each is read before the next one is asked for.
        encoder: one of ENCODERS; None takes the best one there is.
    """
    name = encoder or available_encoder()
    # The muxer moves the index by reading the file again, which it cannot do in memory.
    with tempfile.TemporaryDirectory(prefix="huajian-film-") as folder:
        path = Path(folder) / "film.mp4"
        with av.open(str(path), "w", format="mp4", options=_MUXING) as container:
            stream = container.add_stream(name, rate=frames_per_second, options=_OPTIONS[name])
            if not isinstance(stream, VideoStream):
                raise TypeError(f"{name} encodes no video")
            _describe(stream)
            for number, frame in enumerate(frames):
                container.mux(stream.encode(_to_video(frame, number)))
            container.mux(stream.encode(None))
        return path.read_bytes()


def _describe(stream: VideoStream) -> None:
    stream.width, stream.height, stream.pix_fmt = FILM_WIDTH_PX, FILM_HEIGHT_PX, "yuv420p"
    context = stream.codec_context
    context.thread_count = 1
    context.colorspace, context.color_range = _BT601, _LIMITED_RANGE
    context.color_primaries, context.color_trc = _BT709_PRIMARIES, _BT709_PRIMARIES


def _to_video(frame: Pixels, number: int) -> av.VideoFrame:
    planes = np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGBA2YUV_I420), dtype=np.uint8)
    video = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    video.pts = number
    return video
