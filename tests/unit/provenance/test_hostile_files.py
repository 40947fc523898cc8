"""Files that lie about themselves: an answer or a refusal, never an accident, and never much memory."""

import io
import random
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest
from PIL import Image

from provenance.credentials.facts import CredentialTrust
from provenance.evidence import BundleError, Evidence, open_bundle, read_folder
from provenance.examining import UnknownKindError, examine
from provenance.looking import UnseenError, look
from provenance.verification.judging import judge
from provenance.verification.report import Answer, Trust
from service.verification.reading import read
from tests.factories.certified import certified
from tests.factories.tampering import EVERYTHING

NOBODY = CredentialTrust()
PEAK_BYTES = 120 << 20  # of what Python allocates; files have at most 5 MB here


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def bomb(width_px: int, height_px: int) -> bytes:
    """A PNG that says it is huge and holds a few bytes."""
    head = struct.pack(">IIBBBBB", width_px, height_px, 8, 2, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + data + chunk(b"IEND", b"")


def inflating() -> bytes:
    """A PNG whose text unpacks to a hundred megabytes."""
    text = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(100 << 20), 9)
    return bomb(64, 64).replace(chunk(b"IEND", b""), chunk(b"iTXt", text) + chunk(b"IEND", b""))


def nested_boxes(size_bytes: int) -> bytes:
    """Boxes in boxes in boxes, each a little smaller than the one around it."""
    depth = size_bytes // 8
    start = struct.pack(">I4s8s", 16, b"ftyp", b"isom\0\0\0\0")
    return start + b"".join(struct.pack(">I4s", 8 * (depth - at), b"moov") for at in range(depth))


