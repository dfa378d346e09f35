"""A day's statement of one employee, and the code that proves it genuine."""

from __future__ import annotations

import hmac
import json
import re
import unicodedata
from dataclasses import asdict, dataclass
from typing import Any

# Crockford's base 32: without letters that look like digits.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans("OIL", "011")
_BYTES = 10  # 80 bits
_LENGTH = _BYTES * 8 // 5
_GROUP = 4
_NO_SIGN = re.compile(r"[^0-9A-Z]+")
_SAID_BEFORE = "C0DE"  # the word before the code in an English statement, after _READ_AS


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """The figures of one quota, in whole contacts."""

    quota: str
    period: str
    target: int
    counted: int
    pending: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One person at *at* (epoch s): the adds of the local *day* (ISO) so far, and each quota's figures."""

    userid: str
    at: int
    day: str
    added: int
    figures: tuple[Figure, ...]

    def written(self) -> str:
        """Return the canonical text of this statement."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def read_statement(text: str) -> Statement:
    """Return the statement with this `written` text. Raises ValueError, KeyError or TypeError for others."""
    values: dict[str, Any] = json.loads(text)
    return Statement(**values | {"figures": tuple(Figure(**figure) for figure in values["figures"])})


def code_of(text: str, *, key: bytes) -> str:
    """Return the code of a written statement: HMAC-SHA256 cut to 80 bits, 16 signs without hyphens."""
    digest = int.from_bytes(hmac.digest(key, text.encode(), "sha256")[:_BYTES])
    return "".join(_ALPHABET[digest >> shift & 31] for shift in range(_LENGTH * 5 - 5, -1, -5))


def is_code_of(code: str, text: str, *, key: bytes) -> bool:
    """Say whether *code*, as returned by `read_code`, is the code of *text*; in constant time."""
    return hmac.compare_digest(code, code_of(text, key=key))


def shown_code(code: str) -> str:
    """Return *code* in groups of four, for people."""
    return "-".join(code[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP))


def read_code(words: str) -> str | None:
    """Return the code in typed or copied *words*, with or without text before it; None for none.

    Width, case and hyphens do not matter; O is read as 0, I and L as 1.
    """
    bare = _NO_SIGN.sub("", unicodedata.normalize("NFKC", words).upper()).translate(_READ_AS)
    if len(bare) > _LENGTH:
        bare = bare.removeprefix(_SAID_BEFORE)
    is_one = len(bare) == _LENGTH and set(bare) <= set(_ALPHABET)
    return bare if is_one else None
