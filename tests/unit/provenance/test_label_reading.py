"""Labels as other producers write them, and files that mean harm."""

import html
import json
import zlib
from typing import Any

import pytest
from PIL import Image

from provenance.containers import xmp
from provenance.containers.carried import LONGEST_BYTES
from provenance.containers.errors import ContainerError
from provenance.containers.files import read_carried
from provenance.containers.reading import read_labels
from provenance.implicit import ImplicitLabelError, produced, read_anybodys
from tests.factories.sealed_files import encoded
from tests.unit.provenance.test_label_pictures import with_packet, with_text_chunk

LABEL = produced("001191440300708461136T1XGW3", "0199c3f2b7a07c4e8d1f6a5b4c3d2e1f")
BARE = LABEL.to_json()
WRAPPED = json.dumps({"AIGC": json.loads(BARE)})
PACKET = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:a="http://www.tc260.org.cn/ns/AIGC/1.0/"{}</rdf:Description>'
    "</rdf:RDF></x:xmpmeta>"
)


PNG_END = b"\0\0\0\0IEND\xaeB\x60\x82"


def exif(comment: bytes) -> Image.Exif:
    made = Image.Exif()
    made.get_ifd(0x8769)[0x9286] = comment
    return made


def packed(inside: str) -> bytes:
    return PACKET.format(inside).encode()


def element(text: str) -> bytes:
    return packed(f"><a:AIGC>{text}</a:AIGC>")


COMMENT = exif(b"ASCII\0\0\0" + WRAPPED.encode())
SEGMENT = b"\xff\xd8\xff\xe9" + (6 + len(BARE)).to_bytes(2, "big") + b"AIGC" + BARE.encode()
OTHERS = {
    "an attribute": ("image/jpeg", with_packet("JPEG", packed(f' a:AIGC="{html.escape(BARE)}">'))),
    "single quotes": ("image/jpeg", with_packet("JPEG", packed(f" a:AIGC='{BARE}'>"))),
    "escaped twice": ("image/png", with_packet("PNG", element(html.escape(html.escape(BARE))))),
    "in character data": ("image/webp", with_packet("WEBP", element(f"<![CDATA[{BARE}]]>"))),
    "in broken XML": ("image/jpeg", with_packet("JPEG", f"<T:AIGC>{html.escape(BARE)}</T:AIGC>&".encode())),
    "in a comment": ("image/jpeg", encoded("JPEG", exif=COMMENT)),
    "in a wide comment": (
        "image/jpeg",
        encoded("JPEG", exif=exif(b"UNICODE\0" + WRAPPED.encode("utf-16-le"))),
    ),
    "in a comment of WebP": ("image/webp", encoded("WEBP", exif=COMMENT)),
    "in a comment of PNG": (
        "image/png",
        with_text_chunk(b"eXIf", COMMENT.tobytes().removeprefix(b"Exif\0\0")),
    ),
    "tEXt": ("image/png", with_text_chunk(b"tEXt", b"AIGC\0" + WRAPPED.encode())),
    "zTXt": ("image/png", with_text_chunk(b"zTXt", b"AIGC\0\0" + zlib.compress(BARE.encode()))),
    "packed iTXt": (
        "image/png",
        with_text_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(element(BARE))),
    ),
    "bare in a segment": ("image/jpeg", encoded("JPEG").replace(b"\xff\xd8", SEGMENT, 1)),
}


class TestOthers:
    @pytest.mark.parametrize(("media_type", "content"), OTHERS.values(), ids=OTHERS)
    def test_their_labels_are_read(self, media_type: str, content: bytes) -> None:
        assert [found.label for found in read_labels(content, media_type)] == [LABEL]

    def test_all_of_them_are_found_and_named(self) -> None:
        packet = PACKET.format(f"><a:AIGC>{BARE}</a:AIGC><a:AIGC>{{}}</a:AIGC>").encode()
        found = read_labels(
            encoded("JPEG", xmp=packet, exif=exif(b"ASCII\0\0\0" + WRAPPED.encode())), "image/jpeg"
        )
        assert {one.place for one in found} == {"xmp", "exif:UserComment"}
        assert [one.label for one in found].count(LABEL) == 2
        assert [one.fault for one in found if one.label is None] == [
            "a required key of an implicit label is missing"
        ]

    def test_free_keys_may_be_missing_and_numbers_are_digits(self) -> None:
        label = read_anybodys('{"Label":1,"ContentProducer":"a","ProduceID":"b"}')
        assert (label.label, label.producer, label.produce_id, label.propagator) == ("1", "a", "b", "")

    def test_what_looks_escaped_in_a_label_of_ours_is_left_alone(self) -> None:
        label = produced(None, "a&amp;b&quot;")
        assert read_anybodys(label.to_json()) == label

    @pytest.mark.parametrize(
        "text",
        ["", "1", "[]", '{"AIGC":{}}', '{"AIGC":"x"}', '{"Label":"1","ContentProducer":"","ProduceID":"b"}',
         '{"Label":"1","Label":"1","ContentProducer":"a","ProduceID":"b"}', "[" * 4000, "x" * 5000,
         '{"Label":["1"],"ContentProducer":"a","ProduceID":"b"}'],
    )  # fmt: skip
    def test_what_is_no_label_is_said_to_be_none(self, text: str) -> None:
        with pytest.raises(ImplicitLabelError):
            read_anybodys(text)


