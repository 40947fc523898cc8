"""What pages load, and what they say, is all there and nothing more."""

import re
import tomllib
from pathlib import Path
from typing import Final

import httpx
import pytest

from moderation.categories import Category
from service.pages import assets, texts
from tests.integration.test_pages import PAGES, Markup, read

FOLDER: Final = Path(assets.__file__).parent
NAMESPACES: Final = ("http://www.w3.org/2000/svg",)  # a name, not an address: nothing is loaded from it


class TestAssets:
    async def test_everything_a_page_refers_to_is_there_and_may_be_kept(
        self, client: httpx.AsyncClient
    ) -> None:
        addresses: set[str] = set()
        for path in PAGES:
            markup = Markup((await read(client, path)).text)
            addresses |= {*markup.attributes("href"), *markup.attributes("src")}
        kept = {address for address in addresses if address.startswith("/static/")}
        assert len(kept) > 25
        for address in kept:
            answer = await client.get(address)
            assert answer.status_code == 200, address
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert answer.content

    def test_everything_a_script_or_sheet_refers_to_is_there(self) -> None:
        for path in assets.FOLDER.rglob("*.*"):
            source = path.read_text("utf-8") if path.suffix in (".js", ".css") else ""
            for name in re.findall(r'(?:from|import) "(\./[^"]+)"|url\("([^"#]+)"\)', source):
                assert (path.parent / (name[0] or name[1])).is_file(), (path.name, name)

    async def test_every_script_is_announced_before_it_is_needed(self, client: httpx.AsyncClient) -> None:
        announced = Markup((await read(client, "/")).text)
        hrefs = {found["href"] for tag, found in announced.elements if found.get("rel") == "modulepreload"}
        needed = assets.scripts_of("js/studio.js")
        assert hrefs == {assets.asset_url(script) for script in needed}
        assert {"js/page.js", "js/session.js", "js/events.js"} <= set(needed)

    async def test_a_pages_own_script_ends_by_waking_the_buttons_that_wait_for_it(
        self, client: httpx.AsyncClient
    ) -> None:
        woken: set[str] = set()
        for path in PAGES:
            markup = Markup((await read(client, path)).text)
            if any("data-needs-script" in found for _, found in markup.elements):
                (script,) = markup.attributes("src")[:1]
                source = (assets.FOLDER / script.partition(f"{assets.DIGEST}/")[2]).read_text("utf-8")
                assert source.endswith("\nwake();\n"), script
                woken.add(path)
        assert woken >= {"/", "/unlock-links"}

    async def test_no_file_is_unused(self, client: httpx.AsyncClient) -> None:
        shown = "".join(
            [
                (await read(client, path, **{"accept-language": language})).text
                for path in PAGES
                for language in ("zh", "en")
            ]
        )
        entries = (
            "js/studio.js",
            "js/works.js",
            "js/plans.js",
            "js/order.js",
            "js/membership.js",
            "js/unlock.js",
            "js/console.js",
            "js/unlock_links.js",
            "js/proof_worker.js",
            "js/verify.js",
            "js/certificate.js",
        )
        scripts = {script for entry in entries for script in assets.scripts_of(entry)}
        sheets = "".join(path.read_text("utf-8") for path in assets.FOLDER.rglob("*.css"))
        sheets += (FOLDER / "templates" / "certificate.html").read_text("utf-8")  # there is no such page yet
        for path in assets.FOLDER.rglob("*.*"):
            name = path.relative_to(assets.FOLDER).as_posix()
            assert name in shown or name in scripts or name in sheets, name

    async def test_media_types_are_told(self, client: httpx.AsyncClient) -> None:
        expected = {
            "js/api.js": "text/javascript",
            "css/base.css": "text/css",
            "art/branch.svg": "image/svg+xml",
            "art/ink.webp": "image/webp",
        }
        for name, media_type in expected.items():
            answer = await client.get(assets.asset_url(name))
            assert answer.headers["content-type"].startswith(media_type)

    async def test_an_outdated_address_may_not_be_kept(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/static/000000000000/css/base.css")
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")

    async def test_nothing_else_is_served(self, client: httpx.AsyncClient) -> None:
        for path in ("none.css", "%2e%2e/%2e%2e/routes.py", "..%2f..%2froutes.py", ""):
            answer = await client.get(f"/static/{assets.DIGEST}/{path}")
            assert answer.status_code == 404
            assert answer.headers["content-type"] == "application/problem+json"

    def test_thumbnails_are_small(self) -> None:
        for path in assets.FOLDER.rglob("*.webp"):
            assert path.stat().st_size <= 12 * 1024, path.name

    @pytest.mark.parametrize("folder", ["static", "templates", "texts"])
    def test_nothing_comes_from_elsewhere(self, folder: str) -> None:
        for path in (FOLDER / folder).rglob("*.*"):
            if path.suffix == ".webp":
                continue
            source = path.read_text("utf-8")
            if path.suffix in (".js", ".css"):
                source = re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)  # comments name their sources
            for namespace in NAMESPACES:
                source = source.replace(namespace, "")
            foreign = re.findall(r"(?:https?:)?//[\w.-]+\.\w+", source)
            assert foreign == [], path.name


class TestTexts:
    def test_every_reason_for_a_refusal_has_a_name(self) -> None:
        assert {f"category_{category}" for category in Category} <= set(texts.SCRIPT)

    @pytest.mark.parametrize("path", sorted((FOLDER / "texts").glob("*.toml")), ids=lambda path: path.stem)
    def test_every_text_exists_in_both_languages(self, path: Path) -> None:
        for key, words in tomllib.loads(path.read_text("utf-8")).items():
            assert set(words) == {"zh", "en"}, key
            assert all(words.values()), key
            places = {language: set(re.findall(r"\{\w+\}", text)) for language, text in words.items()}
            assert places["zh"] == places["en"], f"{key} fills different places"

    def test_advice_is_about_problems_that_exist(self) -> None:
        assert set(texts.ADVICE) <= set(texts.PROBLEM_TITLES)

    def test_scripts_say_only_what_is_written_and_all_of_it(self) -> None:
        source = "".join(path.read_text("utf-8") for path in (assets.FOLDER / "js").glob("*.js"))
        written = {*texts.SCRIPT, *texts.CONSOLE_SCRIPT}
        assert set(re.findall(r'say\(\s*"(\w+)"', source)) <= written
        literals, stems = set(re.findall(r'"(\w+)"', source)), re.findall(r"`(\w+_)\$", source)
        for key in written:
            assert key in literals or any(key.startswith(stem) for stem in stems), f"nobody says {key}"

    def test_templates_say_all_that_is_written_for_them(self) -> None:
        source = "".join(path.read_text("utf-8") for path in (FOLDER / "templates").glob("*.html"))
        stems = re.findall(r't\["(\w+_)" ~', source)
        code = "".join(path.read_text("utf-8") for path in FOLDER.glob("*.py"))
        chosen = set(re.findall(r'"(\w+)"', code))  # by code, for a template
        for key in texts.PAGE:
            is_said = re.search(rf"\b(?:t|other)\.{key}\b", source) or any(key.startswith(s) for s in stems)
            is_said = is_said or key in chosen
            assert is_said, f"nobody says {key}"
