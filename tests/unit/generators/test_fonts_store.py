"""Installed fonts: complete or not there at all; packages are checked before they are opened."""

import base64
import hashlib
import io
import tarfile
from pathlib import Path

import pytest
import uharfbuzz as hb
from fontTools.ttLib import TTFont

from generators.fonts import npm
from generators.fonts.catalogue import load_catalogue
from generators.fonts.errors import FontSourceError
from generators.fonts.store import font_path, install, is_current, licence_path, read_receipt
from generators.fonts.woff import slow_truetype

ENTRY = load_catalogue().font[0]


def put(folder: Path, data: bytes = b"font bytes") -> None:
    install(folder, ENTRY, data, "the licence", source="npm", version=ENTRY.npm.version)


class TestInstall:
    def test_an_installed_font_is_current_and_carries_its_licence(self, tmp_path: Path) -> None:
        put(tmp_path)
        assert is_current(tmp_path, ENTRY)
        assert licence_path(tmp_path, ENTRY.id).read_text() == "the licence"

    def test_no_half_written_files_stay(self, tmp_path: Path) -> None:
        put(tmp_path)
        assert not list(tmp_path.glob("*.part"))
        assert not list(tmp_path.glob(".*.part"))

    def test_a_truncated_font_is_missing(self, tmp_path: Path) -> None:
        put(tmp_path)
        font_path(tmp_path, ENTRY.id).write_bytes(b"font")
        assert read_receipt(tmp_path, ENTRY.id) is None

    def test_a_font_with_other_bytes_is_not_current(self, tmp_path: Path) -> None:
        put(tmp_path)
        font_path(tmp_path, ENTRY.id).write_bytes(b"FONT BYTES")
        assert read_receipt(tmp_path, ENTRY.id) is not None
        assert not is_current(tmp_path, ENTRY)

    def test_another_version_is_not_current(self, tmp_path: Path) -> None:
        install(tmp_path, ENTRY, b"font", "licence", source="npm", version="0.0.1")
        assert not is_current(tmp_path, ENTRY)

    def test_a_font_without_receipt_is_missing(self, tmp_path: Path) -> None:
        font_path(tmp_path, ENTRY.id).write_bytes(b"font bytes")
        assert read_receipt(tmp_path, ENTRY.id) is None


class TestPackages:
    def tarball(self, folder: Path, name: str = "package/files/a.woff2") -> Path:
        path = folder / "package.tgz"
        with tarfile.open(path, "w:gz") as archive:
            member = tarfile.TarInfo(name)
            member.size = 4
            archive.addfile(member, io.BytesIO(b"wOF2"))
        return path

    def test_the_pinned_package_is_accepted_and_read(self, tmp_path: Path) -> None:
        path = self.tarball(tmp_path)
        digest = hashlib.sha512(path.read_bytes()).digest()
        npm.verify(path, f"sha512-{base64.b64encode(digest).decode()}", "a@1")
        assert npm.read_member(path, "files/a.woff2") == b"wOF2"

    def test_any_other_package_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(FontSourceError, match="not the pinned package"):
            npm.verify(self.tarball(tmp_path), "sha512-AAAA", "a@1")

    def test_a_missing_file_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(FontSourceError, match=r"files/b\.woff2"):
            npm.read_member(self.tarball(tmp_path), "files/b.woff2")

    def test_a_package_is_unpacked_into_its_folder_and_nowhere_else(self, tmp_path: Path) -> None:
        root = npm.unpack(self.tarball(tmp_path), tmp_path / "new" / "folder")
        assert root == tmp_path / "new" / "folder" / "package"
        assert (root / "files" / "a.woff2").read_bytes() == b"wOF2"
        for name in ("../outside", "/huajian-outside", "package/../../outside"):
            with pytest.raises(FontSourceError, match="somewhere else"):
                npm.unpack(self.tarball(tmp_path, name), tmp_path / "new")
        assert not (tmp_path / "outside").exists()


class TestSlowConverter:
    def test_woff2_becomes_a_font_that_can_be_shaped(self) -> None:
        bundled = next(font for font in load_catalogue().bundled if font.id == "noto-sans-sc")
        wanted = hb.SubsetInput()
        wanted.sets(hb.SubsetInputSets.UNICODE).update({ord("花"), ord("a")})
        small = hb.subset(hb.Face(hb.Blob.from_file_path(str(bundled.path()))), wanted)
        font, packed = TTFont(io.BytesIO(small.blob.data)), io.BytesIO()
        font.flavor = "woff2"
        font.save(packed)
        face = hb.Face(slow_truetype(packed.getvalue()))
        assert ord("花") in face.unicodes
