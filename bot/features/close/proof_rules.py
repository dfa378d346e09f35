"""The tree over the lines of a closed period, in the shape of RFC 6962: a root, and each line's path to it.

A leaf begins with 0x00, an inner node with 0x01, so that none can be taken for the other. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import reduce


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def root_hash(leaves: Iterable[bytes]) -> bytes:
    """Return the root over hashes of leaves in their order; of none it is the hash of nothing."""
    return size_and_root(leaves)[1]


def size_and_root(leaves: Iterable[bytes]) -> tuple[int, bytes]:
    """Return the number of leaves, and their root. They need not be in memory together.

    Each whole subtree that has no partner yet is one hash.
    """
    whole: list[tuple[int, bytes]] = []  # size and hash, the largest first
    for leaf in leaves:
        size, root = 1, leaf
        while whole and whole[-1][0] == size:
            size, root = 2 * size, _node(whole.pop()[1], root)
        whole.append((size, root))
    hashes = [root for _, root in reversed(whole)] or [hashlib.sha256(b"").digest()]
    return sum(size for size, _ in whole), reduce(lambda right, left: _node(left, right), hashes)


def audit_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the hashes that lead from leaf *index* to the root, the lowest first.

    Raises IndexError if there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    if len(leaves) == 1:
        return []
    middle = _split(len(leaves))
    if index < middle:
        return [*audit_path(leaves[:middle], index), root_hash(leaves[middle:])]
    return [*audit_path(leaves[middle:], index - middle), root_hash(leaves[:middle])]


def _split(size: int) -> int:
    """Return the largest power of two below *size*."""
    return int(1 << (size - 1).bit_length() - 1)


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