def many_boxes(size_bytes: int) -> bytes:
    start = struct.pack(">I4s8s", 16, b"ftyp", b"isom\0\0\0\0")
    return start + struct.pack(">I4s", 8, b"free") * (size_bytes // 8)


def polyglot() -> bytes:
    """A JPEG for some, a ZIP for others."""
    target = io.BytesIO(certified("image/jpeg").content)
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr("evil.html", "<script>alert(1)</script>")
    return target.getvalue()


HOSTILE = {
    "a bomb": bomb(60_000, 60_000),
    "a wide bomb": bomb(2**31 - 1, 1),
    "text that inflates": inflating(),
    "nested boxes": nested_boxes(5 << 20),
    "many boxes": many_boxes(5 << 20),
    "a box of 2^64 bytes": b"\0\0\0\x10ftypisom\0\0\0\0"
    + struct.pack(">I4sQ", 1, b"moov", 2**64 - 1)
    + bytes(99),
    "a RIFF that lies": b"RIFF\xff\xff\xff\xffWEBPVP8X\xff\xff\xff\xff" + bytes(99),
    "a chunk of 2 GiB": b"\x89PNG\r\n\x1a\n\x7f\xff\xff\xffIHDR" + bytes(99),
    "a segment that is cut off": b"\xff\xd8\xff\xe1\xff\xffExif\0\0" + bytes(99),
    "segments without end": b"\xff\xd8" + b"\xff\xe1\0\2" * 1_000_000,
    "a GIF of nothing": b"GIF89a" + bytes(99),
    "a PDF of nothing": b"%PDF-1.7\n" + b"1 0 obj << /Length 99999999999 >>" * 500,
    "a deep PDF": b"%PDF-1.7\n" + b"<<" * 200_000,
    "a page of tags": b"<html>" + b"<meta name='AIGC' content='" * 50_000,
    "a deep label": b"---\nAIGC: " + b"{" * 100_000 + b"\n---\n",
    "long front matter": b"---\n" + b"a: b\n" * 200_000,
    "a label of blanks": b"---\nAIGC:\n  Label: x" + b" " * 900_000 + b"x\n---\n",
    "blanks": b" " * (1 << 20),
}


class TestHostileFiles:
    @pytest.mark.parametrize("name", HOSTILE)
    def test_it_is_answered_or_refused_in_bounds(self, name: str) -> None:
        tracemalloc.start()
        try:
            judged = judge(read(HOSTILE[name], NOBODY).examination, Evidence(), Trust())
        except (UnknownKindError, BundleError):
            return
        finally:
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert peak < PEAK_BYTES, f"{peak >> 20} MiB"
        assert judged.answer is not Answer.INTACT

    @pytest.mark.parametrize("media_type", EVERYTHING)
    def test_a_file_cut_anywhere_is_never_intact(self, media_type: str) -> None:
        one = certified(media_type)
        for share in (0.001, 0.01, 0.1, 0.3, 0.5, 0.8, 0.99):
            content = one.content[: max(16, int(share * len(one.content)))]
            examination = examine(content, NOBODY)
            assert judge(examination, one.evidence, Trust()).answer is Answer.ALTERED
            assert judge(examination, Evidence(), Trust()).answer is not Answer.INTACT

    @pytest.mark.parametrize("media_type", EVERYTHING)
    def test_noise_in_a_file_is_survived(self, media_type: str) -> None:
        chance = random.Random(media_type)
        for _ in range(12):
            content = bytearray(certified(media_type).content)
            for _ in range(30):
                content[chance.randrange(4, 4000)] = chance.randrange(256)
            try:
                assert examine(bytes(content), NOBODY).credentials.state != "intact"
            except UnknownKindError:
                continue

    def test_what_unpacks_is_not_unpacked_a_thousand_times(self) -> None:
        text = chunk(b"zTXt", b"AIGC\0\0" + zlib.compress(bytes(1 << 20), 9))
        content = bomb(64, 64).replace(chunk(b"IEND", b""), 65 * text + chunk(b"IEND", b""))
        assert examine(content, NOBODY).container_fault == "more labels than any PNG has"

    def test_pixels_are_counted_before_they_are_decoded(self) -> None:
        for size in ((8000, 5001), (31, 400)):
            file = io.BytesIO()
            Image.new("1", size).save(file, "PNG")
            with pytest.raises(UnseenError, match="too large or too small"):
                look(file.getvalue(), "image/png")

    def test_what_hangs_on_behind_is_noticed(self) -> None:
        content = polyglot()
        one = certified("image/jpeg")
        assert judge(examine(content, NOBODY), one.evidence, Trust()).answer is Answer.ALTERED
        assert judge(examine(content, NOBODY), Evidence(), Trust()).answer is Answer.ALTERED


def zipped(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def bundled() -> dict[str, bytes]:
    """The files of a bundle, in no order of ours."""
    one = certified("image/jpeg")
    return {
        "how-to-verify.md": b"# How",
        "如何查验.md": "# 如何".encode(),
        "certificate.pdf": b"%PDF-1.7",
        "certificate.json": one.evidence.certificate or b"",
        "plum.jpg": one.content,
        "certificate.tlog-proof": one.evidence.proofs[0].encode(),
    }


class TestBundles:
    def test_what_lies_beside_a_file_is_told_apart(self) -> None:
        bundle = open_bundle(zipped(bundled()))
        assert (bundle.name, bundle.content) == ("plum.jpg", certified("image/jpeg").content)
        assert bundle.evidence == certified("image/jpeg").evidence

    def test_an_altered_file_is_still_the_one_that_is_meant(self) -> None:
        files = {**bundled(), "plum.jpg": certified("image/jpeg").content + b"x"}
        assert open_bundle(zipped(files)).name == "plum.jpg"

    @pytest.mark.parametrize(
        "decoy", ["plum.png", "plum-large.jpg", "certificate.jpg", "如何.png", "shown/plum.jpg"]
    )
    def test_what_is_said_of_one_file_is_not_believed_of_another(self, decoy: str) -> None:
        for files in ({decoy: b"GIF89a", **bundled()}, {**bundled(), decoy: b"GIF89a"}):
            with pytest.raises(BundleError):
                open_bundle(zipped(files))

    def test_two_certificates_of_one_name_are_refused(self) -> None:
        with pytest.raises(BundleError):
            open_bundle(zipped({**bundled(), "other/certificate.json": b"{}"}))

    def test_a_hidden_file_is_not_the_one_that_is_meant(self) -> None:
        shown = {**bundled(), "plum.jpg": b"GIF89a", ".plum.jpg": certified("image/jpeg").content}
        assert open_bundle(zipped(shown)).content == b"GIF89a"

    def test_what_systems_leave_in_archives_does_not_matter(self) -> None:
        left = {f"__MACOSX/._{name}": b"\0\5\x16\7" for name in bundled()} | {".DS_Store": b"\0"}
        assert open_bundle(zipped({**bundled(), **left})) == open_bundle(zipped(bundled()))

    def test_a_damaged_piece_is_not_passed_over(self) -> None:
        for name in ("certificate.json", "certificate.tlog-proof"):
            evidence = open_bundle(zipped({**bundled(), name: b"damaged"})).evidence
            assert evidence.strays == 1

    def test_other_files_of_a_folder_mean_nothing(self, tmp_path: Path) -> None:
        for name, content in {**bundled(), "package.json": b"{}", "certificates.txt": b"x"}.items():
            (tmp_path / name).write_bytes(content)
        assert read_folder(tmp_path) == certified("image/jpeg").evidence

    @pytest.mark.parametrize(
        "content",
        [
            b"PK\x03\x04" + bytes(99),
            zipped({f"{number}.txt": b"x" for number in range(40)}),
            zipped({"x.png": bytes(65 << 20)}),
            zipped(bundled())[:3000],
        ],
        ids=["broken", "crowded", "inflating", "cut off"],
    )
    def test_what_is_no_bundle_is_refused(self, content: bytes) -> None:
        with pytest.raises(BundleError):
            open_bundle(content)

    def test_a_bundle_without_a_file_is_no_file(self) -> None:
        with pytest.raises(UnknownKindError):
            read(zipped({}), NOBODY)
