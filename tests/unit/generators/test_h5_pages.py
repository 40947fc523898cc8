"""Cards as pages: small, self-contained, escaped, forbidden to do anything, set in fonts of their own."""

import base64
import io
import json
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from fontTools.ttLib import TTFont
from PIL import Image

from generators.backends.studio.card.backend import StudioCardBackend
from generators.backends.studio.motion.h5.page import MOST_BYTES
from generators.backends.studio.motion.h5.pictures import squeeze
from generators.backends.studio.motion.h5.policy import policy_of
from generators.contracts import Brief, Motion, Pixels, Unwatched
from generators.specs import CardSpec, Language, Occasion, Style
from provenance.containers.files import read_label, write_label
from provenance.implicit import produced

LABELS = {Language.ZH: "算法生成", Language.EN: "Algorithm-generated"}
EVIL = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
SCENES = ("那年春天", "<b>后来</b>", "今晚 🌕")


def spec(**changes: Any) -> CardSpec:
    usual = {"occasion": "mid_autumn", "recipient": "林晚晴", "sender": "知夏", "format": "html"}
    return CardSpec.model_validate(usual | changes)


def made(one: CardSpec, photo: Pixels | None = None) -> Motion:
    (result,) = StudioCardBackend().generate([Brief(one, 7, LABELS[one.language], photo=photo)], Unwatched())
    assert isinstance(result, Motion)
    return result


