"""Labels in pictures: once, before readers that are not ours, with every pixel as it was."""

import io
import zlib

import pytest
from PIL import Image

from provenance.containers import gif, xmp
from provenance.containers.errors import ContainerError
from provenance.containers.files import read_label, write_label
from provenance.containers.reading import read_labels
from provenance.implicit import produced
from provenance.labels import ALGORITHMIC, TRAINED
from tests.factories.sealed_files import animated, encoded, picture

LABEL = produced("001191440300708461136T1XGW3", "0199c3f2b7a07c4e8d1f6a5b4c3d2e1f")
OTHER = produced(None, "another")
OTHERS_XMP = xmp.source_packet("x").replace(
    b"</rdf:RDF>",
    b"<rdf:Description xmlns:dc='http://purl.org/dc/elements/1.1/' dc:creator='&lt;b>'/></rdf:RDF>",
)
PICTURES = {
    "png": ("image/png", encoded("PNG")),
    "stored png": ("image/png", encoded("PNG", compress_level=0)),
    "jpeg": ("image/jpeg", encoded("JPEG")),
    "progressive jpeg with EXIF": ("image/jpeg", encoded("JPEG", progressive=True, exif=Image.Exif())),
    "lossy webp": ("image/webp", encoded("WEBP")),
    "lossless webp": ("image/webp", encoded("WEBP", lossless=True)),
    "moving webp": ("image/webp", animated("WEBP")),
    "gif": ("image/gif", encoded("GIF")),
    "moving gif": ("image/gif", animated("GIF")),
}


@pytest.fixture(params=list(PICTURES.values()), ids=list(PICTURES))
def one(request: pytest.FixtureRequest) -> tuple[str, bytes]:
    found: tuple[str, bytes] = request.param
    return found


def frames(content: bytes) -> list[bytes]:
    with Image.open(io.BytesIO(content)) as opened:
        shown = []
        for number in range(getattr(opened, "n_frames", 1)):
            opened.seek(number)
            shown.append(opened.convert("RGBA").tobytes())
        return shown


class TestWriting:
    def test_the_label_is_there_once_and_every_pixel_stays(self, one: tuple[str, bytes]) -> None:
        media_type, content = one
        labelled = write_label(content, media_type, LABEL, source_type=ALGORITHMIC)
        assert [found.label for found in read_labels(labelled, media_type)] == [LABEL]
        assert frames(labelled) == frames(content)

    def test_a_second_label_takes_the_place_of_the_first(self, one: tuple[str, bytes]) -> None:
        media_type, content = one
        first = write_label(content, media_type, OTHER, source_type=TRAINED)
        second = write_label(first, media_type, LABEL, source_type=ALGORITHMIC)
        assert [found.label for found in read_labels(second, media_type)] == [LABEL]
        assert second.count(b"ContentProducer") == 1
        assert (second.count(ALGORITHMIC.encode()), second.count(TRAINED.encode())) == (1, 0)
        assert second == write_label(second, media_type, LABEL, source_type=ALGORITHMIC)

    @pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
    def test_a_packet_of_others_is_added_to(self, form: str) -> None:
        media_type = f"image/{form.lower()}"
        content = with_packet(form, OTHERS_XMP)
        labelled = write_label(content, media_type, LABEL, source_type=ALGORITHMIC)
        with Image.open(io.BytesIO(labelled)) as opened:
            packet = opened.info["xmp"]
        assert b"dc:creator='&lt;b>'" in packet
        assert xmp.read_source_types(packet) == [ALGORITHMIC]
        assert [found.text for found in xmp.read(packet)] == [LABEL.to_json()]

    @pytest.mark.parametrize(
        "packet",
        [b"", b"<x", b"<a/>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", b"<a>" * 100 + b"</a>" * 100],
    )
    def test_a_packet_that_is_none_is_not_added_to(self, packet: bytes) -> None:
        with pytest.raises(ContainerError):
            xmp.labelled(packet, "{}", None)

    def test_transparency_survives(self) -> None:
        file = io.BytesIO()
        image = picture().convert("RGBA")
        image.putalpha(100)
        image.save(file, "WEBP", lossless=True)
        labelled = write_label(file.getvalue(), "image/webp", LABEL)
        with Image.open(io.BytesIO(labelled)) as opened:
            assert opened.convert("RGBA").getpixel((3, 3)) == image.getpixel((3, 3))

    def test_a_label_of_others_elsewhere_is_not_written_beside(self) -> None:
        content = with_text_chunk(b"tEXt", b"AIGC\0{}")
        with pytest.raises(ContainerError):
            write_label(content, "image/png", LABEL)

    def test_old_readers_of_gif_find_their_way_past_the_packet(self) -> None:
        """Who walks the packet as sub-blocks, from wherever, comes out at the end of the extension."""
        labelled = write_label(animated("GIF"), "image/gif", LABEL)
        ends = {one.end for one in gif.blocks(labelled)}
        begin = labelled.index(b"XMP DataXMP") + 11
        for start in range(begin, begin + 300):
            at = start
            while labelled[at]:
                at += 1 + labelled[at]
            assert at + 1 in ends


class TestReading:
    @pytest.mark.parametrize("cut", [0, 3, 8, 30, 90])
    def test_what_is_cut_off_is_refused(self, one: tuple[str, bytes], cut: int) -> None:
        with pytest.raises(ContainerError):
            write_label(one[1][: min(cut, len(one[1]) - 1)], one[0], LABEL)

    def test_other_types_are_refused(self, one: tuple[str, bytes]) -> None:
        wrong = "image/png" if one[0] != "image/png" else "image/jpeg"
        with pytest.raises(ContainerError):
            read_label(one[1], wrong)

    def test_no_broken_byte_does_worse_than_a_refusal(self, one: tuple[str, bytes]) -> None:
        labelled = write_label(one[1], one[0], LABEL)
        for at in [*range(64), *range(64, len(labelled), 41)]:
            broken = bytearray(labelled)
            broken[at] ^= 0xFF
            try:
                read_labels(bytes(broken), one[0])
            except ContainerError:
                continue


def with_packet(form: str, packet: bytes) -> bytes:
    if form == "PNG":
        return with_text_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet)
    return encoded(form, xmp=packet)


def with_text_chunk(kind: bytes, data: bytes) -> bytes:
    content = encoded("PNG")
    chunk = len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
    return content[:33] + chunk + content[33:]
