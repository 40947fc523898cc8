"""What is written is read back; what nobody writes is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import base64url


@given(st.binary(max_size=100))
def test_there_and_back(raw: bytes) -> None:
    text = base64url.encode(raw)
    assert base64url.decode(text) == raw
    assert "=" not in text


def test_the_alphabet_is_that_of_addresses() -> None:
    assert base64url.encode(b"\xfb\xff\xfe") == "-__-"


@pytest.mark.parametrize("text", ["a", "ab c", "ab+/", "ab==cd", "a\nbc", "é"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        base64url.decode(text)