class Parsed(HTMLParser):
    """Elements, attributes and the text that stands in each kind of element."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts.setdefault(self._open[-1], []).append(data)

    def meta(self, **wanted: str) -> str | None:
        key, value = next(iter(wanted.items()))
        key = {"equiv": "http-equiv"}.get(key, key)
        return next(
            (a.get("content") for tag, a in self.elements if tag == "meta" and a.get(key) == value), None
        )


def fonts_of(content: bytes) -> list[TTFont]:
    found = re.findall(rb"data:font/woff2;base64,([A-Za-z0-9+/=]+)", content)
    return [TTFont(io.BytesIO(base64.b64decode(one))) for one in found]


class TestPage:
    @pytest.mark.parametrize("style", Style)
    @pytest.mark.parametrize("language", Language)
    def test_it_is_small_and_whole(self, style: Style, language: Language) -> None:
        motion = made(spec(style=style, language=language, qr_url="https://huajian.example/c/1", music=True))
        assert len(motion.content) <= MOST_BYTES
        assert (motion.media_type, motion.extension) == ("text/html", "html")
        page = Parsed(motion.content)
        for tag, attributes in page.elements:
            for name in ("src", "href", "srcset", "action", "data"):
                value = attributes.get(name)
                assert not value or value.startswith("data:") or tag == "a", (tag, value)
        assert not re.search(rb"url\((?!data:)", motion.content)
        assert not re.search(rb"@import|fetch\(|XMLHttpRequest|WebSocket|sendBeacon", motion.content)

    def test_the_budget_holds_with_a_photo_scenes_long_words_and_emoji(self) -> None:
        noise = np.random.default_rng(1).integers(0, 255, (1600, 1200, 3)).astype(np.uint8)
        message = "".join(chr(0x4E00 + 37 * nth) for nth in range(150)) + "🎉🎂🥳🎈🌕" * 10
        scenes = ["".join(chr(0x5200 + 41 * nth + 7 * scene) for nth in range(200)) for scene in range(3)]
        motion = made(spec(message=message, scenes=scenes, music=True), noise)
        labelled = write_label(motion.content, motion.media_type, produced(None, "0" * 32))
        assert len(labelled) <= MOST_BYTES, len(labelled)

    def test_it_may_do_nothing_but_show_itself(self) -> None:
        content = made(spec(scenes=SCENES)).content
        page = Parsed(content)
        policy = page.meta(equiv="Content-Security-Policy")
        assert policy is not None
        assert policy.startswith("default-src 'none'; img-src data:; font-src data:; ")
        assert "unsafe" not in policy
        style = re.search(r"<style>(.*)</style>", content.decode(), re.DOTALL)
        script = re.search(r"<script>(.*)</script>", content.decode(), re.DOTALL)
        assert style
        assert script
        assert policy == policy_of(style[1], script[1])
        assert not any(name == "style" or name.startswith("on") for _, a in page.elements for name in a)

    def test_shares_and_readers_are_told(self) -> None:
        page = Parsed(made(spec()).content)
        assert dict(page.elements[0][1]) == {"lang": "zh-Hans"}
        assert page.meta(property="og:title") in ("中秋快乐", "花好月圆", "月满人圆")
        assert page.meta(property="og:description") == "知夏寄来一张花笺，请你开启。"
        assert page.meta(property="og:image") == "poster.jpg"
        labels = [a["aria-label"] for _, a in page.elements if a.get("aria-label")]
        assert "开启给林晚晴的花笺" in labels
        assert LABELS[Language.ZH] in labels
        told = "".join(page.texts["p"])
        assert "林晚晴" in told
        assert "知夏" in told

    def test_english_pages_speak_english(self) -> None:
        page = Parsed(made(spec(language="en", recipient="Eleanor", sender="Tom")).content)
        assert dict(page.elements[0][1]) == {"lang": "en"}
        assert page.meta(property="og:description") == "Tom has sent you a card. Open it."

    def test_music_is_there_only_when_asked_for(self) -> None:
        assert b'class="music"' in made(spec(music=True)).content
        assert b'class="music"' not in made(spec()).content

    def test_the_implicit_label_goes_in_and_the_policy_still_holds(self) -> None:
        content = made(spec()).content
        label = produced(None, "0199")
        labelled = write_label(content, "text/html", label)
        assert read_label(labelled, "text/html") == label
        assert Parsed(labelled).meta(equiv="Content-Security-Policy") == Parsed(content).meta(
            equiv="Content-Security-Policy"
        )


class TestHostileWords:
    def test_nothing_that_is_written_becomes_markup(self) -> None:
        one = spec(
            recipient="<b>\"&'</b>",
            sender="</svg><i>",
            message=EVIL,
            scenes=(EVIL, "</script><script>alert(3)</script>", "${title} $title"),
            qr_url="https://huajian.example/?a='&b=1",
        )
        page = Parsed(made(one).content)
        tags = [tag for tag, _ in page.elements]
        assert tags.count("script") == 2
        assert not {"img", "b", "iframe"} & set(tags)
        assert EVIL.replace("'", "’") in "".join(page.texts["p"]) or "alert(1)" in "".join(page.texts["p"])
        links = [attributes["href"] for tag, attributes in page.elements if tag == "a"]
        assert links == ["https://huajian.example/?a='&b=1"]
        assert json.loads(page.texts["script"][0])["style"] == "ink"

    @pytest.mark.parametrize(
        ("recipient", "sender", "message"),
        [
            ("🎉🎂🥳", "👩‍👩‍👧‍👦", "🎈" * 200),
            ("عبد الرحمن", "שלום", "كل عام وأنتم بخير"),
            ("春" * 20, "Wolfgang Amadeus Moz", "愿你平安喜乐，" * 28),
            ("{}", "{0}{sender.x}", "%s {recipient} $words"),
            ("𠮷野家", "𒀀𒀁", "𠀀𠀁𠀂" * 30),
            ("e\u0301\u0301", "a‍b", "x\ny\nz"),
        ],
    )
    @pytest.mark.parametrize("language", Language)
    @pytest.mark.parametrize("direction", ["vertical", "horizontal"])
    def test_odd_names_and_messages_make_pages(
        self, recipient: str, sender: str, message: str, language: Language, direction: str
    ) -> None:
        one = spec(
            recipient=recipient, sender=sender, message=message, language=language, direction=direction
        )
        content = made(one).content
        assert len(content) <= MOST_BYTES
        assert sender in "".join(Parsed(content).texts["p"])


class TestFonts:
    @pytest.mark.parametrize("occasion", [Occasion.BIRTHDAY, Occasion.CONDOLENCE])
    def test_they_have_every_character_of_the_words_and_few_others(self, occasion: Occasion) -> None:
        content = made(spec(occasion=occasion, message="早点回家。", sender="Tom")).content
        fonts = fonts_of(content)
        covered = {chr(code) for font in fonts for code in font.getBestCmap()}
        said = set("".join(Parsed(content).texts["text"])) | set("轻触开启") | set(LABELS[Language.ZH])
        assert said - {" ", "\n"} <= covered
        assert len(covered) <= len(said) + 40

    def test_no_reserved_name_is_used(self) -> None:
        for font in fonts_of(made(spec()).content):
            names = {record.nameID: str(record) for record in font["name"].names}
            assert re.fullmatch(r"Card \d+", names[1])
            for number in (1, 3, 4, 6, 16):
                assert not re.search("lxgw|霞鹜|noto|garamond", names.get(number, ""), re.IGNORECASE)


class TestPictures:
    def test_it_is_as_good_as_its_budget_allows(self) -> None:
        ramp = np.broadcast_to(np.linspace(0, 255, 1080).astype(np.uint8)[None, :, None], (1440, 1080, 3))
        assert Image.open(io.BytesIO(squeeze(ramp.copy(), 60_000))).size == (1080, 1440)
        noise = np.random.default_rng(1).integers(0, 255, (1440, 1080, 3)).astype(np.uint8)
        small = squeeze(noise, 60_000)
        assert len(small) <= 60_000
        assert Image.open(io.BytesIO(small)).size[0] < 1080
