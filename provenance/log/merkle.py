"""Merkle trees over ordered entries: hashes, roots, and proofs of inclusion and consistency. Pure.

Source: RFC 6962 section 2.1 and RFC 9162 sections 2.1.3 and 2.1.4, with SHA-256.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from provenance.log.errors import ProofError

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """A perfect subtree: it covers leaves `index` * 2^`level` up to, without, (`index` + 1) * 2^`level`."""

    level: int
    index: int


ReadNode = Callable[[Node], bytes]


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(_LEAF + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(_NODE + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes."""
    return root_of_peaks(grow((), 0, leaves))


def grow(peaks: Sequence[bytes], size: int, leaves: Sequence[bytes]) -> tuple[bytes, ...]:
    """The peaks after leaves were added to a tree of `size`.

    Args:
        peaks: the roots of the perfect subtrees that a tree of `size` is made of, largest first.
    """
    grown = list(peaks)
    for count, leaf in enumerate(leaves, start=size):
        grown.append(leaf)
        while count & 1:
            right = grown.pop()
            grown.append(node_hash(grown.pop(), right))
            count >>= 1
    return tuple(grown)


def root_of_peaks(peaks: Sequence[bytes]) -> bytes:
    """The root of the tree that has these peaks, largest first."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for left in reversed(peaks[:-1]):
        root = node_hash(left, root)
    return root


def cover(start: int, end: int) -> Iterator[Node]:
    """The perfect subtrees of leaves start..end, which must begin where a subtree of that length may."""
    while start < end:
        level = (end - start).bit_length() - 1
        yield Node(level, start >> level)
        start += 1 << level


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """Which ranges of leaves the hashes of an inclusion proof stand for, in the proof's order.

    Raises: ProofError: there is no such leaf.
    """
    if not 0 <= index < size:
        raise ProofError(f"a tree of {size} has no leaf {index}")
    ranges, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(old: int, new: int) -> list[tuple[int, int]]:
    """Which ranges of leaves the hashes of a consistency proof stand for, in the proof's order.

    Raises: ProofError: no tree of `new` grew from one of `old`.
    """
    if not 0 <= old <= new:
        raise ProofError(f"a tree of {new} did not grow from {old}")
    if old in (0, new):
        return []
    ranges, start, end, is_whole = [], 0, new, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start, is_whole = middle, False
    if not is_whole:
        ranges.append((start, end))
    return ranges[::-1]


def hash_range(start: int, end: int, read: ReadNode) -> bytes:
    """The hash of one range of a proof, from the perfect subtrees that it consists of."""
    return root_of_peaks([read(node) for node in cover(start, end)])


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root that the proof leads to. Raises: ProofError: it has too many hashes, or too few."""
    if not 0 <= index < size:
        raise ProofError(f"a tree of {size} has no leaf {index}")
    number, last, root = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProofError("more hashes than the tree has levels")
        if number & 1 or number == last:
            root = node_hash(sibling, root)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        number, last = number >> 1, last >> 1
    if last != 0:
        raise ProofError("fewer hashes than the tree has levels")
    return root


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raises: ProofError: the leaf is not proved to be there."""
    if root_from_inclusion(leaf, index, size, proof) != root:
        raise ProofError("the leaf is not in the tree of this root")


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Raises: ProofError: the new tree is not proved to begin with the old one."""
    if not 0 <= old <= new:
        raise ProofError(f"a tree of {new} did not grow from {old}")
    if old == new or old == 0:
        if proof or old_root != (new_root if old else EMPTY_ROOT):
            raise ProofError("two roots for one tree")
        return
    hashes = list(proof)
    if old & (old - 1) == 0:  # the old tree is one perfect subtree of the new one: its root is known
        hashes.insert(0, old_root)
    if not hashes:
        raise ProofError("fewer hashes than the trees need")
    if _fold(old - 1, new - 1, hashes) != (old_root, new_root):
        raise ProofError("the new tree does not begin with the old one")


def _fold(number: int, last: int, hashes: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The roots of the old and the new tree, whose last leaves are these (RFC 9162 section 2.1.4.2)."""
    while number & 1:
        number, last = number >> 1, last >> 1
    older = newer = hashes[0]
    for found in hashes[1:]:
        if last == 0:
            raise ProofError("more hashes than the trees need")
        if number & 1 or number == last:
            older, newer = node_hash(found, older), node_hash(found, newer)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            newer = node_hash(newer, found)
        number, last = number >> 1, last >> 1
    if last != 0:
        raise ProofError("fewer hashes than the trees need")
    return older, newer


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1
