"""What identifies a person is found; the numbers that cards live on are not taken for it."""

import datetime
import random
from collections.abc import Iterator

import pytest

from moderation.prompts import find_category


def is_personal(text: str) -> bool:
    return find_category([text]) == "personal_data"


class TestPhones:
    @pytest.mark.parametrize(
        "text",
        [
            "13800138000", "138 0013 8000", "138-0013-8000", "138.0013.8000", "138 00138000", "1380013 8000",
            "13800 138000", "+86 138 0013 8000", "+8613800138000", "86-13800138000", "0086 138 0013 8000",
            "（138）0013—8000", "１３８００１３８０００", "①③⑧⓪⓪①③⑧⓪⓪⓪", "一三八零零一三八零零零",
            "幺三八〇〇幺三八〇〇〇",
            "1 3 8 0 0 1 3 8 0 0 0", "13 80 01 38 00 0", "2026 138 0013 8000", "010-62551234",
            "(010) 6255 1234",
            "0571 87925114", "+1 415 555 2671", "(415) 555-2671", "1-415-555-2671", "+44 7911 123456",
            "+49 151 23456789", "+81 90 1234 5678",
        ],
    )  # fmt: skip
    def test_of_people_are_found(self, text: str) -> None:
        assert is_personal(text)
        assert is_personal(f"生日快乐，打给我{text}，等你")

    @pytest.mark.parametrize(
        "text",
        [
            "400-812-3123",
            "800 810 1234",
            "10086",
            "110",
            "12345678",
            "1380013800",
            "138001380001",
            "12800138000",
        ],
    )
    def test_of_companies_and_other_numbers_pass(self, text: str) -> None:
        assert find_category([f"热线{text}，祝好"]) is None


class TestIdentityNumbers:
    @pytest.mark.parametrize(
        "text",
        [
            "11010519491231002X",
            "11010519491231002x",
            "110105 19491231 002X",
            "440306199001010014",
            "110105-1949-1231-002X",
        ],
    )
    def test_of_residents_are_found(self, text: str) -> None:
        assert is_personal(f"证件 {text}")

    @pytest.mark.parametrize(
        "text",
        [
            "110105194912310021",  # check character
            "110105194913310021",  # month
            "11010519500230002X",  # day
            "91350100M000100Y43",  # a company's (USCC)
        ],
    )
    def test_that_are_none_pass(self, text: str) -> None:
        assert find_category([f"编号 {text}"]) is None


class TestBankCards:
    @pytest.mark.parametrize(
        "text",
        ["4111111111111111", "4111 1111 1111 1111", "5555-5555-5555-4444", "378282246310005",
         "6222020200112230",
         "6222 0202 0011 2230", "３５３０１１１３３３３０００００"],
    )  # fmt: skip
    def test_are_found(self, text: str) -> None:
        assert is_personal(f"卡号{text}")

    @pytest.mark.parametrize(
        "text", ["4111111111111112", "9111111111111111", "411111111111111", "41 11 111 1111 11 111"]
    )
    def test_that_are_none_pass(self, text: str) -> None:
        assert find_category([f"卡号{text}"]) is None


class TestMailAddresses:
    @pytest.mark.parametrize(
        "text",
        ["a.b@example.com", "me＠example．com", "me @ example.com", "me at example dot com",
         "me(at)example(dot)com", "邮箱：zhixia@mail.example.cn。"],
    )  # fmt: skip
    def test_are_found(self, text: str) -> None:
        assert is_personal(text)

    @pytest.mark.parametrize(
        "text", ["meet @ noon. come early", "@huajian", "2 @ 5.00", "look at the red dot on the wall", "a@b"]
    )
    def test_that_are_none_pass(self, text: str) -> None:
        assert find_category([text]) is None


def _days() -> Iterator[datetime.date]:
    first = datetime.date(1900, 1, 1)
    return (first + datetime.timedelta(days=offset) for offset in range(0, 73_000, 11))


class TestNumbersOfCards:
    @pytest.mark.parametrize(
        "form",
        ["%Y-%m-%d", "%Y.%m.%d", "%Y/%m/%d", "%Y%m%d", "%Y年%m月%d日", "%d %m %Y", "%m-%d-%Y %H:%M:%S"],
    )
    def test_every_date_passes(self, form: str) -> None:
        refused = [text for day in _days() if find_category([text := f"{day.strftime(form)}, 永远记得"])]
        assert not refused

    def test_spans_of_dates_pass(self) -> None:
        chance, days = random.Random(5), list(_days())
        forms = (
            "{:%Y.%m.%d}-{:%Y.%m.%d}",
            "{:%Y%m%d}-{:%Y%m%d}",
            "{:%Y%m%d%Y%m%d}",
            "{:%Y-%m-%d} {:%Y-%m-%d}",
        )
        texts = [form.format(*sorted(chance.sample(days, 2))) for form in forms for _ in range(1_500)]
        refused = [text for text in texts if find_category([text])]
        assert not refused

    def test_spans_of_years_with_a_love_number_pass(self) -> None:
        texts = [f"{year}-{year + span} {love}" for year in range(1900, 2050) for span in (1, 9, 30, 60)
                 for love in ("520", "521", "1314", "999", "5201314")]  # fmt: skip
        refused = [text for text in texts if find_category([text])]
        assert not refused

    @pytest.mark.parametrize(
        "text",
        ["5201314", "520 1314", "13145201314", "1314 520 1314", "5201314 5201314", "52013145201314",
         "¥1,299.00", "12,345,678.90", "QQ 10086001", "QQ群：123456789", "3.14159265358979", "1920x1080",
         "16:9 4096×2160",
         "40.7128, -74.0060", "978-7-02-000220-7", "A0B1C2-20261124", "99999999朵", "8888888", "100000000000",
         "192.168.0.1 172.16.1.2",
         "13.800.138.0.0.0", "18:30-19:00 20:00-21:30", "1 2 3 4 5 6 7 8 9 10 11 12",
         "3 6 9 12 15 18 21"],
    )  # fmt: skip
    def test_ordinary_numbers_pass(self, text: str) -> None:
        assert find_category([text]) is None
