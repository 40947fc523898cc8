"""Labels in documents and texts: once, before readers that are not ours, with the words as they were."""

import io
import subprocess
import tracemalloc
from pathlib import Path

import pikepdf
import pytest
import yaml

from provenance.containers.errors import ContainerError
from provenance.containers.files import read_label, write_label
from provenance.containers.reading import read_labels
from provenance.implicit import produced
from provenance.labels import ALGORITHMIC
from tests.factories.sealed_files import SONG, document

LABEL = produced("001191440300708461136T1XGW3", "0199c3f2b7a07c4e8d1f6a5b4c3d2e1f")
OTHER = produced(None, "another")
FRONT = b"---\ntitle: x\nAIGC:\n  Label: '1'\n  other: 2\ntags: [a]\n---\n"


class TestText:
    def test_another_reader_of_yaml_reads_the_label(self) -> None:
        labelled = write_label(SONG, "text/markdown", LABEL, source_type=ALGORITHMIC).decode()
        front = yaml.safe_load(labelled.split("---\n")[1])
        assert front == {"AIGC": LABEL._values(), "DigitalSourceType": ALGORITHMIC}
        assert labelled.endswith("---\n" + SONG.decode())

    def test_what_else_the_front_matter_says_stays(self) -> None:
        labelled = write_label(FRONT + SONG, "text/plain", LABEL).decode()
        front = yaml.safe_load(labelled.split("---\n")[1])
        assert front == {"title": "x", "tags": ["a"], "AIGC": LABEL._values()}

    def test_a_text_has_one_label(self) -> None:
        once = write_label(SONG, "text/plain; charset=utf-8", LABEL, source_type=ALGORITHMIC)
        twice = write_label(once, "text/plain", OTHER, source_type=ALGORITHMIC)
        assert write_label(twice, "text/plain", LABEL, source_type=ALGORITHMIC) == once

    @pytest.mark.parametrize(
        "front",
        [
            "---\nAIGC: {json}\n---\n",
            "---\nAIGC: '{json}'\n---\n",
            '---\r\n"AIGC": {json}\r\n---\r\n',
            "\ufeff---\ntitle: x\nAIGC: {json}\n---\n",
        ],
    )
    def test_it_is_read_as_others_write_it(self, front: str) -> None:
        content = front.replace("{json}", LABEL.to_json()).encode() + SONG
        assert [found.label for found in read_labels(content, "text/markdown")] == [LABEL]

    @pytest.mark.parametrize(
        "content", [SONG, b"", b"---\nAIGC: 1\n", b"--- \nno end", b"text\n---\nAIGC: 1\n---\n"]
    )
    def test_a_text_without_front_matter_has_none(self, content: bytes) -> None:
        assert read_label(content, "text/plain") is None

    def test_what_is_no_text_is_refused(self) -> None:
        with pytest.raises(ContainerError):
            write_label(b"\xff\xfe", "text/plain", LABEL)


class TestPdf:
    def test_another_reader_reads_the_label_and_qpdf_finds_no_fault(self, tmp_path: Path) -> None:
        path = tmp_path / "sheet.pdf"
        path.write_bytes(write_label(document(), "application/pdf", LABEL, source_type=ALGORITHMIC))
        checked = subprocess.run(["qpdf", "--check", str(path)], capture_output=True, check=False, timeout=30)
        assert checked.returncode == 0, checked.stdout
        with pikepdf.open(path) as opened:
            assert str(opened.docinfo["/AIGC"]) == LABEL.to_json()
            assert len(opened.pages) == 2
            with opened.open_metadata() as metadata:
                assert metadata["dc:title"] == "雨夜归家"
                assert (
                    metadata["{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"] == ALGORITHMIC
                )

    def test_a_document_has_one_label(self) -> None:
        first = write_label(document(), "application/pdf", OTHER, source_type=ALGORITHMIC)
        twice = write_label(first, "application/pdf", LABEL, source_type=ALGORITHMIC)
        assert [found.label for found in read_labels(twice, "application/pdf")] == [LABEL]
        assert twice == write_label(twice, "application/pdf", LABEL, source_type=ALGORITHMIC)

    def test_a_document_without_one_has_none(self) -> None:
        assert read_label(document(), "application/pdf") is None

    def test_a_packet_that_unpacks_without_end_is_not_unpacked(self) -> None:
        file = io.BytesIO()
        with pikepdf.new() as made:
            made.add_blank_page()
            made.Root.Metadata = made.make_stream(bytes(50_000_000), Type=pikepdf.Name.Metadata)
            made.save(file, compress_streams=True, fix_metadata_version=False)
        assert 10_000 < len(file.getvalue()) < 100_000
        tracemalloc.start()
        try:
            assert read_label(file.getvalue(), "application/pdf") is None
            most_bytes = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert most_bytes < 10_000_000

    @pytest.mark.parametrize(
        "content", [b"", b"%PDF-1.7", b"%PDF-1.7\n" + b"1 0 obj\n" * 500, document()[:300]]
    )
    def test_what_is_none_is_refused(self, content: bytes) -> None:
        with pytest.raises(ContainerError):
            read_label(content, "application/pdf")
