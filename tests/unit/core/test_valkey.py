"""What we pack for Redis is to the byte what redis-py packs."""

from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Connection

from core.valkey import open_redis

OURS = open_redis("redis://localhost:1").connection_pool.connection_class()
THEIRS = Connection()
VALUES = st.text() | st.binary() | st.integers() | st.floats(allow_nan=False)


@given(
    st.sampled_from(["EVALSHA", "CLIENT SETINFO", "XADD"]),
    st.lists(VALUES | st.just("x" * 10_000)),
)
def test_every_command(name: str, arguments: list[str | bytes | int | float]) -> None:
    assert b"".join(OURS.pack_command(name, *arguments)) == b"".join(THEIRS.pack_command(name, *arguments))
