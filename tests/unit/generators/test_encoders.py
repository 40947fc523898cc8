"""Files that other programs can read, and PNG that loses nothing."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from generators.contracts import Pixels
from generators.encoders import encode, extension, media_type, thumbnail
from generators.specs import PictureFormat


def make_picture(height: int = 120, width: int = 200) -> Pixels:
    """A smooth gradient with a hard red square: what encoders find easy and hard."""
    across, down = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    picture = np.dstack([across, down, 255 - across]).astype(np.uint8)
    picture[height // 3 : height // 2, width // 3 : width // 2] = (196, 30, 34)
    return picture


def make_noise(height: int, width: int) -> Pixels:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)


def decode(file: bytes) -> Pixels:
    with Image.open(io.BytesIO(file)) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (7, 5), (120, 200), (333, 257)])
@pytest.mark.parametrize("make", [make_picture, make_noise])
def test_png_is_bit_exact_for_two_decoders(make: object, size: tuple[int, int]) -> None:
    assert callable(make)
    pixels: Pixels = make(*size)
    file = encode(pixels, PictureFormat.PNG)
    assert np.array_equal(decode(file), pixels)
    other = cv2.imdecode(np.frombuffer(file, dtype=np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(np.asarray(other)[..., ::-1], pixels)


@pytest.mark.parametrize("picture_format", [PictureFormat.JPEG, PictureFormat.WEBP])
def test_lossy_formats_stay_close_and_keep_the_channel_order(picture_format: PictureFormat) -> None:
    pixels = make_picture()
    apart = np.abs(decode(encode(pixels, picture_format)).astype(int) - pixels.astype(int))
    assert apart.mean() < 4
    assert apart.max() < 140


@pytest.mark.parametrize("picture_format", [PictureFormat.JPEG, PictureFormat.WEBP])
def test_quality_costs_bytes(picture_format: PictureFormat) -> None:
    pixels = make_picture()
    low, usual, high = (encode(pixels, picture_format, quality=quality) for quality in (30, None, 98))
    assert len(low) < len(usual) < len(high)


def test_jpeg_keeps_the_colour_of_a_stroke() -> None:
    """Chroma is halved: two pixels, the thinnest stroke of a seal, must still be red on blue."""
    stroke = np.full((32, 32, 3), (30, 30, 220), dtype=np.uint8)
    stroke[:, 16:18] = (220, 30, 30)
    shown = decode(encode(stroke, PictureFormat.JPEG))
    assert shown[16, 16, 0] > 150 > shown[16, 20, 0]


@pytest.mark.parametrize("picture_format", PictureFormat)
def test_a_view_that_is_not_contiguous_is_encoded_as_it_looks(picture_format: PictureFormat) -> None:
    flipped = make_picture()[::-1, ::-1]
    assert encode(flipped, picture_format) == encode(np.ascontiguousarray(flipped), picture_format)


@pytest.mark.parametrize(
    ("picture_format", "kind", "ending", "start"),
    [
        (PictureFormat.PNG, "image/png", ".png", b"\x89PNG\r\n\x1a\n"),
        (PictureFormat.JPEG, "image/jpeg", ".jpg", b"\xff\xd8\xff"),
        (PictureFormat.WEBP, "image/webp", ".webp", b"RIFF"),
    ],
)
def test_names_and_bytes_agree(picture_format: PictureFormat, kind: str, ending: str, start: bytes) -> None:
    assert media_type(picture_format) == kind
    assert extension(picture_format) == ending
    assert encode(make_picture(), picture_format).startswith(start)


@pytest.mark.parametrize(
    ("height", "width", "longest", "shown"),
    [
        (400, 300, 100, (100, 75)),
        (300, 400, 100, (75, 100)),
        (50, 40, 100, (50, 40)),
        (256, 2048, 64, (8, 64)),
    ],
)
def test_a_thumbnail_fits_and_is_never_enlarged(
    height: int, width: int, longest: int, shown: tuple[int, int]
) -> None:
    file = thumbnail(make_picture(height, width), longest_px=longest)
    assert file[8:12] == b"WEBP"
    assert decode(file).shape[:2] == shown


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4), dtype=np.uint8),
        np.zeros((4, 4, 4), dtype=np.uint8),
        np.zeros((4, 4, 3), dtype=np.float32),
        np.zeros((0, 4, 3), dtype=np.uint8),
    ],
)
def test_what_is_no_rgb_picture_is_refused(pixels: Pixels) -> None:
    with pytest.raises(ValueError, match="uint8 RGB"):
        encode(pixels, PictureFormat.PNG)


@pytest.mark.parametrize("quality", [0, 101])
def test_quality_out_of_range_is_refused(quality: int) -> None:
    with pytest.raises(ValueError, match="quality"):
        encode(make_picture(), PictureFormat.JPEG, quality=quality)
