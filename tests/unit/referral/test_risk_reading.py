"""What is read from a request: places, programs, networks, mailboxes, pseudonyms."""

import gzip
import ipaddress
from datetime import timedelta
from pathlib import Path

import pytest

from core.keys import Keys
from referral.risk.agents import AgentKind, read_agent
from referral.risk.errors import NetworkTableError
from referral.risk.mailboxes import is_disposable
from referral.risk.networks import AsnTable, DataCentres
from referral.risk.opening import SHIPPED_CENTRES
from referral.risk.places import find_place
from referral.risk.pseudonyms import EPOCH, START, Pseudonyms, epoch_of
from tests.factories.helps import ANDROID, IPHONE
from tests.factories.honest_helps import CHROMES, DESKTOPS, IPHONES, WECHATS

TABLE = (
    "1.0.0.0\t1.0.0.255\t13335\tUS\tCLOUDFLARENET\n"
    "1.0.1.0\t1.0.3.255\t0\tNone\tNot routed\n"
    "1.0.4.0\t1.0.7.255\t38803\tAU\tWPL\n"
    "2001:200::\t2001:200:ffff:ffff:ffff:ffff:ffff:ffff\t2500\tJP\tWIDE\n"
    "2a01:4f8::\t2a01:4f8:ffff:ffff:ffff:ffff:ffff:ffff\t24940\tDE\tHETZNER\n"
)


def write(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


class TestPlace:
    @pytest.mark.parametrize(
        ("address", "household", "network"),
        [
            ("5.6.7.8", "5.6.7.8", "5.6.7.0/24"),
            ("::ffff:5.6.7.8", "5.6.7.8", "5.6.7.0/24"),
            ("2a01:4f8:1:2ff:3::9", "2a01:4f8:1:200::/56", "2a01:4f8:1::/48"),
        ],
    )
    def test_what_a_household_and_its_neighbours_share(
        self, address: str, household: str, network: str
    ) -> None:
        place = find_place(address)
        assert place is not None and (place.household, place.network) == (household, network)

    @pytest.mark.parametrize(
        "address", [None, "", "local", "127.0.0.1", "10.0.0.1", "192.168.1.1", "::1", "fe80::1", "100.64.0.1"]
    )
    def test_nothing_is_said_by_an_address_that_is_not_public(self, address: str | None) -> None:
        assert find_place(address) is None


class TestAgents:
    @pytest.mark.parametrize(
        ("text", "kind"),
        [
            ("python-httpx/0.28.1", AgentKind.SCRIPT),
            ("curl/8.5.0", AgentKind.SCRIPT),
            ("Go-http-client/2.0", AgentKind.SCRIPT),
            ("node", AgentKind.SCRIPT),
            ("okhttp/4.12.0", AgentKind.APP),
            ("Huajian/1.2 (iPhone)", AgentKind.APP),
            ("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/142.0 Safari/537.36", AgentKind.HEADLESS),
            ("Mozilla/5.0 (Linux; Android 14; sdk_gphone64_x86_64) Chrome/142", AgentKind.EMULATOR),
            ("facebookexternalhit/1.1", AgentKind.CRAWLER),
            ("TelegramBot (like TwitterBot)", AgentKind.CRAWLER),
            ("WhatsApp/2.23.20.0", AgentKind.CRAWLER),
            ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", AgentKind.CRAWLER),
            ("Mozilla/5.0 (compatible; Baiduspider/2.0)", AgentKind.CRAWLER),
            ("Mozilla/5.0 (Linux; Android 9; CUBOT X19) Chrome/142 Mobile", AgentKind.BROWSER),
            ("", AgentKind.MISSING),
            (None, AgentKind.MISSING),
        ],
    )
    def test_kinds(self, text: str | None, kind: AgentKind) -> None:
        assert read_agent(text).kind is kind

    def test_peoples_browsers(self) -> None:
        for text in (*IPHONES, *CHROMES, *WECHATS, *DESKTOPS):
            assert read_agent(text).kind is AgentKind.BROWSER
        assert read_agent(IPHONE).family == "safari/ios"
        assert read_agent(ANDROID).family == "chrome/android"
        assert read_agent(WECHATS[0]).family == "wechat/android"
        assert read_agent("Mozilla/5.0 <script>").family == "other/other"


class TestNetworks:
    def test_who_announces_an_address(self, tmp_path: Path) -> None:
        packed = tmp_path / "table.tsv.gz"
        packed.write_bytes(gzip.compress(TABLE.encode()))
        for path in (write(tmp_path / "table.tsv", TABLE), packed):
            table = AsnTable.read(path)
            assert len(table) == 5
            for address, asn in (
                ("1.0.0.0", 13335),
                ("1.0.0.255", 13335),
                ("1.0.2.1", None),
                ("1.0.8.0", None),
                ("0.255.255.255", None),
                ("2001:200:5::1", 2500),
                ("2001:201::", None),
                ("2a01:4f8:ffff::", 24940),
            ):
                assert table.find(ipaddress.ip_address(address)) == asn, address

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("1.0.4.0\t1.0.7.255\t1\tAU\tX\n1.0.0.0\t1.0.0.255\t2\tUS\tY\n", 2),  # not sorted
            ("1.0.0.0\t1.0.0.255\t1\tAU\tX\n1.0.0.255\t1.0.1.255\t2\tUS\tY\n", 2),  # overlaps
            ("1.0.0.255\t1.0.0.0\t1\tAU\tX\n", 1),  # ends before it begins
            ("1.0.0\t1.0.0.255\t1\tAU\tX\n", 1),
            ("1.0.0.0\t1.0.0.255\t99999999999\tAU\tX\n", 1),
            ("# said\n\nnonsense\n", 3),
            ("x" * 2000, 1),
        ],
    )
    def test_a_broken_table_stops_the_start_and_says_where(
        self, tmp_path: Path, text: str, line: int
    ) -> None:
        with pytest.raises(NetworkTableError) as caught:
            AsnTable.read(write(tmp_path / "table.tsv", text))
        assert caught.value.line == line

    def test_a_table_that_cannot_be_unpacked(self, tmp_path: Path) -> None:
        path = tmp_path / "table.tsv.gz"
        path.write_bytes(gzip.compress(TABLE.encode() * 100)[:60])
        with pytest.raises(NetworkTableError):
            AsnTable.read(path)

    def test_data_centres_by_number_and_by_range(self, tmp_path: Path) -> None:
        path = write(tmp_path / "own.txt", "AS64500 # ours\n\n# more\n198.18.0.0/15\n2001:db8::/32\n")
        centres = DataCentres.read(SHIPPED_CENTRES, path)
        assert centres.has(ipaddress.ip_address("9.9.9.9"), 64500)
        assert centres.has(ipaddress.ip_address("9.9.9.9"), 24940)
        assert centres.has(ipaddress.ip_address("198.19.255.1"), None)
        assert centres.has(ipaddress.ip_address("2001:db8:5::1"), 1)
        assert not centres.has(ipaddress.ip_address("9.9.9.9"), None)
        with pytest.raises(NetworkTableError):
            DataCentres.read(write(tmp_path / "bad.txt", "198.18.0.1/15\n"))


