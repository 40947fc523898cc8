"""Trees hash as RFC 6962 says, and proofs prove what they should and nothing else."""

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.log.errors import ProofError
from provenance.log.merkle import (
    EMPTY_ROOT,
    Node,
    consistency_ranges,
    grow,
    hash_range,
    inclusion_ranges,
    leaf_hash,
    node_hash,
    root_of,
    root_of_peaks,
    verify_consistency,
    verify_inclusion,
)
from provenance.log.tiles import fold

# The eight entries and roots of the test data of RFC 6962's first implementation.
ENTRIES = [
    bytes.fromhex(entry)
    for entry in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
MOST = 300
LEAVES = [leaf_hash(str(number).encode()) for number in range(MOST)]


def roots_of(leaves: Sequence[bytes]) -> list[bytes]:
    """The roots of the trees of 0, 1, 2, ... of these leaves."""
    peaks: tuple[bytes, ...] = ()
    roots = [root_of_peaks(peaks)]
    for size, leaf in enumerate(leaves):
        peaks = grow(peaks, size, [leaf])
        roots.append(root_of_peaks(peaks))
    return roots


TREES = roots_of(LEAVES)
KNOWN: dict[Node, bytes] = {}


def read(node: Node) -> bytes:
    if node not in KNOWN:
        KNOWN[node] = fold(LEAVES[node.index << node.level : (node.index + 1) << node.level])
    return KNOWN[node]


def prove_inclusion(index: int, size: int) -> list[bytes]:
    return [hash_range(start, end, read) for start, end in inclusion_ranges(index, size)]


def prove_consistency(old: int, new: int) -> list[bytes]:
    return [hash_range(start, end, read) for start, end in consistency_ranges(old, new)]


class TestRoots:
    def test_they_are_the_published_ones(self) -> None:
        hashes = [leaf_hash(entry) for entry in ENTRIES]
        assert [root_of(hashes[:size]).hex() for size in range(1, 9)] == ROOTS
        assert EMPTY_ROOT == hashlib.sha256(b"").digest() == root_of([])

    def test_leaves_and_nodes_cannot_stand_for_each_other(self) -> None:
        assert leaf_hash(b"L123456").hex().startswith("395aa064")
        assert node_hash(b"N123", b"N456").hex().startswith("aa217fe8")

    def test_growing_in_batches_is_growing_leaf_by_leaf(self) -> None:
        peaks = grow(grow((), 0, LEAVES[:100]), 100, LEAVES[100:])
        assert root_of_peaks(peaks) == TREES[MOST]


class TestProofs:
    def test_every_leaf_of_every_tree_is_provable(self) -> None:
        for size in range(1, MOST + 1):
            for index in range(size):
                verify_inclusion(LEAVES[index], index, size, prove_inclusion(index, size), TREES[size])

    def test_every_tree_begins_with_every_smaller_one(self) -> None:
        for new in range(MOST + 1):
            for old in range(new + 1):
                verify_consistency(old, new, prove_consistency(old, new), TREES[old], TREES[new])

    @given(st.data())
    def test_a_proof_of_inclusion_proves_nothing_else(self, data: st.DataObject) -> None:
        size = data.draw(st.integers(2, MOST))
        index = data.draw(st.integers(0, size - 1))
        proof = prove_inclusion(index, size)
        other = data.draw(st.integers(0, size - 1).filter(lambda one: one != index))
        spoilt = list(proof)
        at, bit = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 255))
        spoilt[at] = (int.from_bytes(proof[at], "big") ^ (1 << bit)).to_bytes(32, "big")
        for wrong in (
            (LEAVES[other], index, size, proof, TREES[size]),
            (LEAVES[index], other, size, proof, TREES[size]),
            (LEAVES[index], index, size, spoilt, TREES[size]),
            (LEAVES[index], index, size, proof[:-1], TREES[size]),
            (LEAVES[index], index, size, [*proof, EMPTY_ROOT], TREES[size]),
            (LEAVES[index], index, size, proof, TREES[size - 1]),
            (LEAVES[index], size, size, proof, TREES[size]),
        ):
            with pytest.raises(ProofError):
                verify_inclusion(*wrong)

    @given(st.data())
    def test_a_proof_of_consistency_proves_nothing_else(self, data: st.DataObject) -> None:
        new = data.draw(st.integers(3, MOST))
        old = data.draw(st.integers(1, new - 1))
        proof = prove_consistency(old, new)
        at, bit = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 255))
        spoilt = list(proof)
        spoilt[at] = (int.from_bytes(proof[at], "big") ^ (1 << bit)).to_bytes(32, "big")
        for wrong in (
            (old, new, spoilt, TREES[old], TREES[new]),
            (old, new, proof[:-1], TREES[old], TREES[new]),
            (old, new, [*proof, EMPTY_ROOT], TREES[old], TREES[new]),
            (old, new, proof, TREES[old - 1], TREES[new]),
            (old, new, proof, TREES[old], TREES[new - 1]),
            (new, old, proof, TREES[new], TREES[old]),
        ):
            with pytest.raises(ProofError):
                verify_consistency(*wrong)
