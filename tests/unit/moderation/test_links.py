"""A QR code leads where its address says it leads."""

import pytest

from moderation.errors import PromptRejectedError
from moderation.links import MAX_URL_LENGTH, require_link_allowed


class TestPlainLinks:
    @pytest.mark.parametrize(
        "url",
        [
            "https://example.com",
            "https://www.example.com:8443/a/b?c=d#e",
            "https://huajian.example.com.cn/u/9f3kX2?from=card",
            "https://例子.中国/祝福",
            "https://xn--fsqu00a.xn--fiqs8s/",
            "https://花笺.com",
            "https://さくら.jp",
            "https://example.com./",
            "https://a-b.example.com/@someone",
            "https://example.com/?redirect=https://user@other.example.com",
            "https://почта.рф",
        ],
    )
    def test_are_allowed(self, url: str) -> None:
        require_link_allowed(url)


class TestDeceptiveLinks:
    @pytest.mark.parametrize(
        ("why", "url"),
        [
            ("scheme", "http://example.com"),
            ("scheme", "javascript:alert(1)"),
            ("scheme", "//example.com"),
            ("user name", "https://bank.com@evil.com/"),
            ("user name", "https://user:secret@example.com/"),
            ("empty user name", "https://@example.com/"),
            ("IPv4", "https://192.168.1.1/"),
            ("IPv4 as one number", "https://3232235777/"),
            ("IPv4 in hexadecimal", "https://0xc0.0xa8.1.0x1/"),
            ("short IPv4", "https://127.1/"),
            ("IPv6", "https://[::1]/"),
            ("broken IPv6", "https://[::1/"),
            ("this machine", "https://localhost/"),
            ("this machine", "https://api.localhost/"),
            ("this network", "https://printer.local/"),
            ("this network", "https://git.internal/"),
            ("one label", "https://intranet/"),
            ("no host", "https:///path"),
            ("no host", "https://"),
            ("empty label", "https://example..com/"),
            ("underscore", "https://a_b.example.com/"),
            ("hyphen first", "https://-a.example.com/"),
            ("percent", "https://exam%70le.com/"),
            ("port", "https://example.com:99999/"),
            ("port", "https://example.com:x/"),
            ("backslash", "https://evil.com\\@example.com/"),
            ("blank", "https://example.com/a b"),
            ("line break", "https://example.com/\nb"),
            ("bidi override", "https://example.com/\u202egpj.exe"),
            ("zero width", "https://exam\u200bple.com/"),
            ("Cyrillic a", "https://pаypal.com/"),
            ("all Cyrillic look-alikes", "https://аррӏе.com/"),
            ("the same in punycode", "https://xn--80ak6aa92e.com/"),
            ("Greek omicron", "https://gοοgle.com/"),
            ("Latin with marks", "https://googlé.com/"),
            ("full width", "https://ｅｘａｍｐｌｅ.com/"),
            ("radicals for ideographs", "https://⼀⼆.com/"),
            ("ideographic stop", "https://example。com/"),
            ("mixed scripts", "https://例子example.com/"),
            ("kana as a slash", "https://example.comノlogin.evil.cn/"),
            ("broken punycode", "https://xn--zzzzzzzz99999.com/"),
            ("punycode of ASCII", "https://xn--abc-.com/"),
            ("lexicon", "https://porn.example.com/"),
        ],
    )
    def test_are_refused(self, why: str, url: str) -> None:
        with pytest.raises(PromptRejectedError) as caught:
            require_link_allowed(url)
        assert caught.value.facts() == {"category": "link"}, why
        assert url not in str(caught.value)

    def test_by_length(self) -> None:
        base = "https://example.com/"
        require_link_allowed(base + "a" * (MAX_URL_LENGTH - len(base)))
        with pytest.raises(PromptRejectedError):
            require_link_allowed(base + "a" * (MAX_URL_LENGTH - len(base) + 1))
