"""What pictures look like: copies are near, other pictures are not, and no neighbour is ever missed."""

import itertools
from typing import Any

import numpy as np
import pytest

from benchmarks.fingerprints import (
    COPIES,
    coarse_distance,
    cropped,
    fine_distance,
    labelled,
    reencoded,
    resized,
)
from provenance.fingerprints import fingerprint, suppose
from provenance.looks import ALGORITHM, ALIKE_BITS, SEARCH_RADIUS, Fingerprint, FingerprintError, Suppositions
from provenance.similar.index import FingerprintIndex, Match
from provenance.similar.words import coarse_words
from tests.factories.certified import painted

LOST = {"10 % cut off every edge", "mirrored"}  # what this algorithm does not find again


def slope() -> Any:  # noqa: ANN401
    """A picture that anybody can make."""
    rows, columns = np.mgrid[0:96, 0:128]
    return np.stack([2 * columns % 256, rows * 2, (rows * columns) % 256], axis=-1).astype(np.uint8)


class TestFingerprint:
    def test_it_is_the_same_for_ever(self) -> None:
        """Kept fingerprints mean nothing once this changes: another ALGORITHM, and all of them anew."""
        assert ALGORITHM == "huajian-dct-1"
        known = Fingerprint.from_statement(
            {
                "algorithm": ALGORITHM,
                "coarse": "3b3dcfc3c680e0f0",
                "fine": "3b3defc7c7d5eafab28233d53af42cd87d607a580ab7805be01cb4002b600377",
            }
        )
        found = fingerprint(slope())
        assert bin(found.coarse ^ known.coarse).count("1") <= 2  # another processor may round another way
        assert Suppositions(b"", found.fine).fine_distance(known.fine) <= 4

    @pytest.mark.parametrize("name", [name for name in COPIES if name not in LOST])
    def test_a_copy_is_near(self, name: str) -> None:
        original, supposed = fingerprint(painted()), suppose(COPIES[name](painted()))
        assert coarse_distance(original, supposed) <= SEARCH_RADIUS
        assert fine_distance(original, supposed) <= ALIKE_BITS

    def test_a_combination_is_near_too(self) -> None:
        copy = labelled(reencoded(resized(cropped(painted(), 0.04, 0.02, 0, 0.05), 0.6), 60))
        assert fine_distance(fingerprint(painted()), suppose(copy)) <= ALIKE_BITS

    def test_another_picture_is_not(self) -> None:
        for seed in range(20, 26):
            assert fine_distance(fingerprint(painted(seed)), suppose(painted())) > ALIKE_BITS

    def test_it_travels_in_a_certificate(self) -> None:
        found = fingerprint(painted())
        assert Fingerprint.from_statement(found.to_statement()) == found
        assert all(isinstance(value, str) for value in found.to_statement().values())

    @pytest.mark.parametrize(
        "change",
        [{"algorithm": "other"}, {"coarse": "12"}, {"fine": "zz" * 32}, {"fine": 7}, {"coarse": None}],
    )
    def test_anything_else_is_refused(self, change: dict[str, Any]) -> None:
        with pytest.raises(FingerprintError):
            Fingerprint.from_statement({**fingerprint(painted()).to_statement(), **change})
        with pytest.raises(FingerprintError):
            Fingerprint.from_statement([])


class TestIndex:
    def test_it_finds_exactly_what_comparing_one_by_one_finds(self) -> None:
        chance = np.random.default_rng(7)
        hashes = chance.integers(0, 1 << 64, 70_000, dtype=np.uint64)
        queries = chance.integers(0, 1 << 64, 4, dtype=np.uint64)
        for place, (query, flips) in enumerate(itertools.product(queries, range(16))):
            turned = int(query) ^ sum(1 << int(bit) for bit in chance.choice(64, flips, replace=False))
            hashes[place * 1000 + 7] = np.uint64(turned)
        index = FingerprintIndex()
        index.extend([(at + 1, int(word), bytes(32)) for at, word in enumerate(hashes)])
        for radius in (0, SEARCH_RADIUS, 22):
            bits = np.bitwise_count(hashes[:, None] ^ queries).min(axis=1)
            assert index.within(queries, radius=radius).tolist() == np.flatnonzero(bits <= radius).tolist()

    def test_the_nearest_come_first_and_strangers_not_at_all(self) -> None:
        index = FingerprintIndex()
        pictures = [painted(seed) for seed in (20, 7, 21)] + [cropped(painted(), 0.03, 0, 0.02, 0)]
        rows = [fingerprint(pixels) for pixels in pictures]
        index.extend([(10 + at, row.coarse, row.fine) for at, row in enumerate(rows)])
        found = index.search(suppose(painted()), limit=5)
        assert found[0] == Match(11, 0)
        assert {match.position for match in found} <= {11, 13}
        assert index.search(suppose(painted(9)), limit=5) == []
        assert len(index.search(suppose(painted()), limit=1)) == 1

    def test_what_only_the_few_bits_have_in_common_is_no_match(self) -> None:
        index = FingerprintIndex()
        known = fingerprint(painted())
        index.extend([(1, known.coarse, bytes(255 - one for one in known.fine))])
        assert len(index.within(coarse_words(suppose(painted()).coarse))) == 1
        assert index.search(suppose(painted()), limit=5) == []

    def test_it_grows_and_knows_how_far_it_has_read(self) -> None:
        index = FingerprintIndex()
        assert (len(index), index.last_position) == (0, 0)
        assert index.search(suppose(painted()), limit=5) == []
        index.extend([])
        for start in range(0, 5000, 500):
            index.extend([(at, -at, bytes(32)) for at in range(start + 1, start + 501)])
        assert (len(index), index.last_position) == (5000, 5000)
        wanted = np.array([(1 << 64) - 4321], np.uint64)  # -4321 as the database keeps it
        assert index.within(wanted, radius=0).tolist() == [4320]