class TestPseudonyms:
    def test_the_key_changes_and_the_one_before_still_compares(self) -> None:
        pseudonyms = Pseudonyms(Keys(b"k" * 32))
        change = START + 200 * EPOCH
        last = pseudonyms.hashes(epoch_of(change - timedelta(seconds=1)), "address", "5.6.7.8")
        first = pseudonyms.hashes(epoch_of(change), "address", "5.6.7.8")
        assert first[1] == last[0] and first[0] not in last
        assert pseudonyms.hashes(epoch_of(change + EPOCH), "address", "5.6.7.8")[1] == first[0]
        assert epoch_of(change) == 200 == epoch_of(change - timedelta(seconds=1)) + 1

    def test_kinds_and_secrets_keep_apart(self) -> None:
        mine, other = Pseudonyms(Keys(b"k" * 32)), Pseudonyms(Keys(b"l" * 32))
        seen = {
            mine.hashes(epoch_of(START), "address", "x")[0],
            mine.hashes(epoch_of(START), "network", "x")[0],
            other.hashes(epoch_of(START), "address", "x")[0],
        }
        assert len(seen) == 3


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("a@mailinator.com", True),
        ("a@box.mailinator.com", True),
        ("a@gmail.com", False),
        ("a@qq.com", False),
        ("a@mailinator.com.example.org", False),
    ],
)
def test_disposable_mailboxes(address: str, expected: bool) -> None:
    assert is_disposable(address) is expected
