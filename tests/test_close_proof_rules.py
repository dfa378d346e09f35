"""The tree of RFC 6962: its roots, its paths, and what cannot be passed off for another thing."""

from __future__ import annotations

import hashlib

import pytest

from bot.features.close.proof_rules import audit_path, leaf_hash, root_hash

# From the reference implementation of RFC 6962: its test inputs, and the roots over the first n of them.
INPUTS = (
    *("", "00", "10", "2021", "3031", "40414243"),
    *("5051525354555657", "606162636465666768696a6b6c6d6e6f"),
)
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
LEAVES = [leaf_hash(bytes.fromhex(data)) for data in INPUTS]


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_reference_implementation(size: int) -> None:
    assert root_hash(LEAVES[:size]).hex() == ROOTS[size - 1]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert root_hash([]) == hashlib.sha256(b"").digest()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 20])
def test_a_path_has_as_many_hashes_as_the_tree_is_high(size: int) -> None:
    leaves = [leaf_hash(b"%d" % number) for number in range(size)]

    assert max(len(audit_path(leaves, index)) for index in range(size)) == (size - 1).bit_length()


def test_a_leaf_cannot_be_passed_off_for_a_node() -> None:
    left, right = LEAVES[:2]

    assert leaf_hash(left + right) != root_hash([left, right])


@pytest.mark.parametrize("index", [-1, 3])
def test_there_is_no_path_of_a_leaf_that_is_not_there(index: int) -> None:
    with pytest.raises(IndexError):
        audit_path(LEAVES[:3], index)
