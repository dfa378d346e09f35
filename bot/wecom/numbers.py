"""Whole numbers in WeCom's answers, as numbers or as texts: `created_at` of a file is a text [90253]."""

from __future__ import annotations

import re

_LARGEST = 2**53  # the largest exact one in JSON
_WHOLE = re.compile(r"-?[0-9]{1,16}")


def whole(value: object) -> int:
    """Return a whole number that every store can take. Raises ValueError."""
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _LARGEST:
        raise ValueError("no whole number, or out of range")
    return value
