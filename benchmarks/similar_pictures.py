"""Radius search over a million fingerprints, four ways: `python -m benchmarks.similar_pictures [--rows N]`.

In memory, in numpy, as the service does it; and in Postgres: every row counted, multi-index hashing by four
bands of 16 bits, and the same bands as probes into one table. All four must find the same rows: the planted
ones within the radius and whatever else chance put there. Times are the best of a few searches, by
one hash and by the sixteen that a picture supposes: on a machine that others use too, the best is the least
wrong. Postgres has its default settings and everything in its cache.
"""

import argparse
import asyncio
import itertools
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Final

import asyncpg
import numpy as np

from provenance.looks import SEARCH_RADIUS
from provenance.similar.index import FingerprintIndex
from provenance.similar.words import Words
from service.engines.blocking import BlockingEngines

_BANDS: Final = 4
_BAND_BITS: Final = 16
_PLANTED: Final = 40
_TRIES: Final = 7
_SCAN: Final = "SELECT id FROM hashes WHERE bit_count(($1::bigint # coarse)::bit(64)) <= $2"
_BY_BANDS: Final = " UNION ".join(f"{_SCAN} AND b{band} = ANY(${band + 3}::int[])" for band in range(_BANDS))
_BY_PROBES: Final = (
    "SELECT DISTINCT h.id FROM unnest($3::int[]) AS probe(at) JOIN bands ON bands.at = probe.at "
    "JOIN hashes h ON h.id = bands.id WHERE bit_count(($1::bigint # h.coarse)::bit(64)) <= $2"
)


def signed(word: int) -> int:
    return word - (1 << 64) if word >> 63 else word


def bands(word: int) -> list[int]:
    return [(word >> (_BAND_BITS * band)) & 0xFFFF for band in range(_BANDS)]


def near(band: int, radius: int) -> Iterator[int]:
    """Every value of a band within a radius: by the pigeonhole, one of four bands is within a quarter."""
    for count in range(radius + 1):
        for places in itertools.combinations(range(_BAND_BITS), count):
            yield band ^ sum(1 << place for place in places)


def made(rows: int) -> tuple[Words, Words]:
    """Random hashes, and a query with some planted around it at every distance up to the radius."""
    random = np.random.default_rng(7)
    hashes = random.integers(0, 1 << 64, rows, dtype=np.uint64)
    queries = random.integers(0, 1 << 64, 16, dtype=np.uint64)
    for number in range(_PLANTED):
        flips = random.choice(64, number % (SEARCH_RADIUS + 1), replace=False)
        turned = int(queries[number % 16]) ^ sum(1 << int(place) for place in flips)
        hashes[int(random.integers(rows))] = np.uint64(turned)
    return hashes, queries


async def fill(connection: asyncpg.Connection, hashes: Words) -> None:
    await connection.execute(
        "CREATE TABLE hashes (id int PRIMARY KEY, coarse bigint, b0 int, b1 int, b2 int, b3 int)"
    )
    await connection.execute("CREATE TABLE bands (at int, id int)")
    words = [int(word) for word in hashes]
    rows = ((at, signed(word), *bands(word)) for at, word in enumerate(words))
    await connection.copy_records_to_table("hashes", records=rows)
    pairs = (
        (band * 65536 + value, at) for at, word in enumerate(words) for band, value in enumerate(bands(word))
    )
    await connection.copy_records_to_table("bands", records=pairs)
    for band in range(_BANDS):
        await connection.execute(f"CREATE INDEX ON hashes (b{band})")
    await connection.execute("CREATE INDEX ON bands (at, id)")
    await connection.execute("VACUUM ANALYZE")


Search = Callable[[list[int]], Awaitable[set[int]]]


def searches(connection: asyncpg.Connection, index: FingerprintIndex) -> dict[str, Search]:
    async def in_memory(queries: list[int]) -> set[int]:
        return {int(row) for row in index.within(np.array(queries, np.uint64))}

    async def by_scan(queries: list[int]) -> set[int]:
        return await _each(queries, lambda query: connection.fetch(_SCAN, signed(query), SEARCH_RADIUS))

    async def by_bands(queries: list[int]) -> set[int]:
        return await _each(
            queries,
            lambda query: connection.fetch(
                _BY_BANDS,
                signed(query),
                SEARCH_RADIUS,
                *(list(near(band, SEARCH_RADIUS // _BANDS)) for band in bands(query)),
            ),
        )

    async def by_probes(queries: list[int]) -> set[int]:
        def probes(query: int) -> list[int]:
            return [
                band * 65536 + value
                for band, own in enumerate(bands(query))
                for value in near(own, SEARCH_RADIUS // _BANDS)
            ]

        return await _each(
            queries, lambda query: connection.fetch(_BY_PROBES, signed(query), SEARCH_RADIUS, probes(query))
        )

    return {
        "in memory, every row (numpy)": in_memory,
        "Postgres, every row (bit_count)": by_scan,
        "Postgres, four indexed bands": by_bands,
        "Postgres, one table of bands": by_probes,
    }


async def _each(queries: list[int], ask: Callable[[int], Awaitable[list[asyncpg.Record]]]) -> set[int]:
    return {row["id"] for query in queries for row in await ask(query)}


async def measure(url: str, rows: int) -> None:
    hashes, queries = made(rows)
    index = FingerprintIndex()
    index.extend([(at + 1, int(word), bytes(32)) for at, word in enumerate(hashes)])
    connection = await asyncpg.connect(url)
    await fill(connection, hashes)
    wanted = [int(query) for query in queries]
    expected: set[int] | None = None
    print(f"{rows:,} hashes, radius {SEARCH_RADIUS} of 64\n{'':34}{'one hash':>12}{'sixteen':>12}   found")
    for name, search in searches(connection, index).items():
        found = await search(wanted)
        expected = found if expected is None else expected
        if found != expected:
            raise SystemExit(f"{name}: {len(expected - found)} missed, {len(found - expected)} too many")
        one, sixteen = await _time(search, wanted[:1]), await _time(search, wanted)
        print(f"{name:34}{one:9.1f} ms{sixteen:9.1f} ms   {len(found)}")
    await connection.close()


async def _time(search: Search, queries: list[int]) -> float:
    taken = []
    for _ in range(_TRIES):
        started = time.perf_counter()
        await search(queries)
        taken.append((time.perf_counter() - started) * 1000)
    return min(taken)


def main() -> None:
    """Print the table; it takes a minute or two to fill Postgres."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder, BlockingEngines(Path(folder)) as endpoints:
        asyncio.run(measure(endpoints.database_url, rows))


if __name__ == "__main__":
    main()
