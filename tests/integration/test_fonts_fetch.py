"""Fetching fonts with package clients of our own making: verified, repeatable, never fatal."""

import base64
import hashlib
import io
import os
import stat
import subprocess
import sys
import tarfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
import uharfbuzz as hb
from fontTools.ttLib import TTFont

from generators.fonts import fetch
from generators.fonts.catalogue import (
    Catalogue,
    Converter,
    DebianSource,
    FontEntry,
    NpmSource,
    load_catalogue,
)
from generators.fonts.fetch import FetchResult, fetch_fonts
from generators.fonts.store import font_path, is_current, licence_path


class Shop:
    """A folder of packages and an `npm` that serves them; counts how often it was asked."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.log = root / "asked"
        self.log.touch()

    def stock(self, name: str, files: dict[str, bytes]) -> str:
        """Put a package on the shelf; returns its integrity."""
        path = self.root / f"{name.replace('/', '+')}.tgz"
        with tarfile.open(path, "w:gz") as archive:
            for file, data in files.items():
                member = tarfile.TarInfo(f"package/{file}")
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
        return f"sha512-{base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()}"

    def asked(self) -> list[str]:
        return self.log.read_text().split()

    def open(self, programs: Path) -> None:
        program(
            programs / "npm",
            f"""
            import pathlib, shutil, sys
            name = sys.argv[2].rpartition("@")[0]
            with open({str(self.log)!r}, "a") as log:
                log.write(name + "\\n")
            source = pathlib.Path({str(self.root)!r}, name.replace("/", "+") + ".tgz")
            if not source.exists():
                sys.exit("npm error 404 no such package")
            target = sys.argv[sys.argv.index("--pack-destination") + 1]
            shutil.copy(source, pathlib.Path(target, source.name))
            """,
        )


def program(path: Path, body: str) -> None:
    path.write_text(f"#!{sys.executable}\n{textwrap.dedent(body)}")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def small_font(text: str) -> bytes:
    """A WOFF2 font of a few characters."""
    bundled = next(font for font in load_catalogue().bundled if font.id == "noto-sans-sc")
    wanted = hb.SubsetInput()
    wanted.sets(hb.SubsetInputSets.UNICODE).update({ord(char) for char in text})
    face = hb.subset(hb.Face(hb.Blob.from_file_path(str(bundled.path()))), wanted)
    font, packed = TTFont(io.BytesIO(face.blob.data)), io.BytesIO()
    font.flavor = "woff2"
    font.save(packed)
    return packed.getvalue()


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the PATH: this machine's own clients are out of reach."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def shop(tmp_path: Path, programs: Path) -> Shop:
    root = tmp_path / "shop"
    root.mkdir()
    opened = Shop(root)
    opened.open(programs)
    return opened


@pytest.fixture
def catalogue(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalogue]:
    """Two fonts from one package and one from another."""
    pair = shop.stock(
        "@fonts/pair", {"a.woff2": small_font("花"), "b.woff2": small_font("月"), "LICENSE": b"OFL"}
    )
    lone = shop.stock("@fonts/lone", {"c.woff2": small_font("好"), "LICENSE": b"OFL"})
    fonts = (
        entry("a", "@fonts/pair", "a.woff2", pair),
        entry("b", "@fonts/pair", "b.woff2", pair),
        entry("c", "@fonts/lone", "c.woff2", lone),
    )
    whole = load_catalogue().model_copy(update={"font": fonts})
    monkeypatch.setattr(fetch, "load_catalogue", lambda: whole)
    yield whole


def entry(font_id: str, package: str, file: str, integrity: str) -> FontEntry:
    source = NpmSource(package=package, version="1.0.0", file=file, integrity=integrity)
    return FontEntry(id=font_id, family=font_id, role="test", licence="OFL-1.1", npm=source)


def run(folder: Path) -> tuple[FetchResult, list[str]]:
    said: list[str] = []
    return fetch_fonts(folder, said.append), said


class TestFetch:
    def test_fonts_arrive_converted_with_their_licence(self, tmp_path: Path, catalogue: Catalogue) -> None:
        result, said = run(tmp_path / "fonts")
        assert result.fetched == ("a", "b", "c")
        assert not result.missing
        assert ord("花") in hb.Face(font_path(tmp_path / "fonts", "a").read_bytes()).unicodes
        assert licence_path(tmp_path / "fonts", "a").read_text() == "OFL"
        assert any("slow way" in line for line in said)  # there is no node on this PATH

    def test_a_package_is_downloaded_once_for_all_its_fonts(
        self, tmp_path: Path, catalogue: Catalogue, shop: Shop
    ) -> None:
        run(tmp_path / "fonts")
        assert shop.asked().count("@fonts/pair") == 1

    def test_a_second_run_downloads_nothing(self, tmp_path: Path, catalogue: Catalogue, shop: Shop) -> None:
        run(tmp_path / "fonts")
        asked = shop.asked()
        result, _ = run(tmp_path / "fonts")
        assert result.kept == ("a", "b", "c")
        assert shop.asked() == asked

    def test_a_damaged_font_is_fetched_again_and_only_that_one(
        self, tmp_path: Path, catalogue: Catalogue
    ) -> None:
        run(tmp_path / "fonts")
        path = font_path(tmp_path / "fonts", "b")
        path.write_bytes(b"x" * path.stat().st_size)
        result, _ = run(tmp_path / "fonts")
        assert result.fetched == ("b",)
        assert is_current(tmp_path / "fonts", catalogue.font[1])

    def test_another_package_than_the_pinned_one_is_never_installed(
        self, tmp_path: Path, catalogue: Catalogue, shop: Shop
    ) -> None:
        shop.stock("@fonts/lone", {"c.woff2": small_font("坏"), "LICENSE": b"OFL"})
        result, _ = run(tmp_path / "fonts")
        assert "not the pinned package" in result.missing["c"]
        assert not font_path(tmp_path / "fonts", "c").exists()
        assert result.fetched == ("a", "b")

    def test_the_other_fonts_come_when_one_package_is_gone(
        self, tmp_path: Path, catalogue: Catalogue, shop: Shop
    ) -> None:
        (shop.root / "@fonts+pair.tgz").unlink()
        result, _ = run(tmp_path / "fonts")
        assert result.fetched == ("c",)
        assert "404" in result.missing["a"]
        assert shop.asked().count("@fonts/pair") == 1  # a failure is remembered

    def test_without_any_client_everything_is_missing_and_nothing_breaks(
        self, tmp_path: Path, catalogue: Catalogue, programs: Path
    ) -> None:
        (programs / "npm").unlink()
        result, _ = run(tmp_path / "fonts")
        assert set(result.missing) == {"a", "b", "c"}
        assert "npm is not installed" in result.missing["a"]

    def test_two_at_once_fetch_everything_once(
        self, tmp_path: Path, shop: Shop, catalogue: Catalogue
    ) -> None:
        script = tmp_path / "twice.py"
        script.write_text(
            textwrap.dedent(
                f"""
                import sys
                from pathlib import Path
                from generators.fonts import fetch
                from generators.fonts.catalogue import Catalogue
                whole = Catalogue.model_validate_json({catalogue.model_dump_json()!r})
                fetch.load_catalogue = lambda: whole
                result = fetch.fetch_fonts(Path({str(tmp_path / "fonts")!r}), print)
                assert not result.missing, result
                """
            )
        )
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        runs = [subprocess.Popen([sys.executable, str(script)], env=environment) for _ in range(2)]
        assert [one.wait(timeout=120) for one in runs] == [0, 0]
        assert sorted(shop.asked().count(name) for name in ("@fonts/pair", "@fonts/lone")) == [1, 1]


class TestDebian:
    def test_a_font_npm_cannot_give_comes_out_of_a_debian_package(
        self, tmp_path: Path, programs: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        data = b"truetype bytes"
        self.open_archive(programs, data)
        source = DebianSource(package="fonts-x", file="usr/x.ttf", sha256=hashlib.sha256(data).hexdigest())
        self.use(monkeypatch, source)
        result, said = run(tmp_path / "fonts")
        assert result.fetched == ("a",)
        assert font_path(tmp_path / "fonts", "a").read_bytes() == data
        assert any("debian fonts-x 1.0" in line for line in said)

    def test_another_file_than_the_pinned_one_is_refused(
        self, tmp_path: Path, programs: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.open_archive(programs, b"other bytes")
        self.use(monkeypatch, DebianSource(package="fonts-x", file="usr/x.ttf", sha256="0" * 64))
        result, _ = run(tmp_path / "fonts")
        assert "another version" in result.missing["a"]

    def use(self, monkeypatch: pytest.MonkeyPatch, source: DebianSource) -> None:
        npm = NpmSource(package="@fonts/none", version="1.0.0", file="a.woff2", integrity="sha512-A")
        font = FontEntry(id="a", family="a", role="test", licence="OFL-1.1", npm=npm, debian=source)
        converter = Converter(package="none", version="1", integrity="sha512-A")
        whole = load_catalogue().model_copy(update={"font": (font,), "converter": converter})
        monkeypatch.setattr(fetch, "load_catalogue", lambda: whole)

    def open_archive(self, programs: Path, data: bytes) -> None:
        """An apt that has no package lists until it was told to use private ones, and a dpkg-deb."""
        program(
            programs / "apt-get",
            """
            import pathlib, sys
            if "update" in sys.argv:
                sys.exit(0)
            if not any(argument.startswith("-oDir::State::lists=") for argument in sys.argv):
                sys.exit("E: Unable to locate package fonts-x")
            pathlib.Path("fonts-x_1.0_all.deb").write_bytes(b"deb")
            """,
        )
        program(
            programs / "dpkg-deb",
            f"""
            import pathlib, sys
            if sys.argv[1] == "-f":
                print("1.0")
            else:
                root = pathlib.Path(sys.argv[3])
                (root / "usr/share/doc/fonts-x").mkdir(parents=True)
                (root / "usr/share/doc/fonts-x/copyright").write_text("OFL")
                (root / "usr/x.ttf").write_bytes({data!r})
            """,
        )
