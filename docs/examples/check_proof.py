"""Check the proof of a closed figure against a published root: check_proof.py PROOF ROOT."""

import base64
import hashlib
import json
import sys
from pathlib import Path


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def climb(leaf: bytes, index: int, size: int, path: list) -> bytes:
    """Return the root to which the path leads; RFC 9162, section 2.1.3.2."""
    place, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise ValueError("the path is too long")
        if place % 2 or place == last:
            found = node(sibling, found)
            while not place % 2 and place:
                place, last = place // 2, last // 2
        else:
            found = node(found, sibling)
        place, last = place // 2, last // 2
    if last:
        raise ValueError("the path is too short")
    return found


def main(file: str, root: str) -> int:
    proof = json.loads(Path(file).read_text(encoding="utf-8"))
    if not 0 <= proof["index"] < proof["size"]:
        raise ValueError("there is no such line")
    leaf = hashlib.sha256(b"\x00" + proof["salt"].encode() + proof["leaf"].encode()).digest()
    hashes = base64.b64decode(proof["path"])
    path = [hashes[first : first + 32] for first in range(0, len(hashes), 32)]
    if climb(leaf, proof["index"], proof["size"], path).hex() != root.strip().lower():
        print("NOT proved: the figure does not belong to this root")
        return 1
    print("proved:", proof["leaf"])
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
