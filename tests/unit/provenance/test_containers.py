"""Labels in real films, pictures and pages: written, read back, replaced, and nothing else changed."""

import io
from collections.abc import Iterator
from pathlib import Path

import av
import pytest
from PIL import Image

from provenance.containers import mp4, xmp
from provenance.containers.boxes import walk
from provenance.containers.errors import ContainerError
from provenance.containers.files import read_label, write_label
from provenance.implicit import ImplicitLabelError, produced
from tests.factories.sealed_files import film

LABEL = produced("001191440300708461136T1XGW3", "0199c3f2b7a07c4e8d1f6a5b4c3d2e1f")
OTHER = produced(None, "another")
PAGE = b'<!doctype html><html lang="zh"><head><title>x</title></head><body>&lt;/head&gt;</body></html>'


@pytest.fixture(params=["+faststart", "", "+frag_keyframe+empty_moov+default_base_moof"])
def any_film(request: pytest.FixtureRequest, tmp_path: Path) -> bytes:
    """With its index before and behind the samples, and in fragments."""
    return film(tmp_path, request.param)


@pytest.fixture
def animation() -> bytes:
    frames = [Image.new("RGB", (40, 30), (60 * n, 20, 20)) for n in range(4)]
    file = io.BytesIO()
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:], duration=80, loop=1)
    return file.getvalue()


def decoded(content: bytes) -> list[bytes]:
    with av.open(io.BytesIO(content), "r") as container:
        return [frame.to_ndarray(format="rgb24").tobytes() for frame in container.decode(video=0)]


class TestFilms:
    def test_the_label_is_read_back_and_every_frame_still_plays(self, any_film: bytes) -> None:
        labelled = write_label(any_film, "video/mp4", LABEL)
        assert read_label(labelled, "video/mp4") == LABEL
        assert decoded(labelled) == decoded(any_film)

    def test_ffmpeg_reads_it_under_its_key(self, any_film: bytes) -> None:
        with av.open(io.BytesIO(write_label(any_film, "video/mp4", LABEL))) as container:
            assert container.metadata["AIGC"] == LABEL.to_json()

    def test_a_file_has_one_label(self, any_film: bytes) -> None:
        twice = write_label(write_label(any_film, "video/mp4", OTHER), "video/mp4", LABEL)
        assert read_label(twice, "video/mp4") == LABEL
        assert twice.count(b"ContentProducer") == 1
        assert decoded(twice) == decoded(any_film)

    def test_other_user_data_stays(self, any_film: bytes) -> None:
        if b"udta" not in any_film:
            pytest.skip("this muxer wrote none")
        labelled = write_label(any_film, "video/mp4", LABEL)
        with av.open(io.BytesIO(any_film)) as before, av.open(io.BytesIO(labelled)) as after:
            assert {**before.metadata, "AIGC": LABEL.to_json()} == after.metadata

    def test_a_film_without_one_has_none(self, any_film: bytes) -> None:
        assert read_label(any_film, "video/mp4") is None

    @pytest.mark.parametrize("cut", [0, 3, 7, 8, 40])
    def test_a_broken_film_is_refused(self, any_film: bytes, cut: int) -> None:
        with pytest.raises(ContainerError):
            write_label(any_film[:cut], "video/mp4", LABEL)

    def test_no_broken_byte_does_worse_than_a_refusal(self, tmp_path: Path) -> None:
        whole = film(tmp_path, "+faststart")
        for at in range(whole.index(b"mdat")):
            broken = bytearray(whole)
            broken[at] ^= 0xFF
            with _refusal_allowed():
                write_label(bytes(broken), "video/mp4", LABEL)

    def test_boxes_without_end_are_refused(self) -> None:
        with pytest.raises(ContainerError):
            list(walk((8).to_bytes(4, "big") * 2 * 5000))


class _refusal_allowed:  # noqa: N801 - reads as a statement
    def __enter__(self) -> None:
        return

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        return kind is not None and issubclass(kind, ContainerError)


class TestAnimations:
    def test_the_label_is_read_back_and_every_frame_still_shows(self, animation: bytes) -> None:
        labelled = write_label(animation, "image/webp", LABEL)
        assert read_label(labelled, "image/webp") == LABEL
        with Image.open(io.BytesIO(labelled)) as after:
            assert (after.n_frames, after.info["loop"]) == (4, 1)  # type: ignore[attr-defined]
            assert b"TC260:AIGC" in after.info["xmp"]
        assert list(frames_of(labelled)) == list(frames_of(animation))

    def test_what_the_packet_says_otherwise_stays(self, animation: bytes) -> None:
        packet = xmp.source_packet("x").replace(
            b"</rdf:RDF>", b"<rdf:Description><a/></rdf:Description></rdf:RDF>"
        )
        with Image.open(io.BytesIO(animation)) as picture:
            file = io.BytesIO()
            picture.save(file, "WEBP", save_all=True, xmp=packet)
        first = write_label(file.getvalue(), "image/webp", OTHER)
        labelled = write_label(first, "image/webp", LABEL)
        assert read_label(labelled, "image/webp") == LABEL
        assert labelled.count(b"ContentProducer") == 1
        assert b"<a/>" in labelled

    def test_other_files_are_refused(self, animation: bytes) -> None:
        for broken in (b"", b"RIFF", animation[:40], b"\x89PNG" + animation):
            with pytest.raises(ContainerError):
                write_label(broken, "image/webp", LABEL)


def frames_of(content: bytes) -> Iterator[bytes]:
    with Image.open(io.BytesIO(content)) as picture:
        for number in range(picture.n_frames):  # type: ignore[attr-defined]
            picture.seek(number)
            yield picture.convert("RGB").tobytes()


class TestPages:
    def test_the_label_is_read_back(self) -> None:
        labelled = write_label(PAGE, "text/html", LABEL)
        assert read_label(labelled, "text/html") == LABEL
        assert labelled.replace(labelled[labelled.index(b"<meta") : labelled.index(b"</head>")], b"") == PAGE

    def test_a_page_is_labelled_once(self) -> None:
        twice = write_label(write_label(PAGE, "text/html", OTHER, source_type="x"), "text/html", LABEL)
        assert twice == write_label(PAGE, "text/html", LABEL)

    def test_a_label_of_others_is_not_written_beside(self) -> None:
        page = PAGE.replace(b"<head>", b"<head><META content='{}' name=AIGC>")
        with pytest.raises(ContainerError):
            write_label(page, "text/html", LABEL)

    def test_a_page_without_a_head_is_refused(self) -> None:
        with pytest.raises(ContainerError):
            write_label(b"<p>x</p>", "text/html", LABEL)


class TestTypes:
    def test_other_types_are_refused(self) -> None:
        with pytest.raises(ContainerError):
            write_label(b"", "image/tiff", LABEL)

    def test_a_malformed_label_is_told_apart_from_none(self, tmp_path: Path) -> None:
        content = mp4.write(film(tmp_path, "+faststart"), '{"Label":"1"}')
        with pytest.raises(ImplicitLabelError):
            read_label(content, "video/mp4")

    def test_a_label_that_did_not_arrive_is_noticed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """As when a muxer drops keys that it does not know."""
        monkeypatch.setattr("provenance.containers.html.write", lambda content, text, source_type: content)
        with pytest.raises(ContainerError):
            write_label(PAGE, "text/html", LABEL)
