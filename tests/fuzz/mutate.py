"""Bytes, texts and trees of JSON, made wrong by a generator of random numbers."""

from __future__ import annotations

import random
from typing import Any

# What breaks readers: ends of numbers, marks of other languages, halves of characters, texts without an end.
ODD = (
    *(b"", b"\x00", b"\xff", b"\xfe\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"\r\n", b"\n", b" ", b"\t"),
    *(b"<", b">", b"&", b"]]>", b"<![CDATA[", b"<!--", b"<!DOCTYPE x>", b"<?xml version='1.0'?>", b"&#0;"),
    *(
        b"&#xD800;",
        b"&#x1F600;",
        b"&amp;",
        b"&lol;",
        b"-1",
        b"0",
        b"99999999999",
        b"1e999",
        b"NaN",
        b"1" * 400,
    ),
    *("签名".encode(), "\u202e".encode(), "😀".encode(), b"\xed\xa0\x80", b"\xf0\x9f", b"%00", b"%ff", b"+"),
    *(b'"', b"'", b"=", b",", b";", b"{", b"}", b"[", b"]", b"\\", b"\\ud83d", b"a" * 3000, b"<a>" * 40),
)
_ODD_VALUES: tuple[Any, ...] = (
    *(None, "", "x", "7", "-1", "1e3", 0, -1, 1, 7, 2**31, 2**53 + 1, 2**80, 0.5, 1e300, True, False),
    *([], {}, [None], [[]], [{}], {"a": None}, "a" * 3000, "\x00", "\ud83d", "�", "签名", ["a", 1, None, {}]),
)


def broken(rng: random.Random, body: bytes, *, others: tuple[bytes, ...] = ()) -> bytes:
    """Return *body* with one to four changes; a part of one of *others* may come into it."""
    for _ in range(1 + int(rng.expovariate(1.0)) % 4):
        body = _changed(rng, body, others)
    return body


def _changed(rng: random.Random, body: bytes, others: tuple[bytes, ...]) -> bytes:
    begin = rng.randrange(len(body) + 1)
    end = min(len(body), begin + rng.choice((0, 1, 1, 2, 4, 8, 16, 64, 1000)))
    part = body[begin:end]
    match rng.randrange(7):
        case 0 if part:  # some bits
            flipped = bytes([part[0] ^ (1 << rng.randrange(8))])
            return body[:begin] + flipped + body[begin + 1 :]
        case 1:  # a part is gone
            return body[:begin] + body[end:]
        case 2:  # a part comes twice, or often
            return body[:end] + part * rng.choice((1, 1, 2, 30)) + body[end:]
        case 3:  # the end is gone
            return body[:begin]
        case 4 if others:  # a part of another one
            other = rng.choice(others)
            at = rng.randrange(len(other) + 1)
            return body[:begin] + other[at : at + rng.choice((1, 8, 64, 400))] + body[end:]
        case 5:  # a part stands somewhere else
            rest = body[:begin] + body[end:]
            at = rng.randrange(len(rest) + 1)
            return rest[:at] + part + rest[at:]
        case _:
            return body[:begin] + rng.choice(ODD) + body[end:]


def broken_text(rng: random.Random, text: str) -> str:
    """Return *text* with one to four changes, as characters."""
    return broken(rng, text.encode(errors="surrogatepass")).decode(errors="replace")


def broken_tree(rng: random.Random, tree: Any) -> Any:
    """Return a copy of *tree* (JSON) in which one to three values are odd, missing or doubled."""
    for _ in range(1 + int(rng.expovariate(1.0)) % 3):
        tree = _in_tree(rng, tree)
    return tree


def _in_tree(rng: random.Random, tree: Any) -> Any:
    if isinstance(tree, dict) and tree and rng.random() < 0.9:
        key = rng.choice(list(tree))
        if rng.random() < 0.15:
            return {name: value for name, value in tree.items() if name != key}
        return tree | {key: _in_tree(rng, tree[key])}
    if isinstance(tree, list) and tree and rng.random() < 0.8:
        at = rng.randrange(len(tree))
        if rng.random() < 0.15:
            return [*tree, *tree[at : at + 1]]
        return [*tree[:at], _in_tree(rng, tree[at]), *tree[at + 1 :]]
    if type(tree) in (int, str) and rng.random() < 0.3:
        return str(tree) if isinstance(tree, int) else broken_text(rng, tree)
    return rng.choice(_ODD_VALUES)