class TestHarm:
    """Each is answered at once, with little memory, by nothing or a refusal."""

    def test_a_compressed_chunk_is_unpacked_to_a_megabyte_at_most(self) -> None:
        bomb = with_text_chunk(b"zTXt", b"AIGC\0\0" + zlib.compress(bytes(40_000_000)))
        (carried,) = read_carried(bomb, "image/png")
        assert len(carried.text) == LONGEST_BYTES
        (found,) = read_labels(bomb, "image/png")
        assert found.label is None

    def test_a_packet_that_declares_entities_is_not_followed(self) -> None:
        declared = b"<!DOCTYPE x [<!ENTITY b '" + html.escape(BARE).encode() + b"'>]>" + element("&b;")
        with pytest.raises(ContainerError):
            xmp.labelled(declared, BARE, None)
        assert [found.label for found in read_labels(with_packet("PNG", declared), "image/png")] == [None]

    @pytest.mark.parametrize(
        "packet",
        [
            b"<!DOCTYPE a [<!ENTITY b '" + b"c" * 100 + b"'>]><a>" + b"&b;" * 9000 + b"</a>",
            b"<a>" * 12_000,
            b"<TC260:AIGC" + b" " * 60_000,
        ],
    )
    def test_packets_that_grow_or_nest_are_not_followed(self, packet: bytes) -> None:
        assert read_labels(with_packet("PNG", packet), "image/png") == []

    @pytest.mark.parametrize(
        ("media_type", "content"),
        [
            ("image/png", b"\x89PNG\r\n\x1a\n" + b"\xff\xff\xff\xffIDAT"),
            ("image/png", b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0abcd\0\0\0\0" * 140_000 + PNG_END),
            ("image/jpeg", b"\xff\xd8" + b"\xff\xe0\0\2" * 5000 + b"\xff\xda\0\2"),
            ("image/jpeg", b"\xff\xd8" + b"\xff\xe0\0\1"),
            ("image/jpeg", b"\xff\xd8" + b"\xff" * 100_000),
            ("image/gif", b"GIF89a" + bytes(7) + b"\x21\xff" + b"\1a" * 1_100_000 + b"\0;"),
            ("image/webp", b"RIFF" + (560_004).to_bytes(4, "little") + b"WEBP" + b"abcd\0\0\0\0" * 70_000),
            ("image/webp", b"RIFF\xff\xff\xff\xffWEBP" + b"abcd\xff\xff\xff\xff"),
            ("video/mp4", b"\0\0\0\x08ftyp" + b"\0\0\0\x08free" * 5000 + b"\0\0\0\x08moov"),
            ("video/mp4", b"\0\0\0\x08ftyp" + b"\0\0\0\1moov" + b"\xff" * 8),
        ],
    )  # fmt: skip
    def test_lying_lengths_and_endless_parts_are_refused(self, media_type: str, content: bytes) -> None:
        with pytest.raises(ContainerError):
            read_labels(content, media_type)

    def test_an_exif_that_points_everywhere_says_nothing(self) -> None:
        good = encoded("JPEG", exif=exif(b"ASCII\0\0\0" + WRAPPED.encode()))
        start = good.index(b"Exif\0\0")
        for at in range(start, start + 60):
            broken = bytearray(good)
            broken[at] = 0xFF
            _read_anything(bytes(broken))

    def test_nested_boxes_are_not_followed_deep(self) -> None:
        inner: Any = b""
        for _ in range(2000):
            inner = (8 + len(inner)).to_bytes(4, "big") + b"moov" + inner
        assert read_labels(b"\0\0\0\x08ftyp" + inner, "video/mp4") == []


def _read_anything(content: bytes) -> None:
    try:
        read_labels(content, "image/jpeg")
    except ContainerError:
        return
