"""What kind of program asks, by its User-Agent. It can be forged: it is a signal, never proof."""

import functools
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class AgentKind(StrEnum):
    BROWSER = "browser"
    APP = "app"  # a client library that phones' apps use by default
    SCRIPT = "script"
    HEADLESS = "headless"
    EMULATOR = "emulator"
    CRAWLER = "crawler"  # also what makes previews of links
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Agent:
    """`family`: from a closed list, such as "safari/ios"; says nothing of versions or models."""

    kind: AgentKind
    family: str


def _any(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(words), re.IGNORECASE)


# The first that matches decides. CUBOT is a maker of phones.
_KINDS: Final = (
    (
        AgentKind.CRAWLER,
        _any(
            r"(?<!cu)bot\b",
            r"spider\b",
            r"crawler",
            r"externalhit",
            r"facebookcatalog",
            r"preview",
            r"^whatsapp/",
            r"mediapartners",
            r"embedly",
            r"pinterest/0",
            r"vkshare",
            r"ia_archiver",
        ),
    ),
    (
        AgentKind.HEADLESS,
        _any(r"headless", r"phantomjs", r"slimerjs", r"puppeteer", r"playwright", r"selenium"),
    ),
    (
        AgentKind.EMULATOR,
        _any(
            r"sdk_gphone",
            r"android sdk built",
            r"\bgeneric_x86",
            r"emulator",
            r"simulator",
            r"genymotion",
            r"bluestacks",
            r"ldplayer",
            r"\bmumu\b",
            r"\bnoxplayer",
        ),
    ),
    (
        AgentKind.SCRIPT,
        _any(
            r"^python",
            r"aiohttp",
            r"httpx",
            r"^curl/",
            r"^wget",
            r"go-http-client",
            r"node-fetch",
            r"^node\b",
            r"^undici",
            r"^axios",
            r"^got ",
            r"^java/",
            r"apache-httpclient",
            r"libwww",
            r"^ruby",
            r"^php",
            r"guzzle",
            r"scrapy",
            r"postman",
            r"insomnia",
            r"httpie",
            r"^okhttp-cli",
            r"powershell",
        ),
    ),
    (AgentKind.APP, _any(r"^okhttp/", r"^dart/", r"cfnetwork/", r"^huajian/", r"^dalvik/")),
)
_BROWSERS: Final = (
    ("wechat", _any(r"micromessenger")),
    ("qq", _any(r"\bqq/", r"mqqbrowser")),
    ("weibo", _any(r"weibo")),
    ("douyin", _any(r"aweme", r"bytedance", r"toutiao")),
    ("alipay", _any(r"alipayclient")),
    ("samsung", _any(r"samsungbrowser")),
    ("edge", _any(r"\bedg(e|a|ios)?/")),
    ("opera", _any(r"\bopr/", r"opera")),
    ("firefox", _any(r"firefox/", r"fxios/")),
    ("chrome", _any(r"chrome/", r"crios/")),
    ("safari", _any(r"safari/")),
)
_SYSTEMS: Final = (
    ("harmony", _any(r"harmony")),
    ("ios", _any(r"iphone", r"ipad", r"ipod")),
    ("android", _any(r"android")),
    ("windows", _any(r"windows")),
    ("macos", _any(r"mac os x", r"macintosh")),
    ("linux", _any(r"linux", r"x11")),
)


@functools.lru_cache(maxsize=4096)  # two dozen patterns are half the cost of a help, and phones are alike
def read_agent(user_agent: str | None) -> Agent:
    """Kind and family; the caller has bounded the length."""
    text = (user_agent or "").strip()
    if not text:
        return Agent(AgentKind.MISSING, AgentKind.MISSING.value)
    kind = next((kind for kind, pattern in _KINDS if pattern.search(text)), AgentKind.BROWSER)
    if kind is not AgentKind.BROWSER:
        return Agent(kind, kind.value)
    browser = next((name for name, pattern in _BROWSERS if pattern.search(text)), "other")
    system = next((name for name, pattern in _SYSTEMS if pattern.search(text)), "other")
    return Agent(kind, f"{browser}/{system}")
