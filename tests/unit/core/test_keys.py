"""Our HMAC is everybody's, and identifiers are what they say."""

import hmac

import pytest

from core.ids import new_id, read_id
from core.keys import Keys, Mac

# RFC 4231 section 4: key, text, HMAC-SHA-256.
VECTORS = [
    (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (
        b"Jefe",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    (b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
]


@pytest.mark.parametrize(("key", "text", "digest"), VECTORS)
def test_the_standard_s_own_examples(key: bytes, text: bytes, digest: str) -> None:
    mac = Mac(key)
    assert mac.digest(text).hex() == digest
    assert mac.digest(text).hex() == digest, "a message leaves no trace in the next one"


def test_a_key_as_long_as_a_block_is_used_as_it_is() -> None:
    key = bytes(range(64))
    assert Mac(key).digest(b"x") == hmac.digest(key, b"x", "sha256")


def test_a_longer_key_is_refused() -> None:
    with pytest.raises(ValueError, match="64"):
        Mac(bytes(65))


def test_each_purpose_has_its_own_key() -> None:
    keys = Keys(b"s" * 32)
    assert keys.digest("a", "text") == hmac.digest(keys.derive("a"), b"text", "sha256")
    assert keys.digest("a", "text") != keys.digest("b", "text")
    assert keys.digest("a", "x", "y") != keys.digest("a", "xy")


def test_identifiers_are_version_7_in_order_and_read_back() -> None:
    made = [new_id() for _ in range(1000)]
    assert made == sorted(set(made))
    assert {one.version for one in made} == {7}
    assert read_id(str(made[0])) == made[0]
    with pytest.raises(ValueError, match="UUID"):
        read_id("not one")
