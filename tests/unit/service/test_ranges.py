"""Which part of a file a Range header asks for."""

import pytest

from service.http.ranges import part_of


class TestPartOf:
    @pytest.mark.parametrize(
        ("header", "first", "last"),
        [
            ("bytes=0-", 0, 99),
            ("bytes=0-1", 0, 1),
            ("bytes=10-19", 10, 19),
            ("bytes=90-200", 90, 99),
            ("bytes=-5", 95, 99),
            ("bytes=-500", 0, 99),
            (" bytes=99-99 ", 99, 99),
        ],
    )
    def test_one_part_is_cut_to_the_file(self, header: str, first: int, last: int) -> None:
        part = part_of(header, 100)
        assert part is not None
        assert (part.first, part.last, part.length) == (first, last, last - first + 1)
        assert part.headers["content-range"] == f"bytes {first}-{last}/100"

    @pytest.mark.parametrize(
        "header",
        [
            None,
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=-0",
            "bytes=100-",
            "bytes=5-2",
            "bytes=0-1,5-6",
            "items=0-1",
            "bytes=a-b",
            "bytes=" + "9" * 400 + "-",
            "bytes=١-٢",
        ],
    )
    def test_anything_else_is_the_whole(self, header: str | None) -> None:
        assert part_of(header, 100) is None

    def test_an_empty_file_has_no_parts(self) -> None:
        assert part_of("bytes=0-", 0) is None
